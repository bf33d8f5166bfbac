// A shop in Node charges saved cards while their payers are away.

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

/** Starts the payment of an order of 19.99 euros that `subject`, a customer, buys. */
async function start(subject, claims) {
  const order = await signed({ amount: 1999, currency: "eur", ...claims }, subject);
  return shop.call("/api/create-intent", { order }, { subject, roles: ["customer"] });
}

/** The id of a payment intent. */
const intentOf = ({ clientSecret }) => clientSecret.split("_secret_")[0];

test("a card that its payer saved is charged in their absence, once", async () => {
  const first = await start("ada", { orderId: "first-1", setupFutureUsage: "off_session" });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const { customer } = await shop.confirm(first.body);
  await shop.told("order.paid", "first-1");

  const renewal = { orderId: "renewal-1", offSession: true };
  const [charged, again] = await Promise.all([start("ada", renewal), start("ada", renewal)]);

  for (const { status, body } of [charged, again].filter(({ status }) => status !== 409))
    assert.deepEqual([status, body.status, body.clientSecret], [200, "paid", null]);
  assert.ok([charged, again].some(({ status }) => status === 200), JSON.stringify(again.body));
  const { data } = await shop.told("order.paid", "renewal-1");
  assert.equal(data.amount, 1999);
  const charges = (await shop.stripe.charges.list({ customer })).data;
  const renewed = charges.filter(({ payment_intent }) => payment_intent === data.paymentIntent);
  assert.deepEqual(renewed.map(({ status, amount }) => [status, amount]), [["succeeded", 1999]]);
  assert.equal(charges.length, 2);
});

test("a charge that the bank wants its payer for is completed by the payer", async () => {
  const first = await start("grace", { orderId: "first-2" });
  const { customer } = await shop.stripe.paymentIntents.retrieve(intentOf(first.body));
  const card = await shop.stripe.paymentMethods.attach("pm_card_authenticationRequired", {
    customer,
  });

  const asked = await start("grace", { orderId: "renewal-2", offSession: true });
  assert.deepEqual(
    [asked.status, asked.body.error.code],
    [402, "authentication_required"],
    JSON.stringify(asked.body),
  );
  const { clientSecret } = asked.body.error;
  const confirmed = await shop.confirm({ clientSecret }, card.id);
  assert.equal(confirmed.status, "requires_action");
  const challenge = { client_secret: clientSecret, outcome: "success" };
  await shop.tell(`payment_intents/${confirmed.id}/authenticate`, challenge);

  const { data } = await shop.told("order.paid", "renewal-2");
  assert.deepEqual([data.amount, data.paymentIntent], [1999, confirmed.id]);
});

test("a customer without a saved card is charged nothing", async () => {
  const asked = await start("eve", { orderId: "renewal-3", offSession: true });
  assert.deepEqual([asked.status, asked.body.error.code], [409, "no_saved_payment_method"]);
});
