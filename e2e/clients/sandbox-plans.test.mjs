// The sandbox with stripe-node: sessions of mode subscription, and flows of the portal.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sandbox } from "./sandbox.mjs";

const success_url = "http://127.0.0.1/done?session={CHECKOUT_SESSION_ID}";
const return_url = "http://127.0.0.1/account";

/** The payer's details with a test card. */
const card = (number) => ({
  email: "ada@example.com",
  name: "Ada",
  method: "card",
  expiry: "12/34",
  cvc: "123",
  number,
});

/** Creates a monthly price of a new product. */
const plan = (stripe, name, unit_amount) =>
  stripe.prices.create({
    currency: "usd",
    unit_amount,
    recurring: { interval: "month" },
    product_data: { name },
  });

/** Submits the form of a hosted page; returns the URL to which it leads. */
async function submit(url, form) {
  const body = new URLSearchParams(form);
  const response = await fetch(url, { method: "POST", body, redirect: "manual" });
  return response.headers.get("location") ?? response.status;
}

/** The URL to which a hosted page leads. */
async function lead(url) {
  const response = await fetch(url, { redirect: "manual" });
  return new URL(response.headers.get("location"), url).href;
}

/** Subscribes a new customer on the page of a session; returns the completed session. */
async function subscribe(stripe, price, more = {}) {
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    line_items: [{ price: price.id, quantity: 1 }],
    success_url,
    ...more,
  });
  assert.equal(await submit(session.url, card("4000000000000002")), 402);
  const done = await submit(session.url, card("4242424242424242"));
  assert.equal(done, `http://127.0.0.1/done?session=${session.id}`);
  return stripe.checkout.sessions.retrieve(session.id, { expand: ["subscription", "invoice"] });
}

test("stripe-node starts a subscription by a session, with one payment", async (t) => {
  const { stripe, event } = await sandbox(t);
  const price = await plan(stripe, "Pro", 1000);

  const session = await subscribe(stripe, price, {
    subscription_data: { metadata: { team: "t_1" } },
  });

  const { invoice, payment_intent, payment_status, subscription } = session;
  assert.deepEqual([payment_status, payment_intent], ["paid", null]);
  assert.deepEqual([subscription.status, subscription.metadata.team], ["active", "t_1"]);
  assert.deepEqual([invoice.status, invoice.amount_paid], ["paid", 1000]);
  const created = (await event("customer.subscription.created")).data.object;
  assert.deepEqual([created.id, created.status], [subscription.id, "active"]);
  const told = (await event("checkout.session.completed")).data.object;
  assert.equal(told.subscription, subscription.id);
  const { data: payments } = await stripe.invoicePayments.list({ invoice: invoice.id });
  const intent = await stripe.paymentIntents.retrieve(payments[0].payment.payment_intent);
  assert.deepEqual([intent.status, intent.amount_received], ["succeeded", 1000]);
  assert.equal((await stripe.charges.list()).data.filter(({ paid }) => paid).length, 1);
});

test("stripe-node starts a trial by a session, without a payment", async (t) => {
  const { stripe } = await sandbox(t);
  const price = await plan(stripe, "Pro", 1000);

  const session = await subscribe(stripe, price, { subscription_data: { trial_period_days: 14 } });

  assert.equal(session.payment_status, "no_payment_required");
  assert.equal(session.subscription.status, "trialing");
  assert.ok(session.subscription.default_payment_method.startsWith("pm_"));
  assert.deepEqual([session.invoice.status, session.invoice.total], ["paid", 0]);
  assert.deepEqual((await stripe.charges.list()).data, []);
});

test("stripe-node leads a customer to a change of plan, and back", async (t) => {
  const { stripe, event } = await sandbox(t);
  const [small, large] = [await plan(stripe, "Small", 1000), await plan(stripe, "Large", 3000)];
  const { customer, subscription } = await subscribe(stripe, small);
  const features = {
    payment_method_update: { enabled: true },
    subscription_cancel: { enabled: true },
    subscription_update: {
      enabled: true,
      default_allowed_updates: ["price"],
      products: [{ product: large.product, prices: [large.id] }],
      proration_behavior: "always_invoice",
    },
  };
  const { id: configuration } = await stripe.billingPortal.configurations.create({ features });
  const after_completion = { type: "redirect", redirect: { return_url } };
  const flow = (flow_data) =>
    stripe.billingPortal.sessions.create({
      customer,
      configuration,
      return_url,
      flow_data: { ...flow_data, after_completion },
    });

  const changes = await flow({
    type: "subscription_update_confirm",
    subscription_update_confirm: {
      subscription: subscription.id,
      items: [{ id: subscription.items.data[0].id, price: large.id, quantity: 1 }],
    },
  });
  assert.equal(changes.flow.type, "subscription_update_confirm");
  assert.equal(await submit(await lead(changes.url), {}), return_url);
  const updated = (await event("customer.subscription.updated")).data;
  assert.equal(updated.object.items.data[0].price.id, large.id);
  assert.equal((await stripe.charges.list()).data.filter(({ paid }) => paid).length, 2);

  const cancels = await flow({
    type: "subscription_cancel",
    subscription_cancel: { subscription: subscription.id },
  });
  assert.equal(await submit(await lead(cancels.url), {}), return_url);
  const now = await stripe.subscriptions.retrieve(subscription.id);
  assert.deepEqual([now.status, now.cancel_at_period_end], ["active", true]);
});

test("stripe-node is told when a configuration does not allow a flow", async (t) => {
  const { stripe, control } = await sandbox(t);
  const price = await plan(stripe, "Pro", 1000);
  const { customer, subscription } = await subscribe(stripe, price);
  await control("billing_portal/save_settings", {});
  const flow_data = {
    type: "subscription_update",
    subscription_update: { subscription: subscription.id },
  };
  await assert.rejects(stripe.billingPortal.sessions.create({ customer, flow_data }), {
    type: "StripeInvalidRequestError",
    message: /subscription update feature in the portal configuration is disabled/,
  });
});
