// The sandbox with stripe-node: Checkout, the customer portal, bank debits and disputes.

import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { return_url, sandbox } from "./sandbox.mjs";

const success_url = "http://127.0.0.1/done?session={CHECKOUT_SESSION_ID}";

/** The payer's details without the card number. */
const payer = { email: "ada@example.com", name: "Ada" };
const card = { ...payer, method: "card", expiry: "12/34", cvc: "123" };

/** Creates a session for two mugs, with a new price. */
async function session(stripe, more = {}) {
  const price = await stripe.prices.create({
    currency: "usd",
    unit_amount: 1500,
    product_data: { name: "Mug" },
  });
  return stripe.checkout.sessions.create({
    mode: "payment",
    line_items: [{ price: price.id, quantity: 2 }],
    success_url,
    metadata: { order: "o_1" },
    ...more,
  });
}

/** Submits the form of a hosted page, without following redirects. */
const submit = (url, form) =>
  fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });

test("stripe-node makes a session, and the payer pays on its page", async (t) => {
  const { stripe, event } = await sandbox(t);
  const made = await session(stripe, { expand: ["line_items"] });
  assert.equal(made.amount_total, 3000);
  assert.equal(made.line_items.data[0].description, "Mug");

  const declined = await submit(made.url, { ...card, number: "4000000000000002" });
  assert.equal(declined.status, 402);
  const paid = await submit(made.url, { ...card, number: "4242424242424242" });

  assert.equal(paid.status, 303);
  assert.equal(paid.headers.get("location"), `http://127.0.0.1/done?session=${made.id}`);
  const told = (await event("checkout.session.completed")).data.object;
  assert.equal(told.id, made.id);
  assert.equal(told.payment_status, "paid");
  assert.equal(told.metadata.order, "o_1");
  const now = await stripe.checkout.sessions.retrieve(made.id, { expand: ["payment_intent"] });
  assert.equal(now.payment_intent.amount_received, 3000);
  assert.equal(now.customer_details.email, payer.email);
  const items = await stripe.checkout.sessions.listLineItems(made.id);
  assert.equal(items.data[0].quantity, 2);
  const found = await stripe.checkout.sessions.list({ payment_intent: now.payment_intent.id });
  assert.deepEqual(found.data.map(({ id }) => id), [made.id]);
});

test("stripe-node expires a session once, and its page takes no payment then", async (t) => {
  const { stripe, event } = await sandbox(t);
  const made = await session(stripe);

  const expired = await stripe.checkout.sessions.expire(made.id);

  assert.equal(expired.status, "expired");
  assert.equal((await event("checkout.session.expired")).data.object.id, made.id);
  assert.equal((await submit(made.url, { ...card, number: "4242424242424242" })).status, 410);
  const again = stripe.checkout.sessions.expire(made.id);
  await assert.rejects(again, Stripe.errors.StripeInvalidRequestError);
});

test("stripe-node is refused a session as Stripe refuses it", async (t) => {
  const { stripe } = await sandbox(t);
  const line_items = [{ price: "price_none", quantity: 1 }];

  await assert.rejects(session(stripe, { line_items }), {
    type: "StripeInvalidRequestError",
    code: "resource_missing",
    param: "line_items[0][price]",
    statusCode: 400,
  });
});

test("a session that a bank debit pays is unpaid until the bank decides", async (t) => {
  const { stripe, event, control } = await sandbox(t);
  for (const [outcome, type, status] of [
    ["success", "checkout.session.async_payment_succeeded", "paid"],
    ["failure", "checkout.session.async_payment_failed", "unpaid"],
  ]) {
    const made = await session(stripe, { payment_method_types: ["card", "us_bank_account"] });
    const account = { routing_number: "110000000", account_number: "000123456789" };

    const sent = await submit(made.url, { ...payer, ...account, method: "us_bank_account" });

    assert.equal(sent.status, 303);
    const waiting = await stripe.checkout.sessions.retrieve(made.id);
    assert.deepEqual([waiting.status, waiting.payment_status], ["complete", "unpaid"]);
    await control(`payment_intents/${waiting.payment_intent}/settle`, { outcome });
    const told = (await event(type)).data.object;
    assert.deepEqual([told.id, told.payment_status], [made.id, status]);
  }
});

test("stripe-node confirms with a test account, whose debit fails later", async (t) => {
  const { stripe, event, control } = await sandbox(t);
  const method = await stripe.paymentMethods.create({
    type: "us_bank_account",
    us_bank_account: {
      account_holder_type: "individual",
      routing_number: "110000000",
      account_number: "000222222227",
    },
    billing_details: { name: payer.name },
  });
  const intent = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    payment_method_types: ["us_bank_account"],
    payment_method: method.id,
    confirm: true,
  });
  assert.equal(intent.status, "processing");

  await control(`payment_intents/${intent.id}/settle`, {});

  const told = (await event("payment_intent.payment_failed")).data.object;
  assert.equal(told.status, "requires_payment_method");
  assert.equal(told.last_payment_error.code, "insufficient_funds");
});

test("stripe-node opens the portal of a customer that exists", async (t) => {
  const { stripe, control } = await sandbox(t);
  const customer = await stripe.customers.create({ email: payer.email });
  await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
  const early = stripe.billingPortal.sessions.create({ customer: customer.id, return_url });
  await assert.rejects(early, { type: "StripeInvalidRequestError", statusCode: 400 });
  await control("billing_portal/save_settings", {});

  const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url });

  assert.match(portal.id, /^bps_/);
  const page = await (await fetch(portal.url)).text();
  assert.match(page, /visa ending in 4242/);
  assert.ok(page.includes(return_url));
  const stranger = stripe.billingPortal.sessions.create({ customer: "cus_none", return_url });
  await assert.rejects(stranger, { code: "resource_missing", param: "customer" });
});

for (const [evidence, status] of [
  ["winning_evidence", "won"],
  ["losing_evidence", "lost"],
]) {
  test(`stripe-node answers a dispute that is ${status}`, async (t) => {
    const { stripe, event } = await sandbox(t);
    const paid = await stripe.paymentIntents.create({
      amount: 1500,
      currency: "usd",
      confirm: true,
      payment_method: "pm_card_createDisputeProductNotReceived",
      return_url,
    });
    const { data } = await stripe.disputes.list({ payment_intent: paid.id });
    assert.equal(data[0].reason, "product_not_received");
    await event("charge.dispute.funds_withdrawn");

    const answer = { evidence: { uncategorized_text: evidence }, submit: true };
    const decided = await stripe.disputes.update(data[0].id, answer);

    assert.equal(decided.status, status);
    assert.equal((await event("charge.dispute.closed")).data.object.status, status);
    if (status === "won") await event("charge.dispute.funds_reinstated");
    const late = stripe.disputes.close(data[0].id);
    await assert.rejects(late, Stripe.errors.StripeInvalidRequestError);
  });
}
