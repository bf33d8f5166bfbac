// Notifications: the signature over the exact bytes, its age, the form, and the answers.

import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { createFarebox, memoryStore } from "farebox/next";
import { NotificationError, verifyNotification } from "farebox/server";
import { nodeReceiver, receiver } from "../dist/notifications/receive.js";
import {
  order,
  OTHER_SECRET,
  request,
  SECRET,
  signed,
  text,
  URL_OF_SITE,
} from "./notifications.mjs";
import { environment } from "./shop.mjs";

/** A route with a new store in memory, what its handlers were called with, and its log. */
function site({ handlers, secret = SECRET, store = memoryStore() } = {}) {
  const calls = [];
  const log = [];
  const noting = (data, tx, message) => void calls.push({ data, tx, message });
  const receive = receiver({
    handlers: handlers ?? { "order.paid": noting, "stripe.*": noting, default: noting },
    store,
    secret: () => secret,
    log: (entry) => log.push(entry),
  });
  return { receive, calls, log };
}

/** Asserts a refusal in Farebox's form. */
async function refused(response, status, code) {
  const { error } = await response.json();
  assert.deepEqual([response.status, error.code], [status, code]);
  assert.equal(response.headers.get("x-request-id"), error.requestId);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.match(error.requestId, /^site_[0-9a-f]{16}$/);
  return error.message;
}

test("a signed message is handled once, and acknowledged each time", async () => {
  const { receive, calls } = site();
  for (let times = 0; times < 3; times += 1) {
    const response = await receive(request("msg_1", "order.paid", order()));
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
  }
  assert.deepEqual(calls, [
    {
      data: order(),
      tx: undefined,
      message: { id: "msg_1", type: "order.paid", timestamp: 1_795_303_196, isLate: false },
    },
  ]);
});

test("only the exact bytes, id and time that Farebox signed are accepted", async () => {
  const { receive, calls } = site();
  const body = text("order.paid", order());
  const good = signed("msg_1", body);
  const send = (changes, sent = body) =>
    receive(
      new Request(URL_OF_SITE, { method: "POST", headers: { ...good, ...changes }, body: sent }),
    );
  const now = Math.floor(Date.now() / 1000);
  const [version, signature] = good["webhook-signature"].split(",");
  const forged = [
    [{}, body.replace("3000", "9000")],
    [{}, `${body} `],
    [{}, `\u{FEFF}${body}`],
    [{ "webhook-id": "msg_2" }],
    [{ "webhook-timestamp": String(now + 1) }],
    [{ "webhook-timestamp": `${good["webhook-timestamp"]}x` }],
    [
      {
        "webhook-signature": signed("msg_1", body, { secrets: [OTHER_SECRET] })[
          "webhook-signature"
        ],
      },
    ],
    [{ "webhook-signature": `v2,${signature}` }],
    [{ "webhook-signature": version }],
    [{ "webhook-signature": "" }],
    [{ "webhook-signature": `${"v1,AAAA ".repeat(600)}` }],
    [{ "webhook-id": "" }],
    [{ "webhook-id": "msg 1" }],
  ];
  for (const [changes, sent] of forged) {
    await refused(await send(changes, sent), 400, "bad_signature");
  }
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    const { [name]: _, ...headers } = good;
    const response = await receive(new Request(URL_OF_SITE, { method: "POST", headers, body }));
    await refused(response, 400, "bad_signature");
  }
  assert.deepEqual(calls, []);
  assert.equal((await send({})).status, 204);
});

test("every byte of a body counts", async () => {
  const { receive } = site();
  const body = text("order.paid", order({ orderId: "o" }));
  const headers = signed("msg_1", body);
  const bytes = new TextEncoder().encode(body);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.slice();
    changed[at] ^= 0x80 >> (at % 8);
    const response = await receive(
      new Request(URL_OF_SITE, { method: "POST", headers, body: changed }),
    );
    assert.equal(response.status, 400, `byte ${at}`);
  }
});

test("a signature is accepted for five minutes, before and after", async () => {
  const { receive } = site();
  const now = Math.floor(Date.now() / 1000);
  for (const [offset, status] of [
    [-290, 204],
    [290, 204],
    [-310, 400],
    [310, 400],
  ]) {
    const message = request(`msg_${offset}`, "order.paid", order(), { at: now + offset });
    assert.equal((await receive(message)).status, status, `${offset} s`);
  }
});

