// The sandbox, by Stripe's own client for Node: it pays, and verifies the webhook that it gets.

import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { endpoint, start } from "./program.mjs";

const SECRET = "whsec_clients0123456789";

async function sandbox(t) {
  const hook = await endpoint(t);
  const args = ["--port", "0", "--webhook-url", hook.url, "--webhook-secret", SECRET];
  const { port } = await start(t, "sandbox", args, { port: /127\.0\.0\.1:(\d+)/ });
  const stripe = new Stripe("sk_test_clients0123456789", {
    host: "127.0.0.1",
    port: Number(port),
    protocol: "http",
    maxNetworkRetries: 2,
    telemetry: false,
  });
  /** The event of a type that arrived, verified by stripe-node over the raw bytes. */
  const event = async (type) => {
    const { headers, body } = await hook.next(({ body }) => JSON.parse(body).type === type);
    return stripe.webhooks.constructEvent(body, headers["stripe-signature"], SECRET);
  };
  return { stripe, event, hook };
}

test("stripe-node pays, and verifies the webhook that it gets", async (t) => {
  const { stripe, event, hook } = await sandbox(t);

  const intent = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
    metadata: { order: "o_1" },
  });
  assert.equal(intent.status, "requires_payment_method");
  const paid = await stripe.paymentIntents.confirm(intent.id, { payment_method: "pm_card_visa" });
  assert.equal(paid.status, "succeeded");

  const told = await event("payment_intent.succeeded");
  assert.equal(told.data.object.id, intent.id);
  assert.equal(told.data.object.amount_received, 1500);
  assert.equal(told.data.object.metadata.order, "o_1");
  const { headers, body } = hook.received.at(-1);
  assert.throws(() =>
    stripe.webhooks.constructEvent(body, headers["stripe-signature"], "whsec_another"),
  );
});

test("stripe-node reads a decline as a card error", async (t) => {
  const { stripe, event } = await sandbox(t);
  const intent = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" });

  const declined = stripe.paymentIntents.confirm(intent.id, {
    payment_method: "pm_card_chargeDeclinedInsufficientFunds",
  });

  await assert.rejects(declined, (error) => {
    assert.ok(error instanceof Stripe.errors.StripeCardError);
    assert.equal(error.decline_code, "insufficient_funds");
    return true;
  });
  const told = await event("payment_intent.payment_failed");
  assert.equal(told.data.object.last_payment_error.decline_code, "insufficient_funds");
});

test("stripe-node gets the same intent for the same key, and an error for other contents", async (t) => {
  const { stripe } = await sandbox(t);
  const key = { idempotencyKey: "one-operation" };

  const first = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" }, key);
  const second = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" }, key);
  assert.equal(first.id, second.id);

  const other = stripe.paymentIntents.create({ amount: 1600, currency: "usd" }, key);
  await assert.rejects(other, Stripe.errors.StripeIdempotencyError);
});

test("stripe-node refunds, and not more than was paid", async (t) => {
  const { stripe, event } = await sandbox(t);
  const intent = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    payment_method: "pm_card_visa",
    confirm: true,
  });

  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
  assert.equal(refund.status, "succeeded");
  const told = await event("charge.refunded");
  assert.equal(told.data.object.amount_refunded, 500);

  const tooMuch = stripe.refunds.create({ payment_intent: intent.id, amount: 1001 });
  await assert.rejects(tooMuch, Stripe.errors.StripeInvalidRequestError);
});
