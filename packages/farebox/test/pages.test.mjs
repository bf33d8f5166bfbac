// The Pages Router's handler on a server of Node.js, as Next.js runs it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { createFarebox } from "farebox/next";
import { cookieOf, mugs, startShop } from "./shop.mjs";
import { json, startStandIn } from "./stand-in.mjs";

/** Serves the handler under /api/payments/, and returns how to call it. */
async function startSite(t, { parse = false, ...options } = {}) {
  const handler = createFarebox({ caller: () => null, ...options }).pages.handler();
  const server = createServer(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url, "http://site.example");
    req.query = {};
    for (const name of searchParams.keys()) {
      const all = searchParams.getAll(name);
      req.query[name] = all.length > 1 ? all : all[0];
    }
    req.query.path = pathname.replace("/api/payments/", "").split("/").map(decodeURIComponent);
    if (parse) req.body = JSON.parse((await req.toArray()).join("") || '""');
    res.status = (status) => Object.assign(res, { statusCode: status });
    await handler(req, res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const site = `http://127.0.0.1:${server.address().port}/api/payments/`;
  return (path, { headers, ...init } = {}) =>
    fetch(site + path, { headers: { "sec-fetch-site": "same-origin", ...headers }, ...init });
}

for (const parse of [false, true])
  test(`a guest pays, where Next.js ${parse ? "parses" : "leaves"} the body`, async (t) => {
    await startShop(t);
    const call = await startSite(t, { parse });
    const headers = {
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
    };
    const body = JSON.stringify(mugs);
    const started = await call("create-intent", { method: "POST", headers, body });
    assert.equal(started.status, 200);
    const { orderId, amount } = await started.json();
    assert.equal(amount, 3000);
    const cookie = cookieOf(started);
    const read = await call(`order?id=${orderId}`, { headers: { cookie } });
    assert.equal((await read.json()).status, "created");
  });

test("`caller` gets the request, and the `req` and `res` of the Pages Router", async (t) => {
  await startStandIn(t, json(200, { orders: [] }));
  const call = await startSite(t, {
    caller: (request, { req, res }) => {
      assert.equal(request.headers.get("x-user"), "ada");
      assert.equal(req.headers["x-user"], "ada");
      res.setHeader("set-cookie", "session=renewed");
      return { id: "ada" };
    },
  });
  const answer = await call("orders", { headers: { "x-user": "ada" } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("set-cookie"), "session=renewed");
});

test("the path alone names the function, and the query does not", async (t) => {
  const { received } = await startStandIn(t);
  const call = await startSite(t, { caller: () => ({ id: "ada" }) });
  assert.equal((await call("order?path=health&x=a&x=b")).status, 200);
  assert.equal(received[0].url, "/api/order?path=health&x=a&x=b");
  for (const path of [
    "health?x=order&x=order",
    "a/order",
    "order/",
    "webhooks/stripe",
    "%2e%2e%2forder",
  ])
    assert.equal((await call(path)).status, 404, path);
  assert.equal(received.length, 1);
});

test("a body over 64 KiB is refused with an answer that arrives", async (t) => {
  const { received } = await startStandIn(t);
  const call = await startSite(t, { caller: () => ({ id: "ada" }) });
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("x".repeat(1024))),
  });
  for (const body of ["x".repeat(64 * 1024 + 1), endless]) {
    const answer = await call("refund", { method: "POST", body, duplex: "half" });
    assert.equal(answer.status, 413);
    assert.equal((await answer.json()).error.code, "body_too_large");
  }
  assert.equal(received.length, 0);
});