test("a secret is rotated without a refused message", async () => {
  const both = site({ secret: `${OTHER_SECRET}, ${SECRET}` });
  const one = site({ secret: OTHER_SECRET });
  const by = (secrets, id) => request(id, "order.paid", order(), { secrets });
  assert.equal((await both.receive(by([SECRET], "msg_1"))).status, 204);
  assert.equal((await both.receive(by([OTHER_SECRET], "msg_2"))).status, 204);
  assert.equal((await one.receive(by([SECRET, OTHER_SECRET], "msg_3"))).status, 204);
  await refused(await one.receive(by([SECRET], "msg_4")), 400, "bad_signature");
});

test("without a usable secret nothing is accepted, and its value is not shown", async () => {
  const short = `whsec_${btoa("too short")}`;
  for (const secret of ["", short, "0123456789012345678901234567890123456789", `${SECRET},`]) {
    const { receive, calls, log } = site({ secret });
    const message = await refused(
      await receive(request("msg_1", "order.paid", order())),
      503,
      "not_configured",
    );
    assert.match(message, /^FAREBOX_NOTIFY_SECRET (is not set|must be)/);
    assert.ok(!secret || !JSON.stringify([message, log]).includes(secret));
    assert.deepEqual(calls, []);
  }
});

test("a body over the limit is refused before it is read to its end", async () => {
  const { receive } = site();
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      sent += 1;
      controller.enqueue(new Uint8Array(64 * 1024));
    },
  });
  const headers = signed("msg_1", "");
  const response = await receive(
    new Request(URL_OF_SITE, { method: "POST", headers, body, duplex: "half" }),
  );
  await refused(response, 413, "body_too_large");
  assert.ok(sent < 30, `${sent} chunks were read`);
});

test("a signed body that is no notification is refused, and the field is named", async () => {
  const { receive } = site();
  const cases = [
    ["", /not JSON/],
    ["[]", /not an object/],
    ["{}", /`type`/],
    [JSON.stringify({ type: "order.paid" }), /`timestamp`/],
    [text("order.paid", null), /`data`/],
    [text("order.paid", { ...order(), orderId: 7 }), /`data.orderId`/],
    [text("order.paid", { ...order(), version: "4" }), /`data.version`/],
    [text("invoice.paid", { version: 1 }), /`data.subscriptionId`/],
    [text("entitlements.changed", { version: 1 }), /`data.customer`/],
  ];
  for (const [body, told] of cases) {
    const headers = signed("msg_1", body);
    const response = await receive(new Request(URL_OF_SITE, { method: "POST", headers, body }));
    assert.match(await refused(response, 400, "invalid_request"), told);
  }
  const bytes = new Uint8Array([0xff]);
  const headers = signed("msg_1", "");
  const response = await receive(
    new Request(URL_OF_SITE, { method: "POST", headers, body: bytes }),
  );
  assert.match(await refused(response, 400, "invalid_request"), /UTF-8/);
});

test("only POST is answered", async () => {
  const { receive } = site();
  const response = await receive(new Request(URL_OF_SITE));
  assert.equal(response.headers.get("allow"), "POST");
  await refused(response, 405, "method_not_allowed");
});

test("a handler that throws is run again, and its error is in the log without data", async () => {
  let throws = true;
  const { receive, log } = site({
    handlers: {
      "order.paid": () => {
        if (throws) throw new Error("no stock");
      },
    },
  });
  const data = order({
    payer: { email: "ada@example.com", name: "Ada", phone: null, address: null },
  });
  const failed = await receive(request("msg_1", "order.paid", data));
  assert.doesNotMatch(await refused(failed, 500, "internal"), /stock/);
  const [{ requestId, error, ...line }] = log;
  assert.deepEqual(line, {
    level: "error",
    text: "a notification was not handled, and will come again",
    messageId: "msg_1",
    type: "order.paid",
  });
  assert.equal(error.message, "no stock");
  assert.doesNotMatch(JSON.stringify(log), /ada/);
  throws = false;
  assert.equal((await receive(request("msg_1", "order.paid", data))).status, 204);
});

test("types without a handler go to the default, and an unknown one is logged", async () => {
  const { receive, calls, log } = site();
  const paused = { subscriptionId: "sub_1", version: 2, customer: "ada" };
  const sent = [
    ["subscription.paused", paused],
    ["order.teleported", order()],
    ["voucher.redeemed", { voucher: "v" }],
    ["stripe.customer.created", { id: "evt_1" }],
  ];
  for (const [n, [type, data]] of sent.entries()) {
    assert.equal((await receive(request(`msg_${n}`, type, data))).status, 204);
  }
  assert.deepEqual(
    calls.map(({ message, data }) => [message.type, data]),
    sent,
  );
  assert.deepEqual(
    log.map(({ level, type, messageId }) => [level, type, messageId]),
    [
      ["info", "order.teleported", "msg_1"],
      ["info", "voucher.redeemed", "msg_2"],
    ],
  );
  const { receive: silent } = site({ handlers: {} });
  for (const [n, [type, data]] of sent.entries()) {
    assert.equal((await silent(request(`msg_${n}`, type, data))).status, 204);
  }
});

