// The server's part of the package in an Edge runtime, which has the platform's interfaces of a
// browser and none of Node.js.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { EdgeVM } from "@edge-runtime/vm";
import { build } from "esbuild";
import { json, SITE_KEY, startStandIn } from "../../packages/farebox/test/stand-in.mjs";

/** Where its own name is the package of this checkout. */
const PACKAGE = fileURLToPath(new URL("../../packages/farebox", import.meta.url));

/** Bundles `source` by the conditions of an Edge runtime, and runs it there. */
async function run(source, variables) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: PACKAGE },
    bundle: true,
    write: false,
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["edge-light", "import"],
    format: "iife",
    // Next.js replaces it as well.
    define: { __dirname: '"/"' },
    globalName: "exported",
  });
  const vm = new EdgeVM();
  vm.evaluate(`globalThis.process = { env: ${JSON.stringify(variables)} };`);
  vm.evaluate(`${outputFiles[0].text}; globalThis.exported = exported;`);
  return vm.evaluate("exported.result()");
}

test("tokens, orders and entitlements work without Node.js", async (t) => {
  const { origin, received } = await startStandIn(t, json(200, { entitlements: ["export"] }));
  const source = `
    import { callerToken, can, signOrder, SettingError } from "farebox/server";
    export async function result() {
      const ada = { id: "ada" };
      const token = await callerToken(ada);
      const order = await signOrder({ orderId: "1042", amount: 1999, currency: "usd" }, ada);
      const parts = [token, order].map((token) => token.split(".").length);
      return JSON.stringify([...parts, await can(ada, "export")]);
    }`;
  const variables = { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY: SITE_KEY };
  assert.equal(await run(source, variables), "[3,3,true]");
  assert.equal(received.length, 1);
});

test("where nothing is set, an Edge runtime says that it reads no file", async () => {
  const source = `
    import { callerToken } from "farebox/server";
    export const result = () => callerToken({ id: "ada" }).catch((error) => error.message);`;
  const message = await run(source, {});
  assert.match(message, /^FAREBOX_ORIGIN is not set/);
  assert.match(message, /the Edge runtime, which reads no file$/);
});

test("the routes' handlers make a guest and forward without Node.js", async (t) => {
  const { origin, received } = await startStandIn(t, json(200, { orderId: "ord_1" }));
  const source = `
    import { createFarebox } from "farebox/next";
    export async function result() {
      const { POST } = createFarebox({ caller: () => null }).handlers();
      const answer = await POST(new Request("https://shop.example/api/payments/create-intent", {
        method: "POST",
        headers: { "sec-fetch-site": "same-origin", "content-type": "application/json" },
        body: '{"items":[]}',
      }));
      return JSON.stringify([answer.status, answer.headers.get("set-cookie"), await answer.json()]);
    }`;
  const variables = { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY: SITE_KEY };
  const [status, cookie, body] = JSON.parse(await run(source, variables));
  assert.equal(status, 200);
  assert.match(cookie, /^__Host-farebox_guest=[\w-]{32}; .*; Secure$/);
  assert.deepEqual(body, { orderId: "ord_1" });
  assert.equal(received[0].body, '{"items":[]}');
});
