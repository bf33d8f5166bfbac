// Runs the code of docs/auth.md for a site that signs its own tokens.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "./program.mjs";

const SITE_KEY = "the-site-key-of-the-clients-0123456789";

/** The document's module, without its types, where it finds jose and git ignores it. */
async function recipe(t) {
  const document = await readFile(new URL("../../docs/auth.md", import.meta.url), "utf8");
  const [, code] = document.match(/```ts\n(\/\/ lib\/farebox\.ts\n[^]*?)```/);
  const modules = fileURLToPath(new URL("node_modules", import.meta.url));
  const folder = await mkdtemp(join(modules, ".recipe-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "farebox.mjs");
  await writeFile(file, code.replace(/: string(\[\])?/g, ""));
  process.env.FAREBOX_SITE_KEY = SITE_KEY;
  return import(pathToFileURL(file));
}

test("a token of the site's server names the caller and their roles", async (t) => {
  const { callerToken } = await recipe(t);
  const { shop } = await start(
    t,
    "farebox",
    ["--headless", "--port", "0", "--sandbox-port", "0"],
    { shop: /shop +(http\S+)/ },
    { FAREBOX_SITE_KEY: SITE_KEY },
  );
  const call = async (path, token, init = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const response = await fetch(shop + path, { ...init, headers });
    return { status: response.status, body: await response.json() };
  };
  const guest = await callerToken("guest-6f1c", ["guest"]);
  const started = await call("/api/create-intent", guest, {
    method: "POST",
    headers: { "idempotency-key": "cart-1" },
    body: JSON.stringify({ items: [{ price: "mug", quantity: 1 }] }),
  });
  assert.equal(started.status, 200);

  const read = async (caller, roles) => {
    const token = await callerToken(caller, roles);
    return (await call(`/api/order?id=${started.body.orderId}`, token)).status;
  };
  assert.equal(await read("guest-6f1c", ["guest"]), 200);
  assert.equal(await read("user-1", ["customer"]), 404);
  assert.equal(await read("user-1", ["support"]), 200);
});
