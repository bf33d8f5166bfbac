// A shop in Node takes payments: of items, and of orders that it signed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./program.mjs";
import { open, signed } from "./shop.mjs";

const lifetime = new Lifetime();
let shop;

before(async () => {
  shop = await open(lifetime);
});
after(() => lifetime.end());

test("a shop in Node sells items, and is told once by a message it can verify", async () => {
  const cart = { items: [{ price: "mug", quantity: 2 }] };
  const started = await shop.call("/api/create-intent", cart, { "idempotency-key": "cart-1" });
  assert.equal(started.status, 200);
  assert.equal(started.body.amount, 3000);

  await shop.confirm(started.body);
  const message = await shop.told("order.paid", started.body.orderId);

  assert.equal(message.data.customer, "ada");
  assert.deepEqual(message.data.items, [
    { price: "price_mug", lookupKey: "mug", name: "Mug", quantity: 2, unitAmount: 1500 },
  ]);
  const order = await shop.call(`/api/order?id=${started.body.orderId}`);
  assert.equal(order.body.status, "paid");
});

test("a shop in Node sells an order that it signed", async () => {
  const claims = { orderId: "web-1", amount: 1999, currency: "eur", metadata: { cart: "c1" } };
  const started = await shop.call("/api/create-intent", { order: await signed(claims) });
  assert.equal(started.status, 200);

  await shop.confirm(started.body);
  const message = await shop.told("order.paid", "web-1");

  assert.equal(message.data.amount, 1999);
  assert.deepEqual(message.data.metadata, { cart: "c1" });
});

test("an order of nothing is paid at once, without a payment at Stripe", async () => {
  const claims = { orderId: "free-1", amount: 0, currency: "eur" };
  const started = await shop.call("/api/create-intent", { order: await signed(claims) });
  assert.deepEqual([started.status, started.body.clientSecret], [200, null]);

  const message = await shop.told("order.paid", "free-1");

  assert.deepEqual([message.data.amount, message.data.paymentIntent], [0, null]);
  const { data } = await shop.stripe.paymentIntents.list();
  assert.deepEqual(data.filter(({ metadata }) => metadata.farebox_order === "free-1"), []);
});

test("without webhooks an order is paid as soon as its reader asks for it anew", async (t) => {
  await shop.tell("webhooks/pause");
  t.after(() => shop.tell("webhooks/resume"));
  const claims = { orderId: "late-1", amount: 1999, currency: "eur" };
  const started = await shop.call("/api/create-intent", { order: await signed(claims) });
  await shop.confirm(started.body);
  const status = async (query) => (await shop.call(`/api/order?id=late-1${query}`)).body.status;

  assert.equal(await status(""), "created");
  assert.equal(await status("&refresh=true"), "paid");
  const message = await shop.told("order.paid", "late-1");
  assert.equal(message.data.amount, 1999);
});
