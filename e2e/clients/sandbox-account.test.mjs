// The sandbox with stripe-node: customers, cards, events, endpoints, errors.

import assert from "node:assert/strict";
import { test } from "node:test";
import Stripe from "stripe";
import { endpoint } from "./program.mjs";
import { return_url, sandbox, SECRET } from "./sandbox.mjs";

test("stripe-node keeps a customer's card and charges it later", async (t) => {
  const { stripe, event } = await sandbox(t);
  const customer = await stripe.customers.create({ email: "ada@example.com", name: "Ada" });
  const card = await stripe.paymentMethods.create({
    type: "card",
    card: { number: "4242424242424242", exp_month: 12, exp_year: 2044, cvc: "123" },
  });

  await stripe.paymentMethods.attach(card.id, { customer: customer.id });
  const kept = await stripe.customers.listPaymentMethods(customer.id, { type: "card" });
  assert.deepEqual(kept.data.map(({ id }) => id), [card.id]);
  const paid = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    customer: customer.id,
    payment_method: card.id,
    off_session: true,
    confirm: true,
    return_url,
  });
  assert.equal(paid.status, "succeeded");
  assert.equal((await event("payment_method.attached")).data.object.customer, customer.id);

  assert.equal((await stripe.paymentMethods.detach(card.id)).customer, null);
  assert.equal((await stripe.customers.del(customer.id)).deleted, true);
  assert.equal((await stripe.customers.retrieve(customer.id)).deleted, true);
});

test("stripe-node pages through all events", async (t) => {
  const { stripe } = await sandbox(t);
  for (let made = 0; made < 5; made += 1) await stripe.customers.create({ name: `c${made}` });

  const names = [];
  for await (const { data } of stripe.events.list({ type: "customer.created", limit: 2 })) {
    names.push(data.object.name);
  }

  assert.deepEqual(names, ["c4", "c3", "c2", "c1", "c0"]);
  const { data } = await stripe.events.list({ limit: 1 });
  assert.equal((await stripe.events.retrieve(data[0].id)).type, "customer.created");
});

test("stripe-node creates an endpoint, and verifies with the secret it received", async (t) => {
  const { stripe, event } = await sandbox(t);
  const mine = await endpoint(t);

  const made = await stripe.webhookEndpoints.create({
    url: mine.url,
    enabled_events: ["customer.created"],
  });
  await stripe.products.create({ name: "Mug" });
  const customer = await stripe.customers.create({});

  const told = await event("customer.created", made.secret, mine);
  assert.equal(told.data.object.id, customer.id);
  assert.equal(mine.received.length, 1);
  assert.equal((await stripe.webhookEndpoints.retrieve(made.id)).secret, undefined);
  const off = await stripe.webhookEndpoints.update(made.id, { disabled: true });
  assert.equal(off.status, "disabled");
  assert.equal((await stripe.webhookEndpoints.list()).data.length, 1);
  assert.equal((await stripe.webhookEndpoints.del(made.id)).deleted, true);
});

test("stripe-node parses a thin event, and fetches what it is about", async (t) => {
  const { stripe, hook } = await sandbox(t, "thin");
  const intent = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" });

  const { headers, body } = await hook.next(() => true);
  const signature = headers["stripe-signature"];
  const thin = stripe.parseEventNotification(body, signature, SECRET);

  assert.equal(thin.type, "v1.payment_intent.created");
  assert.equal((await thin.fetchRelatedObject()).id, intent.id);
  assert.equal((await stripe.v2.core.events.retrieve(thin.id)).related_object.id, intent.id);
  assert.throws(() => stripe.parseEventNotification(body, signature, "whsec_another"));
});

test("stripe-node gets Stripe's errors, with type, code, parameter and status", async (t) => {
  const { stripe } = await sandbox(t);
  const create = (params) => () => stripe.paymentIntents.create(params);
  const mug = { amount: 1500, currency: "usd" };
  const cases = [
    [create({ ...mug, amout: 1 }), "parameter_unknown", "amout", 400],
    [create({ currency: "usd" }), "parameter_missing", "amount", 400],
    [create({ ...mug, amount: "ten" }), "parameter_invalid_integer", "amount", 400],
    [create({ ...mug, amount: 1 }), "amount_too_small", "amount", 400],
    [create({ ...mug, confirm: true, payment_method: "pm_card_visa" }), undefined, undefined, 400],
    [create({ ...mug, customer: "cus_none" }), "resource_missing", "customer", 400],
    [() => stripe.paymentIntents.retrieve("pi_none"), "resource_missing", "intent", 404],
    [() => stripe.customers.retrieve("cus_none"), "resource_missing", "id", 404],
  ];
  for (const [request, code, param, statusCode] of cases) {
    await assert.rejects(request, (error) => {
      assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
      assert.deepEqual(
        { type: error.rawType, code: error.code, param: error.param, status: error.statusCode },
        { type: "invalid_request_error", code, param, status: statusCode },
      );
      assert.match(error.requestId, /^req_/);
      return true;
    });
  }
});

test("stripe-node with a key that is none is told so", async (t) => {
  const { url } = await sandbox(t);
  const { hostname, port } = new URL(url);
  const options = { host: hostname, port: Number(port), protocol: "http", telemetry: false };
  const at = (key) => new Stripe(key, options).events.list();

  await assert.rejects(at("nonsense"), Stripe.errors.StripeAuthenticationError);
  await assert.rejects(at("pk_test_browser"), Stripe.errors.StripePermissionError);
});

test("stripe-node tries again when the sandbox fails, and creates once", async (t) => {
  const { stripe, control } = await sandbox(t);
  for (const kind of ["error", "bad_gateway", "lost_answer", "reset"]) {
    await control("faults", { kind, method: "POST", path_prefix: "/v1/customers" });
    await stripe.customers.create({ name: kind });
  }

  const { data } = await stripe.customers.list();

  const names = data.map(({ name }) => name);
  assert.deepEqual(names, ["reset", "lost_answer", "bad_gateway", "error"]);
});

test("stripe-node sets up a card, and charges it later", async (t) => {
  const { stripe, event } = await sandbox(t);
  const customer = await stripe.customers.create();
  const setup = await stripe.setupIntents.create({
    customer: customer.id,
    payment_method: "pm_card_visa",
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
    confirm: true,
  });
  assert.equal(setup.status, "succeeded");
  assert.equal((await event("setup_intent.succeeded")).data.object.id, setup.id);

  const paid = await stripe.paymentIntents.create({
    amount: 1500,
    currency: "usd",
    customer: customer.id,
    payment_method: setup.payment_method,
    off_session: true,
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: "never" },
  });

  assert.equal(paid.status, "succeeded");
});