test("a type is no way to the prototype of the handlers", async () => {
  const { receive } = site({ handlers: {} });
  assert.equal((await receive(request("msg_1", "constructor", {}))).status, 204);
  assert.equal((await receive(request("msg_2", "default", {}))).status, 204);
});

test("a late message has the newest state, with what it alone has", async () => {
  const { receive, calls } = site();
  const payer = { email: "ada@example.com", name: "Ada", phone: null, address: null };
  const newer = order({ version: 6, status: "partially_refunded", refundedAmount: 500 });
  await receive(request("msg_2", "order.refunded", { ...newer, payer }));
  await receive(request("msg_1", "order.paid", order({ payer, capturableUntil: 5 })));
  const [, late] = calls;
  assert.deepEqual(late.data, { ...newer, payer });
  assert.deepEqual([late.message.type, late.message.isLate], ["order.paid", true]);
});

test("a late invoice message keeps its own invoice", async () => {
  const { receive, calls } = site();
  const copy = (status) => ({
    id: "sub_1",
    status,
    latestInvoice: { id: "in_2", hostedUrl: "https://pay" },
  });
  const data = (version, status, invoice) => ({
    subscriptionId: "sub_1",
    version,
    customer: "ada",
    subscription: copy(status),
    entitlements: ["pro"],
    active: true,
    invoice,
  });
  await receive(request("msg_2", "invoice.paid", data(5, "active", { id: "in_2" })));
  await receive(request("msg_1", "invoice.paid", data(3, "past_due", { id: "in_1" })));
  const [, late] = calls;
  assert.equal(late.data.invoice.id, "in_1");
  assert.equal(late.data.version, 5);
  assert.equal(late.data.subscription.status, "active");
  assert.equal(late.data.subscription.latestInvoice.hostedUrl, null);
});

for (const [status, fields] of [
  ["refunded", { refundedAmount: 3000 }],
  ["canceled", {}],
  ["disputed", {}],
  ["dispute_lost", {}],
  ["paid", { refundPendingAmount: 3000 }],
  ["partially_refunded", { refundedAmount: 1000, refundPendingAmount: 2000 }],
]) {
  const named = `${status} ${JSON.stringify(fields)}`;
  test(`a late order.paid of an order that is ${named} is not handed on`, async () => {
    const { receive, calls, log } = site();
    await receive(request("msg_2", "order.updated", order({ version: 5, status, ...fields })));
    assert.equal((await receive(request("msg_1", "order.paid", order()))).status, 204);
    assert.deepEqual(
      calls.map(({ message }) => message.id),
      ["msg_2"],
    );
    assert.match(log.at(-1).text, /out of date/);
  });
}

test("late entitlements are not handed on, and another caller's are", async () => {
  const { receive, calls } = site();
  const data = (customer, version) => ({ customer, version, entitlements: [], active: false });
  await receive(request("msg_2", "entitlements.changed", data("ada", 3)));
  await receive(request("msg_1", "entitlements.changed", data("ada", 2)));
  await receive(request("msg_3", "entitlements.changed", data("eve", 1)));
  assert.deepEqual(
    calls.map(({ message }) => message.id),
    ["msg_2", "msg_3"],
  );
});

test("an older version stays out of date after a newer one failed", async () => {
  let throws = true;
  const calls = [];
  const { receive } = site({
    handlers: {
      default: (data, _, message) => {
        if (throws) throw new Error("once");
        calls.push([data.version, message.isLate]);
      },
    },
  });
  assert.equal(
    (await receive(request("msg_2", "order.refunded", order({ version: 6 })))).status,
    500,
  );
  throws = false;
  await receive(request("msg_1", "order.processing", order({ version: 3 })));
  await receive(request("msg_2", "order.refunded", order({ version: 6 })));
  assert.deepEqual(calls, [
    [3, false],
    [6, false],
  ]);
});

test("deliveries of one message at once run its handler once, and wait for it", async () => {
  let open;
  const gate = new Promise((resolve) => (open = resolve));
  let runs = 0;
  const { receive } = site({
    handlers: {
      "order.paid": async () => {
        runs += 1;
        await gate;
      },
    },
  });
  const answers = Array.from({ length: 5 }, () => receive(request("msg_1", "order.paid", order())));
  const isFirst = await Promise.race([
    Promise.any(answers),
    new Promise((r) => setImmediate(() => r("none"))),
  ]);
  assert.equal(isFirst, "none");
  open();
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    [204, 204, 204, 204, 204],
  );
  assert.equal(runs, 1);
});

