// Tests the saved cards of the stand-in's Payment Element as a payer uses them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./shop.mjs";
import { enterCard, open } from "./stripe.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** The features of a page that shows, saves and removes cards. */
const FEATURES = {
  payment_method_redisplay: "enabled",
  payment_method_save: "enabled",
  payment_method_save_usage: "off_session",
  payment_method_remove: "enabled",
};

/** Saves a card that may be shown again; returns its id. */
async function keep(stripe, customer, card) {
  const { id } = await stripe.paymentMethods.attach(card, { customer });
  await stripe.paymentMethods.update(id, { allow_redisplay: "always" });
  return id;
}

/** Mounts a Payment Element for a payment of a customer with these cards. */
async function mount(shop, cards, features = FEATURES) {
  const { stripe, page } = shop;
  const customer = (await stripe.customers.create()).id;
  const kept = [];
  for (const card of cards) kept.push(await keep(stripe, customer, card));
  const intent = await stripe.paymentIntents.create({ amount: 1500, currency: "usd", customer });
  const session = await stripe.customerSessions.create({
    customer,
    components: { payment_element: { enabled: true, features } },
  });
  const secrets = [intent.client_secret, session.client_secret];
  await page.evaluate(async ([clientSecret, customerSessionClientSecret]) => {
    const options = { clientSecret, customerSessionClientSecret };
    globalThis.elements = globalThis.stripe.elements(options);
    const element = globalThis.elements.create("payment");
    globalThis.told = [];
    for (const name of ["change", "savedpaymentmethodremove"]) {
      element.on(name, (event) => globalThis.told.push({ name, event }));
    }
    const ready = new Promise((resolve) => element.on("ready", resolve));
    element.mount("#here");
    await ready;
  }, secrets);
  return { intent, customer, kept };
}

/** Confirms in the page; resolves with Stripe.js's result. */
const confirm = (page) =>
  page.evaluate(async () => {
    const { elements } = globalThis;
    const { error } = await elements.submit();
    return error
      ? { error }
      : globalThis.stripe.confirmPayment({ elements, redirect: "if_required" });
  });

test("a payer pays with a saved card, without its number", async (t) => {
  const shop = await open(t, browser);
  const { page, stripe } = shop;
  const { intent, kept } = await mount(shop, ["pm_card_mastercard", "pm_card_visa"]);
  const newest = page.getByRole("radio", { name: "visa ending in 4242" });
  assert.ok(await newest.isChecked(), "the newest card is chosen");
  assert.ok(await page.getByLabel("Card number").isHidden());

  await page.getByRole("radio", { name: "mastercard ending in 4444" }).check();
  const { paymentIntent } = await confirm(page);

  assert.equal(paymentIntent.status, "succeeded");
  const paid = await stripe.paymentIntents.retrieve(intent.id);
  assert.equal(paid.payment_method, kept[0]);
  const change = await page.evaluate(() => globalThis.told.at(-1).event);
  assert.equal(change.complete, true);
  assert.equal(change.value.payment_method.id, kept[0]);
});

test("a new card is saved only when its payer agrees", async (t) => {
  for (const agrees of [true, false]) {
    const shop = await open(t, browser);
    const { page, stripe } = shop;
    const { intent, customer } = await mount(shop, []);
    const box = page.getByLabel("Save this card for later payments");
    assert.equal(await box.isChecked(), false);
    assert.ok(await page.getByRole("group", { name: "Saved cards" }).isHidden());
    await enterCard(page, "4242424242424242");
    if (agrees) await box.check();

    const { paymentIntent } = await confirm(page);

    assert.equal(paymentIntent.status, "succeeded");
    const kept = (await stripe.customers.listPaymentMethods(customer)).data;
    assert.deepEqual(kept.map((method) => method.allow_redisplay), agrees ? ["always"] : []);
    const { setup_future_usage } = await stripe.paymentIntents.retrieve(intent.id);
    assert.equal(setup_future_usage, agrees ? "off_session" : null);
  }
});

test("a payer removes a saved card and pays with another", async (t) => {
  const shop = await open(t, browser);
  const { page, stripe } = shop;
  const { customer, kept } = await mount(shop, ["pm_card_mastercard", "pm_card_visa"]);

  await page.getByRole("button", { name: "Remove visa ending in 4242" }).click();
  await page.getByRole("radio", { name: "visa ending in 4242" }).waitFor({ state: "detached" });

  const left = (await stripe.customers.listPaymentMethods(customer)).data;
  assert.deepEqual(left.map(({ id }) => id), [kept[0]]);
  const name = "savedpaymentmethodremove";
  await page.waitForFunction((name) => globalThis.told.some((one) => one.name === name), name);
  assert.ok(await page.getByRole("radio", { name: "mastercard" }).isChecked());
  await page.getByRole("button", { name: "Remove mastercard" }).click();
  await page.getByLabel("Card number").waitFor();
  await enterCard(page, "4242424242424242");
  assert.equal((await confirm(page)).paymentIntent.status, "succeeded");
});

test("a page shows only what its customer session allows", async (t) => {
  const shop = await open(t, browser);
  const { page } = shop;
  await mount(shop, ["pm_card_visa"], { payment_method_redisplay: "enabled" });
  await page.getByRole("radio", { name: "visa ending in 4242" }).waitFor();
  assert.equal(await page.getByRole("button").count(), 0);
  await page.getByRole("radio", { name: "New card" }).check();
  await page.getByLabel("Card number").waitFor();
  assert.equal(await page.getByRole("checkbox").count(), 0);
  const { error } = await confirm(page);
  assert.equal(error.code, "incomplete_number");
});

test("a customer session that is not valid is a load error of the element", async (t) => {
  const { page } = await open(t, browser);

  const error = await page.evaluate(() => {
    const customerSessionClientSecret = "cuss_secret_none";
    const elements = globalThis.stripe.elements({ customerSessionClientSecret });
    const element = elements.create("payment");
    const failed = new Promise((resolve) => element.on("loaderror", resolve));
    element.mount("#here");
    return failed.then((event) => event.error);
  });

  assert.equal(error.type, "invalid_request_error");
});
