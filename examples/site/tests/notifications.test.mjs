// Fulfilment by notifications: real messages of Farebox, which are repeated, reordered and delayed,
// to a site that is killed while it handles them. In the end each paid order has one parcel.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { answer, keyed } from "farebox";
import { createServerClient } from "farebox/server";
import { postgres, sqlite } from "./databases.mjs";
import { farebox, freePort, KEYS, Lifetime, startSite } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { opened, visit } from "./visitor.mjs";

const MANY = 8;
const PATIENCE_MS = 60_000;

const lifetime = new Lifetime();
/** The messages of Farebox, and the ids of the orders that they are about. */
let messages, paid, refunded;

before(async () => {
  const inbox = await startInbox(lifetime);
  const { origin, sandbox } = await farebox(lifetime, {
    variables: { FAREBOX_NOTIFY_URL: inbox.url },
  });
  Object.assign(process.env, {
    FAREBOX_ORIGIN: origin,
    FAREBOX_SITE_KEY: KEYS.FAREBOX_SITE_KEY,
  });
  const stripe = new Stripe(sandbox);
  paid = await Promise.all(Array.from({ length: MANY }, () => buy(stripe)));
  refunded = paid.pop();
  await inbox.has("order.paid", ...paid, refunded);
  await refund(refunded);
  await inbox.has("order.refunded", refunded);
  messages = inbox.messages;
});
after(() => lifetime.end());

/** An inbox of the notifications: it acknowledges each, and keeps it as it came. */
async function startInbox(t) {
  const messages = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { type, data } = JSON.parse(body);
    messages.push({ type, orderId: data.orderId, body, headers: signed(request.headers) });
    response.writeHead(204).end();
    server.emit("message");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const isThere = (type, id) =>
    messages.some((message) => message.type === type && message.orderId === id);
  return {
    url: `http://127.0.0.1:${server.address().port}/api/farebox`,
    messages,
    async has(type, ...ids) {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      while (!ids.every((id) => isThere(type, id))) await once(server, "message", { signal });
    },
  };
}

/** The headers that the signature covers, and the signature. */
const signed = (headers) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("webhook-")));

/** Ada buys a mug; returns the order's id. */
async function buy(stripe) {
  const ada = createServerClient({ id: "demo-ada", roles: ["customer"] });
  const body = { items: [{ price: "mug", quantity: 2 }] };
  const params = keyed(crypto.randomUUID());
  const { orderId } = await answer(ada.POST("/api/create-intent", { params, body }));
  await stripe.payByCard(orderId);
  return orderId;
}

async function refund(orderId) {
  const fin = createServerClient({ id: "demo-fin", roles: ["finance"] });
  const params = keyed(crypto.randomUUID());
  await answer(fin.POST("/api/refund", { params, body: { orderId } }));
}

/** The site on `database`, once it has made its tables. */
async function startReady(t, { url }) {
  const site = await startSite(t, "http://127.0.0.1:9", { DATABASE_URL: url });
  assert.equal((await fetch(`${site.url}/api/farebox`)).status, 405);
  return site;
}

/** Delivers a message; returns the status, or 0 where the site was killed meanwhile. */
const deliver = (url, { headers, body }) =>
  fetch(`${url}/api/farebox`, { method: "POST", headers, body }).then(
    ({ status }) => status,
    () => 0,
  );

/** As Farebox does it: again until it is acknowledged. */
async function deliverAll(url, list) {
  for (let left = list, tries = 0; left.length > 0; tries += 1) {
    assert.ok(tries < 50, `${left.length} messages are never acknowledged`);
    const statuses = await Promise.all(left.map((message) => deliver(url, message)));
    left = left.filter((_, index) => statuses[index] !== 204);
  }
}

function shuffled(list) {
  const rest = [...list];
  return list.map(() => rest.splice(randomInt(rest.length), 1)[0]);
}

async function kill({ child }) {
  const isGone = once(child, "exit");
  child.kill("SIGKILL");
  await isGone;
}

for (const [name, open] of Object.entries({ SQLite: sqlite, Postgres: postgres })) {
  test(`each paid order has one parcel on ${name}, whatever happens meanwhile`, async (t) => {
    const database = await open(t);
    const run = () => startReady(t, database);
    const parcels = (state) =>
      database
        .rows(`select order_id, goods from parcels where state = '${state}' order by order_id`)
        .then((rows) => rows.map(({ order_id, goods }) => [order_id, goods]));
    const ofPaid = messages.filter(({ type }) => type === "order.paid");
    const [first] = ofPaid.filter(({ orderId }) => orderId !== refunded);

    // Killed in the transaction, which leaves nothing behind.
    let site = await run();
    await database.hold();
    const isAnswered = deliver(site.url, first);
    await database.isHeld();
    await kill(site);
    assert.equal(await isAnswered, 0);
    await database.release();
    assert.deepEqual(await parcels("wrapped"), []);

    // A refund arrives before its payment, which is then out of date.
    site = await run();
    const [later] = messages.filter(({ type }) => type === "order.refunded");
    const [earlier] = ofPaid.filter(({ orderId }) => orderId === refunded);
    await deliverAll(site.url, [later]);
    await deliverAll(site.url, [earlier]);
    assert.deepEqual(await parcels("wrapped"), []);

    // All at once, in any order, more than once; and killed after one of the answers.
    const storm = shuffled([...messages, ...messages, ...ofPaid]).map((message) =>
      deliver(site.url, message),
    );
    await Promise.any(storm);
    await kill(site);
    await Promise.all(storm);

    site = await run();
    await deliverAll(site.url, shuffled([...messages, ...messages]));
    const expected = paid.toSorted().map((orderId) => [orderId, "2 × Mug"]);
    assert.deepEqual(await parcels("wrapped"), expected);
    assert.deepEqual(await parcels("returned"), []);
  });

  test(`goods go back on ${name} when their order is refunded after it was wrapped`, async (t) => {
    const database = await open(t);
    const { url } = await startReady(t, database);
    const of = messages.filter(({ orderId }) => orderId === refunded);
    for (const type of ["order.paid", "order.refunded", "order.paid"])
      await deliverAll(url, of.filter((message) => message.type === type));
    const rows = await database.rows("select order_id, state from parcels");
    assert.deepEqual(rows, [{ order_id: refunded, state: "returned" }]);

    const [message] = of;
    const forged = { ...message, body: message.body.replace(refunded, paid[0]) };
    assert.equal(await deliver(url, forged), 400);
    assert.equal((await database.rows("select * from parcels")).length, 1);
  });
}

test("the order's page says that its goods are being wrapped, once they are", async (t) => {
  const lifetime = new Lifetime();
  t.after(() => lifetime.end());
  const port = await freePort();
  const variables = { FAREBOX_NOTIFY_URL: `http://127.0.0.1:${port}/api/farebox` };
  const { world, browser } = await opened(lifetime, { variables, port });
  const ada = await visit(lifetime, browser, world);
  await ada.signIn("Ada customer");
  await ada.buyMug();
  const wrapped = ada.page.getByText("Your order is paid. We wrap it in paper now.");
  for (; (await wrapped.count()) === 0; await ada.outcome("paid")) await ada.page.reload();
});
