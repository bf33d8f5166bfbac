// The sandbox with stripe-node: saved cards, payments without the payer, and authorizations.

import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { return_url, sandbox } from "./sandbox.mjs";

/** A payment of 15.00 USD without redirects. */
const payment = {
  amount: 1500,
  currency: "usd",
  automatic_payment_methods: { enabled: true, allow_redirects: "never" },
};

/** A customer with a saved card. */
async function saved(stripe, card) {
  const customer = (await stripe.customers.create({ email: "ada@example.com" })).id;
  const { id } = await stripe.paymentMethods.attach(card, { customer });
  return { customer, payment_method: id };
}

test("stripe-node opens a customer session for a Payment Element", async (t) => {
  const { stripe } = await sandbox(t);
  const { customer } = await saved(stripe, "pm_card_visa");
  const features = {
    payment_method_redisplay: "enabled",
    payment_method_save: "enabled",
    payment_method_save_usage: "off_session",
    payment_method_remove: "enabled",
    payment_method_allow_redisplay_filters: ["always", "limited", "unspecified"],
  };

  const session = await stripe.customerSessions.create({
    customer,
    components: { payment_element: { enabled: true, features } },
  });

  assert.match(session.client_secret, /^cuss_secret_/);
  assert.equal(session.expires_at - session.created, 30 * 60);
  assert.deepEqual(session.components.payment_element.features, {
    ...features,
    payment_method_redisplay_limit: 3,
  });
  const table = { customer, components: { pricing_table: { enabled: true } } };
  await assert.rejects(stripe.customerSessions.create(table), {
    type: "StripeInvalidRequestError",
    param: "components[pricing_table]",
  });
});

test("stripe-node lists the cards that may be shown again, and removes one", async (t) => {
  const { stripe, event } = await sandbox(t);
  const { customer, payment_method } = await saved(stripe, "pm_card_visa");
  await stripe.paymentMethods.attach("pm_card_mastercard", { customer });
  await stripe.paymentMethods.update(payment_method, { allow_redisplay: "always" });

  const shown = await stripe.customers.listPaymentMethods(customer, { allow_redisplay: "always" });
  assert.deepEqual(shown.data.map(({ id }) => id), [payment_method]);

  await stripe.paymentMethods.detach(payment_method);
  assert.equal((await event("payment_method.detached")).data.object.id, payment_method);
  const left = await stripe.customers.listPaymentMethods(customer);
  assert.deepEqual(left.data.map(({ card }) => card.brand), ["mastercard"]);
});

test("stripe-node charges a saved card while the payer is away", async (t) => {
  const { stripe } = await sandbox(t);
  const card = await saved(stripe, "pm_card_visa");

  const away = { ...payment, ...card, confirm: true, off_session: true };
  const paid = await stripe.paymentIntents.create(away);

  assert.equal(paid.status, "succeeded");
  assert.equal(paid.payment_method, card.payment_method);
});

test("a card that needs its payer is declined, and paid later by the same intent", async (t) => {
  const { stripe, control, event } = await sandbox(t);
  const card = await saved(stripe, "pm_card_authenticationRequired");

  const away = { ...payment, ...card, confirm: true, off_session: true };
  const declined = await stripe.paymentIntents.create(away).catch((error) => error);

  assert.ok(declined instanceof Stripe.errors.StripeCardError);
  assert.equal(declined.code, "authentication_required");
  assert.equal(declined.payment_method.id, card.payment_method);
  const { id, client_secret, status } = declined.payment_intent;
  assert.equal(status, "requires_payment_method");
  const failed = (await event("payment_intent.payment_failed")).data.object;
  assert.equal(failed.last_payment_error.payment_method.id, card.payment_method);

  const { payment_method } = card;
  const waiting = await stripe.paymentIntents.confirm(id, { payment_method, return_url });
  assert.equal(waiting.status, "requires_action");
  await control(`payment_intents/${id}/authenticate`, { client_secret, outcome: "success" });
  assert.equal((await event("payment_intent.succeeded")).data.object.id, id);
});

test("a card that a payment with consent saved pays later without the payer", async (t) => {
  const { stripe, event } = await sandbox(t);
  const customer = (await stripe.customers.create()).id;
  const consent = { payment_method: "pm_card_visa", setup_future_usage: "off_session" };
  await stripe.paymentIntents.create({ ...payment, ...consent, customer, confirm: true });

  const kept = (await event("payment_method.attached")).data.object;
  assert.equal(kept.customer, customer);
  const away = { customer, payment_method: kept.id, confirm: true, off_session: true };
  const paid = await stripe.paymentIntents.create({ ...payment, ...away });
  assert.equal(paid.status, "succeeded");
});

/** An authorized payment of 15.00 USD. */
const authorize = (stripe) =>
  stripe.paymentIntents.create({
    ...payment,
    payment_method: "pm_card_visa",
    capture_method: "manual",
    confirm: true,
    expand: ["latest_charge"],
  });

test("stripe-node captures a part, and the rest is released without a refund", async (t) => {
  const { stripe, event } = await sandbox(t);
  const held = await authorize(stripe);
  assert.equal(held.status, "requires_capture");
  const told = (await event("payment_intent.amount_capturable_updated")).data.object;
  assert.equal(told.amount_capturable, 1500);
  const { capture_before } = held.latest_charge.payment_method_details.card;
  assert.equal(capture_before - held.latest_charge.created, 7 * 24 * 3600);

  const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 1000 });

  assert.equal(captured.amount_received, 1000);
  const charge = (await event("charge.captured")).data.object;
  assert.deepEqual([charge.amount_captured, charge.amount_refunded], [1000, 0]);
  assert.deepEqual((await stripe.refunds.list({ payment_intent: held.id })).data, []);
});

test("stripe-node cancels what it authorized, and an old authorization expires", async (t) => {
  const { stripe, event, control } = await sandbox(t);
  const held = await authorize(stripe);
  const reason = { cancellation_reason: "requested_by_customer" };
  assert.equal((await stripe.paymentIntents.cancel(held.id, reason)).status, "canceled");

  const old = await authorize(stripe);
  await control(`payment_intents/${old.id}/expire`, {});

  assert.equal((await event("charge.expired")).data.object.id, old.latest_charge.id);
  const canceled = await stripe.paymentIntents.retrieve(old.id);
  assert.deepEqual([canceled.status, canceled.cancellation_reason], ["canceled", "expired"]);
});

test("stripe-node reads where the receipt and the parcel go", async (t) => {
  const { stripe } = await sandbox(t);
  const intent = await stripe.paymentIntents.create({
    ...payment,
    confirm: true,
    payment_method: "pm_card_visa",
    receipt_email: "ada@example.com",
    shipping: { name: "Ada", address: { line1: "1 Main St", country: "GB" } },
    statement_descriptor_suffix: "MUG",
    expand: ["latest_charge"],
  });

  const charge = intent.latest_charge;
  assert.equal(charge.receipt_email, "ada@example.com");
  assert.equal(charge.shipping.address.line1, "1 Main St");
  assert.equal(charge.calculated_statement_descriptor, "SANDBOX* MUG");
  const receipt = await (await fetch(charge.receipt_url)).text();
  assert.match(receipt, /15\.00 USD/);
});
