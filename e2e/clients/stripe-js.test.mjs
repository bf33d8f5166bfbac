// The sandbox's stand-in for Stripe.js, without a page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { return_url, sandbox } from "./sandbox.mjs";

/** Loads the script of the sandbox at `url` under the address `src`; returns `Stripe`. */
async function load(url, src = `${url}/endive/stripe.js`, fetch = globalThis.fetch) {
  const window = {};
  const document = { currentScript: { src } };
  const location = { href: "http://127.0.0.1/shop" };
  const context = { window, document, location, fetch, URL, URLSearchParams };
  runInContext(
    await (await globalThis.fetch(`${url}/endive/stripe.js`)).text(),
    createContext(context),
  );
  return window.Stripe;
}

test("a page confirms, is declined, and reads its payment with the publishable key", async (t) => {
  const { stripe, url } = await sandbox(t);
  const page = (await load(url))("pk_test_page");
  const intent = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" });
  const confirm = (method) =>
    page.confirmCardPayment(intent.client_secret, { payment_method: method });

  const declined = await confirm("pm_card_chargeDeclined");
  assert.equal(declined.error.type, "card_error");
  assert.equal(declined.error.payment_intent.status, "requires_payment_method");
  const paid = await confirm("pm_card_visa");
  assert.equal(paid.paymentIntent.status, "succeeded");

  const seen = await page.retrievePaymentIntent(intent.client_secret);
  assert.equal(seen.paymentIntent.id, intent.id);
  assert.equal("metadata" in seen.paymentIntent, false);
});

test("a page makes a payment method that the server pays with", async (t) => {
  const { stripe, url } = await sandbox(t);
  const page = (await load(url))("pk_test_page");

  const billing_details = { name: "Ada", address: { city: "London" } };
  const card = { token: "tok_visa" };
  const made = await page.createPaymentMethod({ type: "card", card, billing_details });

  assert.equal(made.paymentMethod.billing_details.address.city, "London");
  const payment_method = made.paymentMethod.id;
  const params = { amount: 1500, currency: "usd", confirm: true, payment_method, return_url };
  assert.equal((await stripe.paymentIntents.create(params)).status, "succeeded");
});

test("a mistaken page gets an exception, and one without a sandbox an error", async (t) => {
  const { url } = await sandbox(t);
  const Stripe = await load(url);
  assert.throws(() => Stripe("sk_test_secret"), { name: "IntegrationError" });
  const page = Stripe("pk_test_page");
  assert.throws(() => page.elements().create("iban"), { name: "IntegrationError" });
  await assert.rejects(page.confirmPayment({ clientSecret: "pi_1_secret_1" }), {
    name: "IntegrationError",
  });

  const unknown = await page.retrievePaymentIntent("pi_none_secret_none");
  assert.equal(unknown.error.code, "resource_missing");
});

test("in place of Stripe's own script it calls Stripe's own API", async (t) => {
  const { stripe, url } = await sandbox(t);
  const called = [];
  const answered = (address, init) => {
    const { origin, pathname, search } = new URL(address);
    called.push(origin);
    return fetch(url + pathname + search, init);
  };
  const page = (await load(url, "https://js.stripe.com/endive/stripe.js", answered))(
    "pk_test_page",
  );
  const intent = await stripe.paymentIntents.create({ amount: 1500, currency: "usd" });
  const seen = await page.retrievePaymentIntent(intent.client_secret);
  assert.equal(seen.paymentIntent.id, intent.id);
  assert.deepEqual(called, ["https://api.stripe.com"]);
});
