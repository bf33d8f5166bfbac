// Tests Elements with a Checkout Session, in the stand-in for Stripe.js, as a payer uses them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./shop.mjs";
import { enterCard, open, session } from "./stripe.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const PAYER = {
  email: "ada@example.com",
  billingAddress: { name: "Ada", address: { country: "GB", postal_code: "N1 1AA" } },
};

/** Creates a session of the shop's own form, and mounts a Payment Element for it. */
async function mount({ page, stripe, shop }, more = {}) {
  const made = await session(stripe, {
    ui_mode: "elements",
    return_url: `${shop}/done?session={CHECKOUT_SESSION_ID}`,
    ...more,
  });
  const shown = await page.evaluate(async (clientSecret) => {
    const checkout = globalThis.stripe.initCheckoutElementsSdk({ clientSecret });
    globalThis.checkout = checkout;
    globalThis.changes = [];
    checkout.on("change", ({ total }) => globalThis.changes.push(total.total.minorUnitsAmount));
    const { actions } = await checkout.loadActions();
    globalThis.actions = actions;
    const element = checkout.createPaymentElement();
    const ready = new Promise((resolve) => element.on("ready", resolve));
    element.mount("#here");
    await ready;
    return actions.getSession();
  }, made.client_secret);
  return { made, shown };
}

/** Runs an action of the session in the page; resolves with its result. */
const act = (page, name, ...args) =>
  page.evaluate(([name, args]) => globalThis.actions[name](...args), [name, args]);

const confirm = (page, options = {}) =>
  act(page, "confirm", { ...PAYER, redirect: "if_required", ...options });

test("a payer pays a session in the shop's own form", async (t) => {
  const shop = await open(t, browser);
  const { made, shown } = await mount(shop);
  assert.deepEqual(shown.status, { type: "open" });
  assert.deepEqual(shown.total.total, { amount: "$30.00", minorUnitsAmount: 3000 });
  assert.deepEqual(
    shown.lineItems.map(({ name, quantity, unitAmount }) => [name, quantity, unitAmount.amount]),
    [["Mug", 2, "$15.00"]],
  );
  assert.equal(shown.canConfirm, false, "the e-mail address is missing");
  await enterCard(shop.page, "4242424242424242");

  const paid = await confirm(shop.page);

  assert.equal(paid.type, "success");
  assert.deepEqual(paid.session.status, { type: "complete", paymentStatus: "paid" });
  const told = (await shop.event("checkout.session.completed")).data.object;
  assert.equal(told.id, made.id);
  assert.equal(told.customer_details.email, PAYER.email);
  assert.equal(told.customer_details.name, "Ada");
});

test("a code, an address and a shipping rate change the amounts before the payment", async (t) => {
  const shop = await open(t, browser);
  const { stripe, page } = shop;
  const coupon = await stripe.coupons.create({ percent_off: 10, name: "Tenth off" });
  const promotion = { type: "coupon", coupon: coupon.id };
  await stripe.promotionCodes.create({ promotion, code: "TENTH" });
  const rate = (display_name, amount) => ({
    shipping_rate_data: {
      display_name,
      type: "fixed_amount",
      fixed_amount: { amount, currency: "usd" },
    },
  });
  const { made, shown } = await mount(shop, {
    allow_promotion_codes: true,
    shipping_address_collection: { allowed_countries: ["GB"] },
    shipping_options: [rate("Letter", 200), rate("Courier", 900)],
  });
  assert.equal(shown.shipping.shippingOption.displayName, "Letter");
  assert.equal(shown.total.total.minorUnitsAmount, 3200);

  const unknown = await act(page, "applyPromotionCode", "NONE");
  assert.equal(unknown.type, "error");
  assert.equal(unknown.error.code, "invalidCode");
  const { session: reduced } = await act(page, "applyPromotionCode", "TENTH");
  assert.equal(reduced.total.discount.minorUnitsAmount, 300);
  assert.equal(reduced.discountAmounts[0].promotionCode, "TENTH");
  assert.equal(reduced.discountAmounts[0].displayName, "Tenth off");
  const { session: whole } = await act(page, "removePromotionCode");
  assert.equal(whole.discountAmounts, null);
  await act(page, "applyPromotionCode", "TENTH");
  const courier = shown.shippingOptions[1].id;
  const { session: faster } = await act(page, "updateShippingOption", courier);
  assert.equal(faster.total.total.minorUnitsAmount, 3600);
  await act(page, "updateEmail", PAYER.email);
  const where = { name: "Ada", address: { line1: "1 Main St", country: "GB" } };
  const abroad = { ...where, address: { ...where.address, country: "US" } };
  assert.equal((await act(page, "updateShippingAddress", abroad)).type, "error");
  const { session: complete } = await act(page, "updateShippingAddress", where);
  assert.equal(complete.shippingAddress.address.line1, "1 Main St");
  assert.equal(complete.canConfirm, true);
  await enterCard(page, "4242424242424242");
  const paid = await act(page, "confirm", { redirect: "if_required" });

  assert.equal(paid.type, "success");
  const changes = await page.evaluate(() => globalThis.changes);
  assert.ok(changes.includes(2900) && changes.at(-1) === 3600, changes.join());
  const told = await stripe.checkout.sessions.retrieve(made.id, { expand: ["payment_intent"] });
  assert.deepEqual(
    [told.amount_total, told.total_details.amount_discount, told.total_details.amount_shipping],
    [3600, 300, 900],
  );
  assert.equal(told.payment_intent.amount_received, 3600);
  assert.equal(told.collected_information.shipping_details.address.line1, "1 Main St");
});

