// Tests sessions of mode subscription, in the stand-in for Stripe.js and on the hosted pages.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./shop.mjs";
import { enterCard, open } from "./stripe.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const PAYER = {
  email: "ada@example.com",
  billingAddress: { name: "Ada", address: { country: "GB", postal_code: "N1 1AA" } },
};

/** Creates a session for two seats of a monthly plan. */
async function session(stripe, more) {
  const price = await stripe.prices.create({
    currency: "usd",
    unit_amount: 1500,
    recurring: { interval: "month" },
    product_data: { name: "Pro" },
  });
  const line_items = [{ price: price.id, quantity: 2 }];
  return stripe.checkout.sessions.create({ mode: "subscription", line_items, ...more });
}

/** Mounts a Payment Element for a session of the shop's own form; returns what the page sees. */
async function mount({ page, stripe, shop }, more = {}) {
  const return_url = `${shop}/done`;
  const made = await session(stripe, { ui_mode: "elements", return_url, ...more });
  const shown = await page.evaluate(async (clientSecret) => {
    const checkout = globalThis.stripe.initCheckoutElementsSdk({ clientSecret });
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

const confirm = (page) =>
  page.evaluate((options) => globalThis.actions.confirm(options), {
    ...PAYER,
    redirect: "if_required",
  });

test("the shop's own form shows a plan's interval and starts it", async (t) => {
  const shop = await open(t, browser);
  const { made, shown } = await mount(shop);
  const { interval, intervalCount, dueNext, trial } = shown.recurring;
  assert.deepEqual([interval, intervalCount, trial], ["month", 1, null]);
  assert.equal(dueNext.total.minorUnitsAmount, 3000);
  const [{ recurring, unitAmount }] = shown.lineItems;
  assert.deepEqual([recurring.interval, unitAmount.minorUnitsAmount], ["month", 1500]);
  await enterCard(shop.page, "4000000000000002");
  const declined = await confirm(shop.page);
  assert.equal(declined.error.code, "paymentFailed");
  await enterCard(shop.page, "4242424242424242");

  const paid = await confirm(shop.page);

  assert.deepEqual(paid.session.status, { type: "complete", paymentStatus: "paid" });
  const now = await shop.stripe.checkout.sessions.retrieve(made.id, { expand: ["subscription"] });
  assert.equal(now.subscription.status, "active");
});

test("a trial in the shop's own form sets up a card that the bank asks about", async (t) => {
  const shop = await open(t, browser);
  const { made, shown } = await mount(shop, { subscription_data: { trial_period_days: 14 } });
  assert.equal(shown.recurring.trial.trialPeriodDays, 14);
  assert.equal(shown.total.total.minorUnitsAmount, 0);
  await enterCard(shop.page, "4000000000003220");

  const confirmed = confirm(shop.page);
  await shop.page.getByText("that you save this card").waitFor();
  await shop.page.getByRole("button", { name: "Complete authentication" }).click();

  const { session: after } = await confirmed;
  assert.deepEqual(after.status, { type: "complete", paymentStatus: "no_payment_required" });
  const now = await shop.stripe.checkout.sessions.retrieve(made.id, { expand: ["subscription"] });
  assert.equal(now.subscription.status, "trialing");
});

test("embedded Checkout starts a plan in the shop's page", async (t) => {
  const shop = await open(t, browser);
  const return_url = `${shop.shop}/done`;
  const made = await session(shop.stripe, { ui_mode: "embedded_page", return_url });
  await shop.page.evaluate(async (clientSecret) => {
    const checkout = await globalThis.stripe.createEmbeddedCheckoutPage({ clientSecret });
    checkout.mount("#here");
  }, made.client_secret);
  const frame = shop.page.frameLocator("iframe[title=Checkout]");
  await frame.getByText("Then 30.00 USD per month").waitFor();
  await frame.getByLabel("E-mail").fill("ada@example.com");
  await frame.getByLabel("Name", { exact: true }).fill("Ada");
  await frame.getByLabel("Card number").fill("4242424242424242");
  await frame.getByLabel("Expiry").fill("12/34");
  await frame.getByLabel("Security code").fill("123");
  await frame.getByRole("button", { name: "Subscribe" }).click();

  await shop.page.waitForURL(return_url);
  const told = (await shop.event("checkout.session.completed")).data.object;
  assert.deepEqual([told.id, told.payment_status], [made.id, "paid"]);
});

test("a customer changes the plan and cancels on the portal's page", async (t) => {
  const { page, shop, stripe } = await open(t, browser);
  const plan = (name, unit_amount) =>
    stripe.prices.create({
      currency: "usd",
      unit_amount,
      recurring: { interval: "month" },
      product_data: { name },
    });
  const [small, large] = [await plan("Small", 1000), await plan("Large", 3000)];
  const customer = await stripe.customers.create({ payment_method: "pm_card_visa" });
  const [card] = (await stripe.customers.listPaymentMethods(customer.id)).data;
  const { id } = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: small.id }],
    default_payment_method: card.id,
  });
  const features = {
    invoice_history: { enabled: true },
    payment_method_update: { enabled: true },
    subscription_cancel: { enabled: true },
    subscription_update: {
      enabled: true,
      default_allowed_updates: ["price", "quantity"],
      products: [{ product: large.product, prices: [large.id] }],
    },
  };
  const configuration = await stripe.billingPortal.configurations.create({ features });
  const portal = await stripe.billingPortal.sessions.create({
    customer: customer.id,
    configuration: configuration.id,
    return_url: shop,
  });
  await page.goto(portal.url);

  await page.getByRole("link", { name: "Change the plan" }).click();
  await page.getByLabel("Large at 30.00 USD per month").check();
  await page.getByLabel("Quantity").fill("2");
  await page.getByRole("button", { name: "Change the plan" }).click();
  await page.getByText("at 30.00 USD per month").waitFor();
  await page.getByRole("link", { name: "Cancel the subscription" }).click();
  await page.getByRole("button", { name: "Cancel the subscription" }).click();
  await page.getByText("Ends on").waitFor();
  await page.getByRole("button", { name: "Keep the subscription" }).click();
  await page.getByText("Renews on").waitFor();
  await page.getByRole("link", { name: "Add a card" }).click();
  await page.getByLabel("Card number").fill("5555555555554444");
  await page.getByLabel("Expiry").fill("12/34");
  await page.getByLabel("Security code").fill("123");
  await page.getByRole("button", { name: "Save this card" }).click();
  await page.getByText("ending in 4444").waitFor();

  const { cancel_at, default_payment_method, items } = await stripe.subscriptions.retrieve(id);
  const [item] = items.data;
  assert.deepEqual([item.price.id, item.quantity, cancel_at], [large.id, 2, null]);
  assert.notEqual(default_payment_method, card.id, "the new card pays from now on");
  await page.getByRole("link", { name: "Back to the shop" }).click();
  await page.waitForURL(`${shop}/`);
});
