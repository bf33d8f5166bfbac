// What the handlers send to Farebox, and what they make of its answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFarebox } from "farebox/next";
import { jwtVerify } from "jose";
import { cookieOf, mugs, request } from "./shop.mjs";
import { json, SITE_KEY, startStandIn, text } from "./stand-in.mjs";

const ADA = { id: "ada", email: "ada@example.com", roles: ["customer", "support"] };
const handlers = (options = {}) => createFarebox({ caller: () => ADA, ...options }).handlers();
const post = (headers) => handlers().POST(request("create-intent", { body: mugs, headers }));

/** The error of an answer in Farebox's form. */
async function errorOf(answer) {
  const { error } = await answer.json();
  assert.deepEqual(Object.keys(error), ["code", "message", "requestId"]);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return { status: answer.status, ...error };
}

/** Silences the log of the site, and returns its lines. */
function logOf(t) {
  const lines = [];
  t.mock.method(console, "error", (line) => lines.push(line));
  return lines;
}

test("Farebox gets the caller's token and the body, and no other header of the page", async (t) => {
  const { received } = await startStandIn(t);
  const answer = await post({
    accept: "application/json",
    authorization: "Bearer of-the-browser",
    cookie: "session=secret",
    "idempotency-key": "k-1",
    "x-client-address": "203.0.113.9",
    "x-forwarded-for": "203.0.113.9",
    "x-middleware-subrequest": "x",
  });
  assert.equal(answer.status, 200);
  const [{ headers, body, url }] = received;
  assert.equal(url, "/api/create-intent");
  assert.deepEqual(JSON.parse(body), mugs);
  assert.equal(headers["idempotency-key"], "k-1");
  for (const name of ["cookie", "x-client-address", "x-forwarded-for", "x-middleware-subrequest"])
    assert.equal(headers[name], undefined, name);

  const token = headers.authorization.replace("Bearer ", "");
  const key = new TextEncoder().encode(SITE_KEY);
  const { payload, protectedHeader } = await jwtVerify(token, key, { audience: "farebox" });
  assert.equal(protectedHeader.alg, "HS256");
  const { sub, roles, email, exp, iat } = payload;
  assert.deepEqual([sub, roles, email, exp - iat], ["ada", ADA.roles, ADA.email, 60]);
});

test("the payer's address is passed on from the header that the site names", async (t) => {
  const { received } = await startStandIn(t);
  const headers = { "x-real-ip": "203.0.113.9", "x-client-address": "198.51.100.1" };
  const { GET } = handlers({ addressHeader: "x-real-ip" });
  await GET(request("orders?limit=2", { headers }));
  assert.equal(received[0].url, "/api/orders?limit=2");
  assert.equal(received[0].headers["x-client-address"], "203.0.113.9");
});

test("an answer keeps its status, its body and the headers that a page needs", async (t) => {
  const told = { error: { code: "in_progress", message: "one moment", requestId: "req_1" } };
  await startStandIn(
    t,
    json(409, told, {
      "retry-after": "1",
      "x-request-id": "req_1",
      link: "<?cursor=2>; rel=next",
      "set-cookie": "of=farebox",
      "cache-control": "public",
    }),
  );
  const answer = await post();
  const read = (name) => answer.headers.get(name);
  assert.deepEqual(
    [answer.status, read("retry-after"), read("x-request-id"), read("link")],
    [409, "1", "req_1", "<?cursor=2>; rel=next"],
  );
  assert.deepEqual([read("set-cookie"), read("cache-control")], [null, "no-store"]);
  assert.deepEqual(await answer.json(), told);
});

test("a key makes its guest again for a retry, and not for who finds it later", async (t) => {
  await startStandIn(t);
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 10, 29, 12, 30) });
  const { POST } = handlers({ caller: () => null });
  const headers = { "idempotency-key": crypto.randomUUID() };
  const first = async () => cookieOf(await POST(request("create-intent", { body: mugs, headers })));
  const guest = await first();
  t.mock.timers.tick(60_000);
  assert.equal(await first(), guest);
  t.mock.timers.tick(2 * 60 * 60 * 1000);
  assert.notEqual(await first(), guest);
});

test("no browser takes an answer for another type than its own", async (t) => {
  await startStandIn(t, text(200, "order\n<script>", { "content-type": "text/csv" }));
  const { GET } = handlers();
  for (const name of ["orders", "health"]) {
    const answer = await GET(request(name));
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", name);
  }
});

