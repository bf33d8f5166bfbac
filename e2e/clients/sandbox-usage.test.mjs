// The sandbox with stripe-node: usage and its invoice, and entitlements.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sandbox } from "./sandbox.mjs";

const DAY = 86_400;
/** 2026-01-15 12:00:00 UTC. */
const START = 1_768_478_400;

/** A customer of a test clock, who pays by a test card. */
async function clocked(stripe) {
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START });
  const customer = await stripe.customers.create({
    test_clock: clock.id,
    payment_method: "pm_card_visa",
  });
  const [card] = (await stripe.customers.listPaymentMethods(customer.id)).data;
  await stripe.customers.update(customer.id, {
    invoice_settings: { default_payment_method: card.id },
  });
  return { clock, customer };
}

/** The period of a subscription. */
const periodOf = ({ items }) => items.data[0];

test("stripe-node reports usage, and its invoice charges it", async (t) => {
  const { stripe, event } = await sandbox(t);
  const meter = await stripe.billing.meters.create({
    display_name: "Requests",
    event_name: "requests",
    default_aggregation: { formula: "sum" },
  });
  const price = await stripe.prices.create({
    currency: "usd",
    unit_amount: 3,
    recurring: { interval: "month", usage_type: "metered", meter: meter.id },
    product_data: { name: "Requests" },
  });
  const { clock, customer } = await clocked(stripe);
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
  });
  const report = (value, identifier) =>
    stripe.billing.meterEvents.create({
      event_name: "requests",
      identifier,
      payload: { stripe_customer_id: customer.id, value },
      timestamp: START + 60,
    });

  const reported = await report("25", "call-1");
  assert.equal(reported.object, "billing.meter_event");
  assert.equal(reported.identifier, "call-1");
  await assert.rejects(report("25", "call-1"), {
    type: "StripeInvalidRequestError",
    message: "An event already exists with identifier call-1.",
  });
  await report("15");
  const { data } = await stripe.billing.meters.listEventSummaries(meter.id, {
    customer: customer.id,
    start_time: START,
    end_time: START + DAY,
  });
  assert.deepEqual(
    data.map(({ aggregated_value }) => aggregated_value),
    [40],
  );

  const end = periodOf(subscription).current_period_end;
  await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: end + DAY });

  const now = await stripe.subscriptions.retrieve(subscription.id, { expand: ["latest_invoice"] });
  const { latest_invoice: invoice } = now;
  assert.deepEqual([invoice.status, invoice.amount_paid], ["paid", 120]);
  assert.equal(invoice.lines.data[0].quantity, 40);
  const paid = await event("invoice.paid");
  assert.equal(paid.data.object.parent.subscription_details.subscription, subscription.id);
  await stripe.billing.meters.deactivate(meter.id);
  await assert.rejects(report("1"), { statusCode: 400, param: "event_name" });
});

test("stripe-node sees features open with a subscription and close with its end", async (t) => {
  const { stripe, event } = await sandbox(t);
  const feature = await stripe.entitlements.features.create({ lookup_key: "sso", name: "SSO" });
  const product = await stripe.products.create({ name: "Pro" });
  const attached = await stripe.products.createFeature(product.id, {
    entitlement_feature: feature.id,
  });
  assert.equal(attached.entitlement_feature.lookup_key, "sso");
  const price = await stripe.prices.create({
    currency: "usd",
    unit_amount: 1000,
    recurring: { interval: "month" },
    product: product.id,
  });
  const { customer } = await clocked(stripe);
  const active = async () => {
    const list = await stripe.entitlements.activeEntitlements.list({ customer: customer.id });
    return list.data.map(({ lookup_key }) => lookup_key);
  };
  assert.deepEqual(await active(), []);

  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
  });

  assert.deepEqual(await active(), ["sso"]);
  const updated = "entitlements.active_entitlement_summary.updated";
  const opened = (await event(updated)).data;
  assert.equal(opened.object.customer, customer.id);
  assert.equal(opened.object.entitlements.data[0].feature, feature.id);
  assert.deepEqual(opened.previous_attributes.entitlements.data, []);
  const [{ id }] = opened.object.entitlements.data;
  const one = await stripe.entitlements.activeEntitlements.retrieve(id, { expand: ["feature"] });
  assert.equal(one.feature.name, "SSO");

  await stripe.subscriptions.cancel(subscription.id);

  assert.deepEqual(await active(), []);
  const [closed] = (await stripe.events.list({ type: updated })).data;
  assert.deepEqual(closed.data.object.entitlements.data, []);
  assert.equal(closed.data.previous_attributes.entitlements.data[0].lookup_key, "sso");
});
