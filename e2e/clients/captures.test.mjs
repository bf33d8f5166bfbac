// A shop in Node authorizes payments and captures them later, cancels orders, and lets them expire.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./program.mjs";
import { open, return_url, signed } from "./shop.mjs";

const lifetime = new Lifetime();
const staff = { subject: "fay", roles: ["admin"] };
const urls = { successUrl: return_url, cancelUrl: return_url };
let shop;

before(async () => {
  shop = await open(lifetime);
});
after(() => lifetime.end());

/** Starts the payment of a signed order on the site's own form. */
async function start(claims) {
  const order = await signed({ amount: 2000, currency: "eur", ...claims });
  const { status, body } = await shop.call("/api/create-intent", { order });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Opens hosted Checkout for a signed order; returns the session. */
async function checkout(claims) {
  const order = await signed({ amount: 2000, currency: "eur", ...claims });
  const { status, body } = await shop.call("/api/create-checkout", { order, ...urls });
  assert.equal(status, 200, JSON.stringify(body));
  const { data } = await shop.stripe.checkout.sessions.list();
  return data.find(({ url }) => url === body.url);
}

const read = async (id) => (await shop.call(`/api/order?id=${id}`)).body;

test("staff capture a part of an authorized payment, and the rest is released", async () => {
  const started = await start({ orderId: "part-1", captureMethod: "manual" });
  await shop.confirm(started);
  const authorized = await shop.told("order.authorized", "part-1");
  assert.deepEqual([authorized.data.status, authorized.data.amount], ["authorized", 2000]);
  assert.ok(authorized.data.capturableUntil * 1000 > Date.now());

  const body = { orderId: "part-1", amount: 1500 };
  const captured = await shop.call("/api/capture", body, staff);

  const { status, amount } = captured.body;
  assert.deepEqual([captured.status, status, amount], [200, "paid", 1500]);
  const { data } = await shop.told("order.paid", "part-1");
  assert.deepEqual([data.amounts.subtotal, data.amounts.total], [2000, 1500]);
  const intent = await shop.stripe.paymentIntents.retrieve(data.paymentIntent);
  assert.deepEqual([intent.status, intent.amount_received], ["succeeded", 1500]);
  assert.deepEqual((await shop.call("/api/capture", body, staff)).body, captured.body);
});

test("a session that is authorized is captured by its order, as a whole", async () => {
  const session = await checkout({ orderId: "hosted-1", captureMethod: "manual" });
  await shop.tell(`checkout/sessions/${session.id}/pay`, {
    payment_method: "pm_card_visa",
    email: "ada@example.com",
    name: "Ada Lovelace",
  });
  await shop.told("order.authorized", "hosted-1");

  const captured = await shop.call("/api/capture", { orderId: "hosted-1" }, staff);

  assert.deepEqual([captured.status, captured.body.amount], [200, 2000], captured.body);
  const { data } = await shop.told("order.paid", "hosted-1");
  assert.equal(data.payer.email, "ada@example.com");
});

test("a capture in Stripe's dashboard pays the order with the captured amount", async () => {
  const started = await start({ orderId: "dashboard-1", captureMethod: "manual" });
  const { id } = await shop.confirm(started);
  await shop.told("order.authorized", "dashboard-1");

  await shop.stripe.paymentIntents.capture(id, { amount_to_capture: 700 });

  const { data } = await shop.told("order.paid", "dashboard-1");
  assert.equal(data.amount, 700);
  const late = await shop.call("/api/capture", { orderId: "dashboard-1" }, staff);
  assert.deepEqual([late.status, late.body.error.code], [409, "order_already_paid"]);
});

test("an owner cancels an unpaid order, and its payment takes no money any more", async () => {
  const started = await start({ orderId: "cancel-1" });

  const reason = "requested_by_customer";
  const canceled = await shop.call("/api/cancel", { orderId: "cancel-1", reason });

  assert.deepEqual([canceled.status, canceled.body.status], [200, "canceled"]);
  const { data } = await shop.told("order.canceled", "cancel-1");
  assert.equal(data.cancelReason, reason);
  await assert.rejects(shop.confirm(started), { code: "payment_intent_unexpected_state" });
});

test("staff release an authorized payment, which its owner cannot", async () => {
  const started = await start({ orderId: "release-1", captureMethod: "manual" });
  const { id } = await shop.confirm(started);
  await shop.told("order.authorized", "release-1");

  const owners = await shop.call("/api/cancel", { orderId: "release-1" });
  assert.deepEqual([owners.status, owners.body.error.code], [409, "payment_processing"]);
  const released = await shop.call("/api/cancel", { orderId: "release-1" }, staff);

  assert.deepEqual([released.status, released.body.status], [200, "canceled"]);
  await shop.told("order.canceled", "release-1");
  assert.equal((await shop.stripe.paymentIntents.retrieve(id)).status, "canceled");
});

test("an order whose session expired notifies of it, and is sold by the next session", async () => {
  const first = await checkout({ orderId: "expired-1" });
  await shop.stripe.checkout.sessions.expire(first.id);
  const { data } = await shop.told("order.expired", "expired-1");
  assert.equal(data.status, "expired");
  assert.equal((await read("expired-1")).status, "expired");

  const second = await checkout({ orderId: "expired-1" });
  await shop.tell(`checkout/sessions/${second.id}/pay`, {
    payment_method: "pm_card_visa",
    email: "ada@example.com",
    name: "Ada Lovelace",
  });

  assert.equal((await shop.told("order.paid", "expired-1")).data.amount, 2000);
});

test("an order takes no payment after the time that the site signed", async () => {
  const expiresAt = Math.floor(Date.now() / 1000) - 1;
  const order = await signed({ orderId: "late-1", amount: 2000, currency: "eur", expiresAt });
  const { status, body } = await shop.call("/api/create-intent", { order });
  assert.deepEqual([status, body.error.code], [409, "order_expired"]);
});
