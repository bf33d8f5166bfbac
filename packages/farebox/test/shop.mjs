// A site's server with the functions of `cargo dev`, and requests as a browser sends them.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../../../e2e/clients/program.mjs";

/** The origin of the site in these tests. */
export const SITE = "http://127.0.0.1:3000";

/**
 * Starts `cargo dev`, and lets this process find it as a site does. Returns the shop's address and
 * the file that it wrote.
 */
export async function startShop(t) {
  const target = await mkdtemp(join(tmpdir(), "farebox-"));
  const words = ["--headless", "--port", "0", "--sandbox-port", "0"];
  const patterns = { shop: /shop +(http\S+)/ };
  const { shop } = await start(t, "farebox", words, patterns, { CARGO_TARGET_DIR: target });
  t.after(() => rm(target, { recursive: true, force: true }));
  const { port } = new URL(shop);
  environment(t, { FAREBOX_DEV_DIR: join(target, "dev") });
  return { shop, file: join(target, "dev", `farebox-${port}.env`) };
}

const NAMES = [
  "FAREBOX_ORIGIN",
  "FAREBOX_SITE_KEY",
  "FAREBOX_NOTIFY_SECRET",
  "FAREBOX_DEV_DIR",
  "NODE_ENV",
];
const AT_FIRST = NAMES.map((name) => [name, process.env[name]]);

/** Gives this process these of the site's variables alone, until the test ends. */
export function environment(t, variables) {
  set(NAMES.map((name) => [name, variables[name]]));
  t.after(() => set(AT_FIRST));
}

function set(variables) {
  for (const [name, value] of variables)
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
}

/** A request of a page of the site to the route `name`. */
export function request(name, { body, headers, ...init } = {}) {
  return new Request(`${SITE}/api/payments/${name}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "sec-fetch-site": "same-origin", "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: isPlain(body) ? JSON.stringify(body) : body }),
    ...init,
  });
}

const isPlain = (body) => Object.getPrototypeOf(body) === Object.prototype;

/** The guest's cookie that an answer sets, as the browser sends it back. */
export const cookieOf = (response) => response.headers.get("set-cookie")?.split(";")[0];

/** Two mugs, at 15.00 each. */
export const mugs = { items: [{ price: "mug", quantity: 2 }] };
