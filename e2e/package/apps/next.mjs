// Builds and starts the sites in this folder with a version of Next.js.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const installed = join(here, "..", "node_modules");
const packed = fileURLToPath(new URL("../../../packages/farebox", import.meta.url));

/**
 * Copies the site `name` into a folder with Next.js `version` and this checkout's package. The test
 * `t` removes it. It lies in this package, whose other packages it finds.
 */
export async function copySite(t, version, name = "site") {
  const folder = await mkdtemp(join(here, "built-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(join(here, name), folder, { recursive: true });
  const modules = join(folder, "node_modules");
  const next = version === 15 ? "next15" : "next";
  await cp(join(installed, next), join(modules, "next"), { recursive: true });
  for (const part of ["package.json", "dist"])
    await cp(join(packed, part), join(modules, "farebox", part), { recursive: true });
  if (version === 15 && name === "site") await toMiddleware(folder);
  return folder;
}

/** Next.js 15 calls a proxy.ts middleware.ts, and runs it in the Edge runtime. */
async function toMiddleware(folder) {
  const path = join(folder, "middleware.ts");
  await rename(join(folder, "proxy.ts"), path);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace("export const proxy", "export const middleware"));
}

const next = (folder, words, options) =>
  spawn(process.execPath, [join(folder, "node_modules/next/dist/bin/next"), ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });

const environment = (variables) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NEXT_TELEMETRY_DISABLED: "1",
  NODE_ENV: "production",
  ...variables,
});

/** Builds the site, and returns the exit code and what was printed. */
export async function build(folder) {
  const child = next(folder, ["build"], { env: environment({}) });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (printed += text));
  const [code] = await once(child, "close");
  return { code, printed };
}

/** Starts the built site on a free port. Returns its origin; the test `t` ends it. */
export async function serve(t, folder, variables) {
  const words = ["start", "--port", "0", "--hostname", "127.0.0.1"];
  const child = next(folder, words, { env: environment(variables) });
  t.after(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const lines = [];
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  let origin;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    origin ??= line.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    if (/Ready in/.test(line)) break;
  }
  child.stdout.resume();
  if (!origin) throw new Error(`the site did not start: ${lines.join("\n")}`);
  return { origin, lines };
}