/** The route behind a Node server, as the Pages Router has it. */
async function served(t, before = async () => {}) {
  const calls = [];
  const receive = nodeReceiver({
    handlers: { default: (data) => void calls.push(data) },
    store: memoryStore(),
    secret: () => SECRET,
    log: () => {},
  });
  const server = createServer(async (incoming, response) => {
    await before(incoming);
    await receive(incoming, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { calls, url: `http://127.0.0.1:${server.address().port}/` };
}

test("a handler of the Pages Router reads the raw body", async (t) => {
  const { url, calls } = await served(t);
  const data = order({ metadata: { text: "ü 😀" } });
  const body = text("order.paid", data);
  const response = await fetch(url, { method: "POST", headers: signed("msg_1", body), body });
  assert.equal(response.status, 204);
  assert.deepEqual(calls, [data]);
  const forged = await fetch(url, {
    method: "POST",
    headers: signed("msg_2", body),
    body: `${body} `,
  });
  await refused(forged, 400, "bad_signature");
  await refused(await fetch(url), 405, "method_not_allowed");
});

test("a body that a parser read is an error, and no message is lost", async (t) => {
  const { url, calls } = await served(t, async (incoming) => {
    for await (const _ of incoming);
  });
  const body = text("order.paid", order());
  const response = await fetch(url, { method: "POST", headers: signed("msg_1", body), body });
  await refused(response, 500, "internal");
  assert.deepEqual(calls, []);
});

test("a repeated header of a Node request is no second signature", async (t) => {
  const { url, calls } = await served(t);
  const body = text("order.paid", order());
  const headers = { ...signed("msg_1", body), "webhook-id": ["msg_1", "msg_1"] };
  const sent = httpRequest(url, { method: "POST", headers });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  assert.equal(response.statusCode, 400);
  assert.deepEqual(calls, []);
});

test("createFarebox receives by the secret of its environment", async (t) => {
  environment(t, { FAREBOX_ORIGIN: "https://pay.shop.example", FAREBOX_NOTIFY_SECRET: SECRET });
  const calls = [];
  const farebox = createFarebox({ caller: () => null, store: memoryStore() });
  const receive = farebox.notifications({ "order.paid": (paid) => void calls.push(paid) });
  assert.equal((await receive(request("msg_1", "order.paid", order()))).status, 204);
  assert.deepEqual(calls, [order()]);
  delete process.env.FAREBOX_NOTIFY_SECRET;
  const without = await receive(request("msg_2", "order.paid", order()));
  assert.equal(await refused(without, 503, "not_configured"), "FAREBOX_NOTIFY_SECRET is not set");
});

test("without a store, development handles once, and production refuses", async (t) => {
  environment(t, { FAREBOX_ORIGIN: "https://pay.shop.example", FAREBOX_NOTIFY_SECRET: SECRET });
  let calls = 0;
  const receives = [1, 2].map(() =>
    createFarebox({ caller: () => null }).notifications({ default: () => void (calls += 1) }),
  );
  for (const receive of receives) {
    assert.equal((await receive(request("msg_dev", "order.paid", order()))).status, 204);
  }
  assert.equal(calls, 1);
  process.env.NODE_ENV = "production";
  const answer = await receives[0](request("msg_2", "order.paid", order()));
  assert.match(await refused(answer, 503, "not_configured"), /farebox\/stores/);
  assert.equal(calls, 1);
});

const upperCase = (headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]));

test("a site of another framework verifies a message by itself", async (t) => {
  environment(t, { FAREBOX_ORIGIN: "https://pay.shop.example", FAREBOX_NOTIFY_SECRET: SECRET });
  const body = text("order.paid", order());
  const headers = signed("msg_1", body);
  const expected = { id: "msg_1", type: "order.paid", timestamp: 1_795_303_196, data: order() };
  for (const raw of [
    request("msg_1", "order.paid", order()),
    { body, headers },
    { body: new TextEncoder().encode(body), headers: new Headers(headers) },
    { body, headers: upperCase(headers) },
  ]) {
    assert.deepEqual(await verifyNotification(raw), expected);
  }
  await assert.rejects(verifyNotification({ body: `${body} `, headers }), (error) => {
    assert.ok(error instanceof NotificationError);
    assert.deepEqual([error.status, error.code], [400, "bad_signature"]);
    return true;
  });
});
