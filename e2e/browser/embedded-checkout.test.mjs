// Tests embedded Checkout, in the stand-in for Stripe.js, as a payer uses it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./shop.mjs";
import { open, session } from "./stripe.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Creates an embedded session, and mounts its page; returns the session and the frame. */
async function mount({ page, stripe, shop }, more = {}) {
  const made = await session(stripe, {
    ui_mode: "embedded_page",
    return_url: `${shop}/done?session={CHECKOUT_SESSION_ID}`,
    ...more,
  });
  await page.evaluate(
    async ([secret, completes]) => {
      const fetchClientSecret = async () => secret;
      globalThis.completed = 0;
      const onComplete = () => (globalThis.completed += 1);
      const options = { fetchClientSecret, ...(completes && { onComplete }) };
      globalThis.checkout = await globalThis.stripe.createEmbeddedCheckoutPage(options);
      globalThis.checkout.mount("#here");
    },
    [made.client_secret, more.redirect_on_completion === "never"],
  );
  return { made, frame: page.frameLocator("iframe[title=Checkout]") };
}

/** Pays in the frame. */
async function pay(frame, number) {
  await frame.getByLabel("E-mail").fill("ada@example.com");
  await frame.getByLabel("Name", { exact: true }).fill("Ada");
  await frame.getByLabel("Card number").fill(number);
  await frame.getByLabel("Expiry").fill("12/34");
  await frame.getByLabel("Security code").fill("123");
  await frame.getByRole("button", { name: "Pay 30.00 USD" }).click();
}

const CARDS = { payment_method_types: ["card"] };

test("a payer pays in the shop's page, which goes to the return URL", async (t) => {
  const shop = await open(t, browser);
  const { made, frame } = await mount(shop, CARDS);
  const height = await frame.locator("body").evaluate((body) => body.offsetHeight);
  const fits = (height) => document.querySelector("iframe").height === String(height);
  await shop.page.waitForFunction(fits, height);

  await pay(frame, "4000000000000002");
  await frame.getByRole("alert").waitFor();
  await pay(frame, "4242424242424242");

  await shop.page.waitForURL(`${shop.shop}/done?session=${made.id}`);
  const told = (await shop.event("checkout.session.completed")).data.object;
  assert.deepEqual([told.id, told.payment_status], [made.id, "paid"]);
});

test("a code in the frame can make the order free, and the shop's page hears of it", async (t) => {
  const shop = await open(t, browser);
  const { stripe } = shop;
  const coupon = await stripe.coupons.create({ percent_off: 100, duration: "once" });
  const promotion = { type: "coupon", coupon: coupon.id };
  await stripe.promotionCodes.create({ promotion, code: "GIFT" });
  const { made, frame } = await mount(shop, { ...CARDS, allow_promotion_codes: true });

  await frame.getByLabel("Promotion code").fill("GIFT");
  await frame.getByRole("button", { name: "Update the total" }).click();
  // The page with the new total replaces the one before.
  const complete = frame.getByRole("button", { name: "Complete the order" });
  await complete.waitFor();
  await frame.getByLabel("E-mail").fill("ada@example.com");
  await complete.click();

  await shop.page.waitForURL(`${shop.shop}/done?session=${made.id}`);
  const told = (await shop.event("checkout.session.completed")).data.object;
  assert.deepEqual([told.payment_status, told.amount_total], ["no_payment_required", 0]);
});

test("a shop that never redirects hears that its payer is done, after 3-D Secure", async (t) => {
  const shop = await open(t, browser);
  const { page } = shop;
  const { frame } = await mount(shop, { ...CARDS, redirect_on_completion: "never" });
  await pay(frame, "4000000000003220");
  await frame.getByRole("button", { name: "Complete authentication" }).click();

  await page.waitForFunction(() => globalThis.completed > 0);

  assert.equal(await page.evaluate(() => globalThis.completed), 1);
  assert.equal(page.url(), `${shop.shop}/`);
  await frame.getByText("You can go on in the shop.").waitFor();
  await page.evaluate(() => globalThis.checkout.destroy());
  assert.equal(await page.locator("iframe").count(), 0);
  await assert.rejects(
    page.evaluate(() => globalThis.checkout.mount("#here")),
    /IntegrationError: .*destroyed/,
  );
});

test("a page has one embedded Checkout, and mounts it again after it unmounted it", async (t) => {
  const shop = await open(t, browser);
  const { page } = shop;
  const { made, frame } = await mount(shop, CARDS);
  const again = (secret) => globalThis.stripe.createEmbeddedCheckoutPage({ clientSecret: secret });
  await assert.rejects(page.evaluate(again, made.client_secret), /destroy it before/);

  await page.evaluate(() => {
    globalThis.checkout.unmount();
    globalThis.checkout.mount("#here");
  });
  await frame.getByRole("button", { name: "Pay 30.00 USD" }).waitFor();
  await page.evaluate(() => globalThis.checkout.destroy());
  await page.evaluate(again, made.client_secret);
});

test("a session of another mode, and a mistaken option, throw", async (t) => {
  const { page, stripe, shop } = await open(t, browser);
  const return_url = `${shop}/done`;
  const elements = await session(stripe, { ui_mode: "elements", return_url });
  const always = await session(stripe, { ui_mode: "embedded_page", return_url });
  const create = (options) => globalThis.stripe.createEmbeddedCheckoutPage(options);

  for (const [options, words] of [
    [{ clientSecret: elements.client_secret }, /ui_mode embedded_page/],
    [{ clientSecret: "cs_test_none_secret_none" }, /IntegrationError/],
    [{ clientSecret: "nothing" }, /client secret/],
    [{ clientSecret: always.client_secret, onLineItemsChange: true }, /onLineItemsChange/],
    [{ clientSecret: always.client_secret, onComplete: true }, /redirect_on_completion/],
  ]) {
    await assert.rejects(page.evaluate(create, options), words);
  }
});

test("only the page of an embedded session may be framed", async (t) => {
  const { stripe, page, shop, url } = await open(t, browser);
  const hosted = await session(stripe, { success_url: `${shop}/done` });
  const elements = await session(stripe, { ui_mode: "elements", return_url: `${shop}/done` });
  const embedded = await session(stripe, { ui_mode: "embedded_page", return_url: `${shop}/done` });
  const policy = async (made) => {
    const response = await page.request.get(`${url}/c/pay/${made.id}`);
    return [response.status(), response.headers()["content-security-policy"]];
  };

  assert.match((await policy(hosted))[1], /frame-ancestors 'none'/);
  assert.equal((await policy(elements))[0], 404);
  assert.match((await policy(embedded))[1], /frame-ancestors http:\/\/127\.0\.0\.1/);
});