test("a declined payer pays with another card, and passes 3-D Secure", async (t) => {
  const shop = await open(t, browser);
  const { page } = shop;
  await mount(shop);
  await enterCard(page, "4000000000009995");
  const declined = await confirm(page);
  assert.equal(declined.error.code, "paymentFailed");
  assert.equal(declined.error.paymentFailed.declineCode, "insufficient_funds");
  const open_ = await act(page, "getSession");
  assert.equal(open_.lastPaymentError.message, declined.error.message);

  await enterCard(page, "4000000000003220");
  const paid = confirm(page);
  await page.getByRole("button", { name: "Complete authentication" }).click();

  assert.deepEqual((await paid).session.status, { type: "complete", paymentStatus: "paid" });
});

test("a payer of a session pays with a saved card, removes one, and saves a new one", async (t) => {
  const shop = await open(t, browser);
  const { stripe, page } = shop;
  const customer = (await stripe.customers.create({ email: PAYER.email })).id;
  const kept = await stripe.paymentMethods.attach("pm_card_mastercard", { customer });
  await stripe.paymentMethods.update(kept.id, { allow_redisplay: "always" });
  await stripe.paymentMethods.attach("pm_card_visa", { customer });
  const saved_payment_method_options = {
    payment_method_save: "enabled",
    payment_method_remove: "enabled",
  };
  const more = { customer, saved_payment_method_options };
  const { made, shown } = await mount(shop, more);
  assert.deepEqual(
    shown.savedPaymentMethods.map(({ id, card }) => [id, card.last4]),
    [[kept.id, "4444"]],
    "only those that may be shown again",
  );
  assert.equal((await confirm(page)).type, "success");
  const first = await stripe.checkout.sessions.retrieve(made.id, { expand: ["payment_intent"] });
  assert.equal(first.payment_intent.payment_method, kept.id);

  await page.reload();
  await page.evaluate(() => (globalThis.stripe = globalThis.Stripe("pk_test_page")));
  await mount(shop, more);
  await page.getByRole("button", { name: "Remove mastercard ending in 4444" }).click();
  await enterCard(page, "4242424242424242");
  await page.getByLabel("Save this card for later payments").check();
  assert.equal((await confirm(page)).type, "success");
  const left = await stripe.customers.listPaymentMethods(customer, { allow_redisplay: "always" });
  assert.deepEqual(left.data.map(({ card }) => card.last4), ["4242"]);
});

test("by default a paid session leads to its return URL", async (t) => {
  const shop = await open(t, browser);
  const { page } = shop;
  const { made } = await mount(shop);
  await enterCard(page, "4242424242424242");

  await page.evaluate((payer) => void globalThis.actions.confirm(payer), PAYER);

  await page.waitForURL(`${shop.shop}/done?session=${made.id}`);
});

test("a form with missing fields is not sent, and says what is missing", async (t) => {
  const shop = await open(t, browser);
  const { page, stripe } = shop;
  await mount(shop);
  const invalid = await act(page, "validateElements");
  assert.equal(invalid.error.validation_errors[0].element, "payment");
  assert.equal((await confirm(page)).type, "error");
  await enterCard(page, "4242424242424242");
  const unknown = await confirm(page, { email: undefined });
  assert.match(unknown.error.message, /email/);
  assert.deepEqual((await stripe.paymentIntents.list()).data, []);
});

test("the shop's server changes a session while the page waits", async (t) => {
  const shop = await open(t, browser);
  const { page, stripe } = shop;
  const { made } = await mount(shop);
  await page.exposeFunction("expire", () => stripe.checkout.sessions.expire(made.id));

  const result = await page.evaluate(() => globalThis.actions.runServerUpdate(globalThis.expire));

  assert.deepEqual(result.session.status, { type: "expired" });
});

test("each release of Stripe.js has its own names", async (t) => {
  const elements = { ui_mode: "elements", return_url: "http://127.0.0.1/done" };
  for (const release of ["clover", "basil"]) {
    const { page, stripe } = await open(t, browser, release);
    const { client_secret } = await session(stripe, elements);
    const total = await page.evaluate(async (clientSecret) => {
      const fetchClientSecret = async () => clientSecret;
      if (globalThis.Stripe.version === "basil") {
        const checkout = await globalThis.stripe.initCheckout({ fetchClientSecret });
        return checkout.session().total.total.amount;
      }
      const { actions } = await globalThis.stripe.initCheckout({ clientSecret }).loadActions();
      return actions.getSession().total.total.amount;
    }, client_secret);
    assert.equal(total, "$30.00", release);
  }
  const { page } = await open(t, browser);
  for (const [from, to] of [
    ["initCheckout", "initCheckoutElementsSdk"],
    ["initEmbeddedCheckout", "createEmbeddedCheckoutPage"],
  ]) {
    const old = page.evaluate((name) => globalThis.stripe[name]({}), from);
    await assert.rejects(old, new RegExp(`IntegrationError: ${from} is now ${to}`));
  }
});

test("what the sandbox does not support throws an error with its name", async (t) => {
  const shop = await open(t, browser);
  const { page } = shop;
  await mount(shop);
  for (const name of ["updateLineItemQuantity", "updateTaxIdInfo", "addOptionalLineItem"]) {
    await assert.rejects(act(page, name, {}), new RegExp(`IntegrationError: .*${name}`));
  }
  const element = () => globalThis.checkout.createExpressCheckoutElement();
  await assert.rejects(page.evaluate(element), /createExpressCheckoutElement/);
  await assert.rejects(confirm(page, { onRequiresApproval: true }), /onRequiresApproval/);
});
