// The sandbox with stripe-node: payments and webhooks.

import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { return_url, sandbox, SECRET } from "./sandbox.mjs";

test("stripe-node pays, and verifies the webhook that it gets", async (t) => {
  const { stripe, event, hook } = await sandbox(t);

  const intent = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    automatic_payment_methods: { enabled: true },
    metadata: { order: "o_1" },
  });
  assert.equal(intent.status, "requires_payment_method");
  const card = { payment_method: "pm_card_visa", return_url };
  const paid = await stripe.paymentIntents.confirm(intent.id, card);
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
    return_url,
  });

  await assert.rejects(declined, (error) => {
    assert.ok(error instanceof Stripe.errors.StripeCardError);
    assert.equal(error.decline_code, "insufficient_funds");
    return true;
  });
  const told = await event("payment_intent.payment_failed");
  assert.equal(told.data.object.last_payment_error.decline_code, "insufficient_funds");
});

test("stripe-node gets one intent for one key, and an error for other contents", async (t) => {
  const { stripe } = await sandbox(t);
  const key = { idempotencyKey: "one-operation" };

  const first = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" }, key);
  const second = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" }, key);
  assert.equal(first.id, second.id);
  assert.equal(second.lastResponse.headers["idempotent-replayed"], "true");

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
    return_url,
  });

  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
  assert.equal(refund.status, "succeeded");
  const told = await event("charge.refunded");
  assert.equal(told.data.object.amount_refunded, 500);

  const tooMuch = stripe.refunds.create({ payment_intent: intent.id, amount: 1001 });
  await assert.rejects(tooMuch, Stripe.errors.StripeInvalidRequestError);
  assert.equal((await stripe.refunds.list({ payment_intent: intent.id })).data.length, 1);
});

test("stripe-node waits for 3-D Secure, which the payer passes or fails", async (t) => {
  const { stripe, event, control } = await sandbox(t);
  for (const [outcome, status] of [
    ["success", "succeeded"],
    ["failure", "requires_payment_method"],
  ]) {
    const waiting = await stripe.paymentIntents.create({
      amount: 1500,
      currency: "eur",
      confirm: true,
      payment_method: "pm_card_threeDSecure2Required",
      return_url,
    });
    assert.equal(waiting.status, "requires_action");
    assert.equal(waiting.next_action.type, "redirect_to_url");

    const { id, client_secret } = waiting;
    await control(`payment_intents/${id}/authenticate`, { client_secret, outcome });

    const after = await stripe.paymentIntents.retrieve(id, { expand: ["latest_charge"] });
    assert.equal(after.status, status);
    assert.equal(after.latest_charge?.paid ?? false, outcome === "success");
  }
  const failed = (await event("payment_intent.payment_failed")).data.object.last_payment_error;
  assert.equal(failed.code, "payment_intent_authentication_failure");
});

test("stripe-node cancels, and cannot confirm what it canceled", async (t) => {
  const { stripe, event } = await sandbox(t);
  const intent = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" });

  const canceled = await stripe.paymentIntents.cancel(intent.id, {
    cancellation_reason: "abandoned",
  });

  assert.equal(canceled.status, "canceled");
  assert.equal((await event("payment_intent.canceled")).data.object.id, intent.id);
  const card = { payment_method: "pm_card_visa", return_url };
  const late = stripe.paymentIntents.confirm(intent.id, card);
  await assert.rejects(late, {
    type: "StripeInvalidRequestError",
    code: "payment_intent_unexpected_state",
    statusCode: 400,
  });
});
