// The App Router's handlers with the functions of `cargo dev`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFarebox } from "farebox/next";
import { cookieOf, mugs, request, startShop } from "./shop.mjs";

const key = () => ({ "idempotency-key": crypto.randomUUID() });

/** The handlers of a site whose requests name their user in `x-user`. */
function handlersOf(options = {}) {
  const caller = (request) => {
    const id = request.headers.get("x-user");
    return id ? { id } : null;
  };
  return createFarebox({ caller, ...options }).handlers();
}

test("a guest's first payment makes them a guest, and their cookie finds the order", async (t) => {
  await startShop(t);
  const { GET, POST } = handlersOf();
  const started = await POST(request("create-intent", { body: mugs, headers: key() }));
  assert.equal(started.status, 200);
  assert.match(started.headers.get("x-request-id"), /^req_/);
  assert.equal(started.headers.get("cache-control"), "no-store");
  assert.match(
    started.headers.get("set-cookie"),
    /^farebox_guest=[\w-]{32}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/,
  );
  const { orderId, amount } = await started.json();
  assert.equal(amount, 3000);

  const cookie = cookieOf(started);
  const read = await GET(request(`order?id=${orderId}`, { headers: { cookie } }));
  assert.equal((await read.json()).status, "created");
  assert.equal(read.headers.get("set-cookie"), null);
  const others = await GET(request(`order?id=${orderId}`, { headers: { "x-user": "ada" } }));
  assert.equal(others.status, 404);
});

test("two first requests at once are one guest and one order", async (t) => {
  await startShop(t);
  const { POST } = handlersOf();
  const headers = key();
  const send = () => POST(request("create-intent", { body: mugs, headers }));
  const answers = await Promise.all([send(), send()]);
  const [one, other] = answers.map(cookieOf);
  assert.equal(one, other);
  const done = answers.filter(({ status }) => status === 200);
  const orders = await Promise.all(done.map((answer) => answer.json()));
  assert.equal(new Set(orders.map(({ orderId }) => orderId)).size, 1);

  const another = await POST(request("create-intent", { body: mugs, headers: key() }));
  assert.notEqual(cookieOf(another), one);
});

test("a guest who signed in while they paid finds that order, and nobody else does", async (t) => {
  await startShop(t);
  const { GET, POST } = handlersOf();
  const started = await POST(request("create-intent", { body: mugs, headers: key() }));
  const { orderId } = await started.json();
  const cookie = cookieOf(started);
  const read = (headers) => GET(request(`order?id=${orderId}&refresh=true`, { headers }));
  const found = await read({ "x-user": "ada", cookie });
  assert.equal(found.status, 200);
  assert.equal((await found.json()).orderId, orderId);
  const another = cookieOf(await POST(request("create-intent", { body: mugs, headers: key() })));
  for (const headers of [{ "x-user": "ada" }, { "x-user": "ada", cookie: another }])
    assert.equal((await read(headers)).status, 404);
  const without = handlersOf({ guests: false });
  const headers = { "x-user": "ada", cookie };
  assert.equal((await without.GET(request(`order?id=${orderId}`, { headers }))).status, 404);
});

test("an unpaid order of a guest who signs in becomes theirs, and nobody else's", async (t) => {
  await startShop(t);
  const { GET, POST } = handlersOf();
  const started = await POST(request("create-intent", { body: mugs, headers: key() }));
  const guests = await started.json();
  const cookie = cookieOf(started);
  const goOn = (headers) => {
    const body = { ...mugs, orderId: guests.orderId };
    return POST(request("create-intent", { body, headers: { ...key(), ...headers } }));
  };
  assert.equal((await goOn({ "x-user": "ada" })).status, 404);
  const moved = await goOn({ "x-user": "ada", cookie });
  assert.equal(moved.status, 200);
  const adas = await moved.json();
  assert.equal(adas.orderId, guests.orderId);
  assert.notEqual(adas.clientSecret, guests.clientSecret);
  assert.equal((await goOn({ cookie })).status, 404);
  const read = (headers) => GET(request(`order?id=${guests.orderId}`, { headers }));
  assert.equal((await read({ cookie })).status, 404);
  assert.equal((await read({ "x-user": "ada" })).status, 200);
});

test("a signed-in user pays under their own id, and gets no cookie", async (t) => {
  await startShop(t);
  const { GET, POST } = handlersOf();
  const headers = { ...key(), "x-user": "ada" };
  const started = await POST(request("create-intent", { body: mugs, headers }));
  assert.equal(started.headers.get("set-cookie"), null);
  const { orderId } = await started.json();
  const read = await GET(request("orders", { headers }));
  assert.deepEqual(
    (await read.json()).orders.map((order) => order.orderId),
    [orderId],
  );
});

test("an export of orders comes as CSV", async (t) => {
  await startShop(t);
  const { GET, POST } = handlersOf();
  const headers = { ...key(), "x-user": "ada" };
  const started = await POST(request("create-intent", { body: mugs, headers }));
  const { orderId } = await started.json();
  const read = await GET(request("orders", { headers: { ...headers, accept: "text/csv" } }));
  assert.equal(read.status, 200);
  assert.match(read.headers.get("content-type"), /^text\/csv/);
  assert.ok((await read.text()).includes(orderId));
});
