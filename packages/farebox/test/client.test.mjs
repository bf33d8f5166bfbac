// The client with the functions of `cargo dev`, as a site uses it, and its generation from
// openapi.json.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { answer, createClient, FareboxError, keyed, newKey } from "farebox";
import { start } from "../../../e2e/clients/program.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const run = (program, ...args) => {
  execFileSync(join(here, "node_modules", ".bin", program), args, {
    cwd: here,
    stdio: "pipe",
    encoding: "utf8",
  });
};

/** A client of a new Farebox, for the demo shop's customer. */
async function farebox(t, settings = {}) {
  const { shop } = await start(t, "farebox", ["--headless", "--port", "0", "--sandbox-port", "0"], {
    shop: /shop +(http\S+)/,
  });
  const token = async () =>
    (await (await fetch(`${shop}/dev/session`, { method: "POST" })).json()).token;
  return createClient({ baseUrl: shop, token, ...settings });
}

const mugs = { items: [{ price: "mug", quantity: 2 }] };

test("the types are those of openapi.json", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "farebox-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const made = join(folder, "schema.ts");
  run("openapi-typescript", "../../openapi.json", "--output", made);
  const committed = await readFile(join(here, "src", "schema.ts"), "utf8");
  assert.equal(
    await readFile(made, "utf8"),
    committed,
    "run `npm run generate` in packages/farebox",
  );
});

test("what a site writes is checked by the compiler, and so is the package", () => {
  assert.doesNotThrow(() => run("tsc", "--project", "test"));
});

test("a cart is one order however often it is sent, and the order can be read", async (t) => {
  const client = await farebox(t);
  const params = keyed(newKey());
  const started = await answer(client.POST("/api/create-intent", { params, body: mugs }));
  const again = await answer(client.POST("/api/create-intent", { params, body: mugs }));
  assert.equal(started.amount, 3000);
  assert.equal(again.clientSecret, started.clientSecret);

  const query = { id: started.orderId };
  const order = await answer(client.GET("/api/order", { params: { query } }));
  assert.equal(order.status, "created");
  assert.equal(order.paidAt, null);
});

test("an error is thrown with its code and the id of its request", async (t) => {
  const client = await farebox(t);
  const call = client.POST("/api/refund", { params: keyed(newKey()), body: { orderId: "o_1" } });
  await assert.rejects(answer(call), (error) => {
    assert.ok(error instanceof FareboxError);
    assert.deepEqual([error.status, error.code, error.retryAfter], [403, "forbidden", undefined]);
    assert.match(error.requestId, /^req_/);
    return true;
  });
});

test("a stranger is told to sign in", async (t) => {
  const client = await farebox(t, { token: () => undefined });
  const { data, error, response } = await client.POST("/api/create-intent", {
    params: keyed("k"),
    body: mugs,
  });
  assert.equal(data, undefined);
  assert.equal(response.status, 401);
  assert.equal(error.error.code, "unauthenticated");
});

test("an answer has its `Retry-After`, and a gateway's answer has no code of ours", async () => {
  const answering = (body, init) =>
    createClient({ baseUrl: "http://127.0.0.1", fetch: async () => new Response(body, init) });
  const failure = (client) =>
    answer(client.GET("/api/order", { params: { query: { id: "o_1" } } })).catch((error) => error);
  const told = { error: { code: "unavailable", message: "try again", requestId: "req_1" } };
  const busy = await failure(
    answering(JSON.stringify(told), { status: 503, headers: { "Retry-After": "2" } }),
  );
  assert.deepEqual(
    [busy.code, busy.retryAfter, busy.requestId, busy.message],
    ["unavailable", 2, "req_1", "try again"],
  );
  const gateway = await failure(answering("<h1>Bad gateway</h1>", { status: 502 }));
  assert.deepEqual([gateway.code, gateway.status, gateway.retryAfter], ["unknown", 502, undefined]);
});
