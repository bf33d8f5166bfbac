// Starts the built site, with Farebox behind it, on free ports.

import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { start } from "../../../e2e/clients/program.mjs";

export { Lifetime } from "../../../e2e/clients/program.mjs";

export const FOLDER = fileURLToPath(new URL("..", import.meta.url));
const NEXT = fileURLToPath(new URL("../node_modules/next/dist/bin/next", import.meta.url));
const PATIENCE_MS = 180_000;

/** Keys that the tests search for. */
export const KEYS = {
  STRIPE_SECRET_KEY: "sk_test_site0123456789",
  STRIPE_PUBLISHABLE_KEY: "pk_test_site0123456789",
  STRIPE_WEBHOOK_SECRET: "whsec_site0123456789",
  FAREBOX_SITE_KEY: "the-site-key-of-the-site-0123456789",
  FAREBOX_NOTIFY_SECRET: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
};
export const AUTH_SECRET = "the-secret-of-the-sessions-0123456789";

/**
 * `cargo dev` without a browser: every function, and the sandbox. `variables` in addition to the
 * keys.
 */
export function farebox(t, { port = 0, variables = {} } = {}) {
  const options = ["--headless", "--port", String(port), "--sandbox-port", "0"];
  const addresses = { origin: /shop +(http\S+)/, sandbox: /sandbox +(http\S+)/ };
  return start(t, "farebox", options, addresses, { ...KEYS, ...variables });
}

/** The built site, with the functions at `origin`; returns its own origin. */
export async function site(t, origin, variables = {}, port = 0) {
  return (await startSite(t, origin, variables, port)).url;
}

/** The built site and its process. Without a `DATABASE_URL` it has a database of its own. */
export async function startSite(t, origin, variables = {}, port = 0) {
  const settings = {
    FAREBOX_ORIGIN: origin,
    FAREBOX_SITE_KEY: KEYS.FAREBOX_SITE_KEY,
    FAREBOX_NOTIFY_SECRET: KEYS.FAREBOX_NOTIFY_SECRET,
    DATABASE_URL: variables.DATABASE_URL ?? `file:${await temporary(t)}/site.sqlite`,
    AUTH_SECRET,
    AUTH_TRUST_HOST: "true",
    DEMO_ACCOUNTS: "on",
  };
  return startNext(t, ["start"], { NODE_ENV: "production", ...settings, ...variables }, port);
}

/** A folder that is removed at the end. */
export async function temporary(t) {
  const folder = await mkdtemp(join(tmpdir(), "farebox-site-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The origin of Next.js, as `startNext` starts it. */
export const next = async (...words) => (await startNext(...words)).url;

/**
 * Next.js with `args` and with these variables alone, for the app in `folder`; 0 is any free port.
 */
async function startNext(t, args, variables, port = 0, folder = FOLDER) {
  const child = spawn(
    process.execPath,
    [NEXT, ...args, "--hostname", "127.0.0.1", "--port", String(port)],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NEXT_TELEMETRY_DISABLED: "1",
        ...variables,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  t.after(async () => {
    child.kill("SIGTERM");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, url] = line.match(/Local: +(http:\S+)/) ?? [];
      if (url) return { url, child };
    }
  } finally {
    clearTimeout(timer);
    child.stdout.resume();
  }
  throw new Error("the site did not start");
}

/**
 * A port on which nothing listens; below those that systems give out, so that none gets it
 * meanwhile.
 */
export async function freePort() {
  for (let tries = 0; tries < 20; tries += 1) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(() => true, () => false);
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
  throw new Error("no port is free");
}