const ODD = [
  ["a redirect", text(307, "", { location: "http://127.0.0.1:9/" }), 502, "bad_gateway"],
  ["a page", text(200, "<h1>Hi</h1>", { "content-type": "text/html" }), 502, "bad_gateway"],
  ["no type", text(200, "{}"), 502, "bad_gateway"],
  ["a page that is not there", text(404, "<h1>404</h1>"), 502, "bad_gateway"],
  ["a gateway's error", text(502, "<h1>Bad gateway</h1>"), 503, "unavailable"],
  ["a gateway's error in JSON", json(500, { message: "Internal" }), 503, "unavailable"],
  ["a gateway's route in JSON", json(404, { message: "Not Found" }), 502, "bad_gateway"],
  [
    "an error that is no JSON",
    text(500, "{", { "content-type": "application/json" }),
    503,
    "unavailable",
  ],
  ["a refused token", json(401, { error: { code: "unauthenticated" } }), 503, "not_configured"],
  ["a closed connection", (request) => request.socket.destroy(), 503, "unavailable"],
  [
    "half a body",
    (_, response) => {
      response.writeHead(200, { "content-length": "100", "content-type": "application/json" });
      response.write("{", () => response.destroy());
    },
    503,
    "unavailable",
  ],
];
for (const [what, answer, status, code] of ODD)
  test(`${what} is an error of the site's own, and the log has its reason`, async (t) => {
    const { received } = await startStandIn(t, answer);
    const lines = logOf(t);
    const error = await errorOf(await post());
    assert.deepEqual([error.status, error.code], [status, code]);
    assert.equal(received.length, 1);
    assert.match(lines.join("\n"), new RegExp(`^farebox: ${error.requestId}: `));
    assert.doesNotMatch(lines.join("\n"), new RegExp(SITE_KEY));
  });

test("a gateway's `Retry-After` reaches the page", async (t) => {
  await startStandIn(t, text(429, "slow down", { "retry-after": "7" }));
  logOf(t);
  const answer = await post();
  assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "7"]);
});

test("a Farebox that does not answer in time is unavailable", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await startStandIn(t, () => t.mock.timers.tick(30_000));
  logOf(t);
  const error = await errorOf(await post());
  assert.deepEqual([error.status, error.code], [503, "unavailable"]);
});

test("a Farebox that does not run is unavailable, and may be asked again", async (t) => {
  const { server } = await startStandIn(t);
  server.close();
  logOf(t);
  const answer = await post();
  assert.equal(answer.headers.get("retry-after"), "2");
  assert.equal((await errorOf(answer)).code, "unavailable");
});

test("a payment goes on when the browser has left", async (t) => {
  const left = new AbortController();
  await startStandIn(t, (_, response) => {
    left.abort();
    json(200, {})(_, response);
  });
  const sent = request("create-intent", { body: mugs, signal: left.signal });
  assert.equal((await handlers().POST(sent)).status, 200);
});

const streamed = (chunks) =>
  new ReadableStream({
    pull(controller) {
      const chunk = chunks.next();
      if (chunk.done) controller.close();
      else controller.enqueue(new TextEncoder().encode(chunk.value));
    },
  });

test("a body in parts arrives whole", async (t) => {
  const { received } = await startStandIn(t);
  const body = streamed(['{"orderId":', '"o_1"}'].values());
  const answer = await handlers().POST(request("cancel", { body, method: "POST", duplex: "half" }));
  assert.equal(answer.status, 200);
  assert.equal(received[0].body, '{"orderId":"o_1"}');
});

test("a body over 64 KiB is refused before Farebox gets any of it", async (t) => {
  const { received } = await startStandIn(t);
  const endless = (function* () {
    for (;;) yield "x".repeat(1024);
  })();
  const bodies = ["x".repeat(64 * 1024 + 1), streamed(endless)];
  for (const body of bodies) {
    const sent = request("create-intent", { body, method: "POST", duplex: "half" });
    const error = await errorOf(await handlers().POST(sent));
    assert.deepEqual([error.status, error.code], [413, "body_too_large"]);
  }
  assert.equal(received.length, 0);
});

test("a body that breaks off is refused", async (t) => {
  const { received } = await startStandIn(t);
  const body = new ReadableStream({ start: (controller) => controller.error(new Error("gone")) });
  const sent = request("refund", { body, method: "POST", duplex: "half" });
  const error = await errorOf(await handlers().POST(sent));
  assert.deepEqual([error.status, error.code, received.length], [400, "invalid_request", 0]);
});
