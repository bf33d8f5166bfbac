// The sandbox with stripe-node: subscriptions by a test clock, from the first payment to the end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sandbox } from "./sandbox.mjs";

const DAY = 86_400;
/** 2026-01-15 12:00:00 UTC. */
const START = 1_768_478_400;
const FEBRUARY = START + 31 * DAY;
const MARCH = FEBRUARY + 28 * DAY;

/** A shop with a monthly and a larger plan, and a customer of a clock with a card. */
async function shop(t, card = "pm_card_visa") {
  const { stripe } = await sandbox(t);
  const { id: product } = await stripe.products.create({ name: "Pro" });
  const price = (unit_amount) =>
    stripe.prices.create({
      currency: "usd",
      product,
      recurring: { interval: "month" },
      unit_amount,
    });
  const [small, large] = [await price(3100), await price(6200)];
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START });
  const { id: customer } = await stripe.customers.create({ test_clock: clock.id });
  if (card) await pays(stripe, customer, card);
  const advance = (frozen_time) =>
    stripe.testHelpers.testClocks.advance(clock.id, { frozen_time });
  const subscribe = (more = {}) =>
    stripe.subscriptions.create({ customer, items: [{ price: small.id }], ...more });
  return { stripe, customer, small, large, advance, subscribe };
}

/** Makes a card the customer's default. */
async function pays(stripe, customer, card) {
  const { id } = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } });
  return id;
}

/** The types of all events, oldest first. */
async function types(stripe) {
  const events = await stripe.events.list({ limit: 100 });
  return events.data.map(({ type }) => type).reverse();
}

test("stripe-node subscribes, and the payer confirms the first invoice", async (t) => {
  const { stripe, subscribe } = await shop(t, null);

  const held = await subscribe({
    payment_behavior: "default_incomplete",
    expand: ["latest_invoice.confirmation_secret", "latest_invoice.payments"],
  });

  assert.equal(held.status, "incomplete");
  const { confirmation_secret, payments } = held.latest_invoice;
  const intent = payments.data[0].payment.payment_intent;
  assert.ok(confirmation_secret.client_secret.startsWith(intent));
  await stripe.paymentIntents.confirm(intent, {
    payment_method: "pm_card_threeDSecure2Required",
    return_url: "http://127.0.0.1/return",
  });
  assert.equal((await stripe.subscriptions.retrieve(held.id)).status, "incomplete");
  await stripe.paymentIntents.confirm(intent, {
    payment_method: "pm_card_visa",
    return_url: "http://127.0.0.1/return",
  });
  const { status, latest_invoice } = await stripe.subscriptions.retrieve(held.id, {
    expand: ["latest_invoice"],
  });
  assert.deepEqual([status, latest_invoice.status], ["active", "paid"]);
  assert.equal(latest_invoice.parent.subscription_details.subscription, held.id);
});

test("a trial becomes active with an invoice", async (t) => {
  const { stripe, advance, subscribe } = await shop(t);
  const held = await subscribe({ trial_period_days: 14 });
  assert.deepEqual([held.status, held.trial_end], ["trialing", START + 14 * DAY]);

  await advance(START + 12 * DAY);
  assert.ok((await types(stripe)).includes("customer.subscription.trial_will_end"));
  await advance(START + 14 * DAY + 3600);

  const active = await stripe.subscriptions.retrieve(held.id, { expand: ["latest_invoice"] });
  assert.deepEqual([active.status, active.latest_invoice.amount_paid], ["active", 3100]);
  assert.equal(active.items.data[0].current_period_start, START + 14 * DAY);
});

test("an upgrade costs what the preview says, to the cent", async (t) => {
  const { stripe, large, advance, subscribe } = await shop(t);
  const held = await subscribe();
  await advance(START + 10 * DAY + 12_345);
  const items = [{ id: held.items.data[0].id, price: large.id }];
  const proration_behavior = "always_invoice";

  const preview = await stripe.invoices.createPreview({
    subscription: held.id,
    subscription_details: { items, proration_behavior },
  });
  await stripe.subscriptions.update(held.id, { items, proration_behavior });

  const [invoice] = (await stripe.invoices.list({ subscription: held.id, limit: 1 })).data;
  const amounts = ({ lines }) => lines.data.map(({ amount }) => amount);
  assert.deepEqual(amounts(invoice), amounts(preview));
  const left = 21 * DAY - 12_345;
  const part = (amount) => Math.round((amount * left) / (31 * DAY));
  assert.deepEqual(amounts(invoice), [-part(3100), part(6200)]);
  assert.deepEqual([invoice.status, invoice.amount_paid], ["paid", preview.amount_due]);
});

test("a downgrade waits for the end of the period", async (t) => {
  const { stripe, small, large, advance, subscribe } = await shop(t);
  const held = await subscribe({ items: [{ price: large.id }] });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: held.id });
  const { start_date, end_date } = schedule.phases[0];
  await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: "release",
    phases: [
      { items: [{ price: large.id, quantity: 1 }], start_date, end_date },
      { items: [{ price: small.id, quantity: 1 }] },
    ],
  });

  await advance(FEBRUARY - 1);
  const price = async () => (await stripe.subscriptions.retrieve(held.id)).items.data[0].price.id;
  assert.equal(await price(), large.id);
  await advance(FEBRUARY + 3600);

  assert.equal(await price(), small.id);
  const [invoice] = (await stripe.invoices.list({ subscription: held.id, limit: 1 })).data;
  assert.deepEqual([invoice.amount_paid, invoice.billing_reason], [3100, "subscription_cycle"]);
  await advance(MARCH);
  const { schedule: left } = await stripe.subscriptions.retrieve(held.id);
  assert.equal(left, null);
});

