// Starts and stops the workspace's programs on free ports.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const workspace = fileURLToPath(new URL("../..", import.meta.url));

/** The timeout of a step. */
const PATIENCE_MS = 20_000;

/**
 * Runs a program with only `variables` as its environment, and waits until it prints every address
 * in `patterns`. The test `t` stops it.
 */
export async function start(t, name, args, patterns, variables = {}) {
  const folder = await mkdtemp(join(tmpdir(), "farebox-"));
  const target = process.env.CARGO_TARGET_DIR ?? join(workspace, "target");
  const child = spawn(join(target, "debug", name), args, {
    cwd: folder,
    env: { CARGO_TARGET_DIR: folder, ...variables },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  });
  const found = new Map();
  for await (const line of createInterface({ input: child.stdout })) {
    for (const [key, pattern] of Object.entries(patterns)) {
      const match = line.match(pattern);
      if (match) found.set(key, match[1]);
    }
    if (found.size === Object.keys(patterns).length) break;
  }
  child.stdout.resume();
  return Object.fromEntries(found);
}

/** Cleanups at the end; the `t` of `start` when several tests share a process. */
export class Lifetime {
  #ends = [];
  after(end) {
    this.#ends.push(end);
  }
  async end() {
    for (const end of this.#ends.reverse()) await end();
  }
}

/** An HTTP endpoint that records requests: `url`, and `next(wanted)` for a matching request. */
export async function endpoint(t) {
  const received = [];
  const waiting = new Set();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(200).end();
    for (const look of waiting) look();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const next = (wanted) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the request did not arrive")), PATIENCE_MS);
      const look = () => {
        const fit = received.find(wanted);
        if (!fit) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(fit);
      };
      waiting.add(look);
      look();
    });
  return { url: `http://127.0.0.1:${server.address().port}/`, received, next };
}
