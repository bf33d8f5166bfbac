// Tests the sandbox's hosted Checkout page with a code, tax and shipping, as a payer uses it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./shop.mjs";
import { open, session } from "./stripe.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const parcel = (display_name, amount, days) => ({
  shipping_rate_data: {
    display_name,
    type: "fixed_amount",
    fixed_amount: { amount, currency: "usd" },
    delivery_estimate: { maximum: { unit: "business_day", value: days } },
  },
});

/** Opens the page of a session with everything that changes its total. */
async function hosted(t) {
  const shop = await open(t, browser);
  const { id } = await shop.stripe.coupons.create({ percent_off: 20 });
  const promotion = { type: "coupon", coupon: id };
  await shop.stripe.promotionCodes.create({ promotion, code: "FIFTH" });
  const made = await session(shop.stripe, {
    success_url: `${shop.shop}/done`,
    payment_method_types: ["card"],
    allow_promotion_codes: true,
    automatic_tax: { enabled: true },
    phone_number_collection: { enabled: true },
    shipping_address_collection: { allowed_countries: ["DE", "US"] },
    shipping_options: [parcel("Parcel", 500, 5), parcel("Express", 1500, 1)],
  });
  await shop.page.setViewportSize({ width: 390, height: 844 });
  await shop.page.goto(made.url);
  return { ...shop, made };
}

async function enterDelivery(page, code) {
  const form = page.getByRole("form", { name: "Delivery and discount" });
  await form.getByLabel("Recipient").fill("Ada");
  await form.getByLabel("Street").fill("Torstr. 1");
  await form.getByLabel("Postal code").fill("10119");
  await form.getByLabel("City").fill("Berlin");
  await form.getByLabel("Country").selectOption("DE");
  await form.getByLabel("Express, 15.00 USD").check();
  await form.getByLabel("Promotion code").fill(code);
  await form.getByLabel("Promotion code").press("Enter");
}

test("a payer sees the total of a code, tax and a parcel before paying it", async (t) => {
  const { page, made, shop, event } = await hosted(t);
  const row = (name) => page.getByRole("row", { name });
  await row("Tax").getByText("needs your address").waitFor();

  await enterDelivery(page, "FIFTH");

  // 24.00 for the mugs, 15.00 for the parcel, and 19 % of both.
  await row("Discount FIFTH").getByText("−6.00 USD").waitFor();
  await row("Tax").getByText("7.41 USD").waitFor();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
  await page.getByLabel("Phone number").fill("+49 30 1234");
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await page.getByLabel("Expiry").fill("12/34");
  await page.getByLabel("Security code").fill("123");
  await page.getByLabel("Security code").press("Enter");
  await page.waitForURL(`${shop}/done`);
  const told = (await event("checkout.session.completed")).data.object;
  assert.deepEqual([told.id, told.amount_total], [made.id, 4641]);
  assert.equal(told.customer_details.phone, "+49 30 1234");
});

test("a code that does not exist is named beside it, and the page fits a phone", async (t) => {
  const { page } = await hosted(t);

  await enterDelivery(page, "SIXTH");

  const form = page.getByRole("form", { name: "Delivery and discount" });
  const alert = form.getByRole("alert");
  assert.match(await alert.textContent(), /The promotion code 'SIXTH' is not valid/);
  assert.equal(await form.getByLabel("City").inputValue(), "Berlin");
  assert.ok(await form.getByLabel("Express, 15.00 USD").isChecked());
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 390);
  const unlabelled = await page.evaluate(() => {
    const fields = [...document.querySelectorAll("input:not([type=hidden]), select")];
    const ids = new Set(fields.map(({ id }) => id));
    if (ids.size < fields.length) return ["an id is used twice"];
    return fields.filter(({ labels }) => labels.length !== 1).map(({ name }) => name);
  });
  assert.deepEqual(unlabelled, []);
});