test("a decline is past due, and another card recovers it", async (t) => {
  const { stripe, customer, advance, subscribe } = await shop(t);
  const held = await subscribe();
  await pays(stripe, customer, "pm_card_chargeCustomerFail");
  await advance(FEBRUARY + 3600);
  const status = async () => (await stripe.subscriptions.retrieve(held.id)).status;
  assert.equal(await status(), "past_due");
  const [invoice] = (await stripe.invoices.list({ customer, status: "open" })).data;
  assert.equal(invoice.next_payment_attempt, FEBRUARY + 3600 + 3 * DAY);
  await assert.rejects(stripe.invoices.pay(invoice.id), { type: "StripeCardError" });

  await pays(stripe, customer, "pm_card_visa");
  await advance(FEBRUARY + 3600 + 3 * DAY);

  assert.equal(await status(), "active");
  const seen = await types(stripe);
  assert.ok(seen.indexOf("invoice.payment_failed") < seen.lastIndexOf("invoice.paid"));
});

test("retries without success cancel a subscription", async (t) => {
  const { stripe, customer, advance, subscribe } = await shop(t);
  const held = await subscribe();
  await pays(stripe, customer, "pm_card_chargeCustomerFail");

  await advance(FEBRUARY + 3600 + 15 * DAY);

  const ended = await stripe.subscriptions.retrieve(held.id);
  assert.equal(ended.status, "canceled");
  assert.equal(ended.cancellation_details.reason, "payment_failed");
  assert.deepEqual((await stripe.subscriptions.list({ customer })).data, []);
  const all = await stripe.subscriptions.list({ customer, status: "all" });
  assert.deepEqual(all.data.map(({ id }) => id), [held.id]);
});

test("a cancellation counts now or at the end, and can be taken back", async (t) => {
  const { stripe, advance, subscribe } = await shop(t);
  const [now, later] = [await subscribe(), await subscribe()];
  const canceled = await stripe.subscriptions.cancel(now.id);
  assert.deepEqual([canceled.status, canceled.ended_at], ["canceled", START]);
  const change = (cancel_at_period_end) =>
    stripe.subscriptions.update(later.id, { cancel_at_period_end });

  assert.equal((await change(true)).cancel_at, FEBRUARY);
  assert.equal((await change(false)).cancel_at, null);
  await change(true);
  await advance(FEBRUARY);

  const ended = await stripe.subscriptions.retrieve(later.id);
  assert.deepEqual([ended.status, ended.ended_at], ["canceled", FEBRUARY]);
  await assert.rejects(stripe.subscriptions.cancel(later.id), { code: "resource_missing" });
});

test("a trial without a card pauses, and resumes with one", async (t) => {
  const { stripe, customer, advance, subscribe } = await shop(t, null);
  const held = await subscribe({
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method: "pause" } },
  });
  await advance(START + 7 * DAY);
  assert.equal((await stripe.subscriptions.retrieve(held.id)).status, "paused");

  await pays(stripe, customer, "pm_card_visa");
  const resumed = await stripe.subscriptions.resume(held.id, { billing_cycle_anchor: "now" });

  assert.deepEqual([resumed.status, resumed.billing_cycle_anchor], ["active", START + 7 * DAY]);
});

test("a paused collection charges nothing until it is cleared", async (t) => {
  const { stripe, customer, advance, subscribe } = await shop(t);
  const held = await subscribe();
  await stripe.subscriptions.update(held.id, { pause_collection: { behavior: "void" } });
  await advance(FEBRUARY + 3600);
  assert.equal((await stripe.charges.list({ customer })).data.length, 1);

  const cleared = await stripe.subscriptions.update(held.id, { pause_collection: "" });
  assert.equal(cleared.pause_collection, null);
  await advance(MARCH + 3600);

  assert.equal((await stripe.charges.list({ customer })).data.length, 2);
});

test("seats are added and removed, and paid by the next invoice", async (t) => {
  const { stripe, advance, subscribe } = await shop(t);
  const held = await subscribe();
  const [{ id }] = (await stripe.subscriptionItems.list({ subscription: held.id })).data;
  await advance(START + 10 * DAY);
  const seats = (quantity) => stripe.subscriptions.update(held.id, { items: [{ id, quantity }] });
  await seats(5);
  await seats(3);

  await advance(FEBRUARY + 3600);

  const [invoice] = (await stripe.invoices.list({ subscription: held.id, limit: 1 })).data;
  const amounts = invoice.lines.data.map(({ amount }) => amount);
  assert.deepEqual(amounts, [-2100, 10_500, -10_500, 6300, 9300]);
  assert.equal(invoice.amount_paid, 13_500);
});

test("a refund of an invoice finds its subscription", async (t) => {
  const { stripe, subscribe } = await shop(t);
  const held = await subscribe({ expand: ["latest_invoice.payments"] });
  const { payment } = held.latest_invoice.payments.data[0];

  const refund = await stripe.refunds.create({ payment_intent: payment.payment_intent });

  const payments = await stripe.invoicePayments.list({
    payment: { type: "payment_intent", payment_intent: refund.payment_intent },
    expand: ["data.invoice"],
  });
  const { parent } = payments.data[0].invoice;
  assert.equal(parent.subscription_details.subscription, held.id);
});
