// Checkout with a code, tax and shipping: what the pages say of the order's amounts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FOLDER, Lifetime } from "./processes.mjs";
import { isSound } from "./sound.mjs";
import { CARDS, opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  const variables = { FAREBOX_CHECKOUT: `${FOLDER}checkout.json` };
  ({ browser, world, stripe } = await opened(lifetime, { variables }));
  await stripe.promotionCode("TENTH", 10);
  await stripe.promotionCode("GIFT", 100);
});
after(() => lifetime.end());

const SMALL = { colorScheme: "dark", viewport: { width: 390, height: 844 } };

/** Ada with a mug, at the checkout in the chosen way. */
async function ada(t, way, options) {
  const visitor = await visit(t, browser, world, options);
  await visitor.signIn("Ada customer");
  await visitor.take("Harbour mug");
  await visitor.checkOut();
  await visitor.page.getByLabel(way).check();
  return visitor;
}

/** Checkout in a frame of the shop's page. */
async function embedded(t, options) {
  const visitor = await ada(t, "in this page", options);
  const frame = visitor.page.frameLocator("iframe[title=Checkout]");
  await frame.getByRole("form", { name: "Payment" }).waitFor();
  return { visitor, frame };
}

async function enterDelivery(where, { code, rate = "Courier" }) {
  const form = where.getByRole("form", { name: "Delivery and discount" });
  await form.getByLabel("Recipient").fill("Ada");
  await form.getByLabel("Street").fill("Torstr. 1");
  await form.getByLabel("Postal code").fill("10119");
  await form.getByLabel("City").fill("Berlin");
  await form.getByLabel("Country").selectOption("DE");
  await form.getByLabel(rate).check();
  await form.getByLabel("Promotion code").fill(code);
  await form.getByRole("button", { name: "Update the total" }).click();
}

async function pay(where) {
  await where.getByLabel("E-mail").fill("ada@example.com");
  await where.getByLabel("Name", { exact: true }).fill("Ada");
  await where.getByLabel("Card", { exact: true }).check();
  await where.getByLabel("Card number").fill(CARDS.good);
  await where.getByLabel("Expiry").fill("12/40");
  await where.getByLabel("Security code").fill("123");
  await where.getByRole("button", { name: /^Pay / }).click();
}

/** The rows of a list of amounts. */
const amounts = (where) =>
  where
    .locator(".amount")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((one) => one.textContent)));

/** A mug with 10 % off, a courier, and 19 % of both. */
const WHOLE = [
  ["Subtotal", "$15.00"],
  ["Discount", "-$1.50"],
  ["Shipping", "$14.90"],
  ["Tax", "$5.40"],
  ["Total", "$33.80"],
];

test("embedded Checkout makes an order that shows its five amounts to all", async (t) => {
  // Chromium logs the code that does not exist.
  const { visitor, frame } = await embedded(t, { ...SMALL, expected: ["400 (Bad Request)"] });
  const { page } = visitor;
  const summary = page.getByRole("region", { name: "Order summary" });
  await summary.getByText("Subtotal $15.00").waitFor();
  await isSound(visitor, "embedded Checkout");

  await enterDelivery(frame, { code: "NONE" });
  await frame.getByRole("alert").getByText("NONE").waitFor();
  await enterDelivery(frame, { code: "TENTH" });
  await frame.getByRole("row", { name: "Total" }).getByText("33.80 USD").waitFor();
  await pay(frame);
  await visitor.outcome("paid");
  const orderId = visitor.orderId();
  assert.deepEqual(await amounts(page), WHOLE);
  await page.getByRole("definition").getByText("Harbour mug").waitFor();
  await isSound(visitor, "a paid order with five amounts");
  const [charge, ...more] = await stripe.charges(orderId);
  assert.deepEqual([charge.amount, more], [3380, []]);

  await page.goto("/orders");
  const line = page.locator(`[data-order="${orderId}"]`);
  const sum = "$33.80 Discount -$1.50 Shipping $14.90 Tax $5.40";
  assert.equal((await line.locator(".order-sum").innerText()).replace(/\s+/g, " "), sum);
  await isSound(visitor, "orders with their amounts");
  await page.goto("/cart");
  await page.getByText("Your cart is empty.").waitFor();

  const sam = await visit(t, browser, world, SMALL);
  await sam.signIn("Sam support");
  await sam.page.goto("/staff");
  await sam.page.locator(`[data-order="${orderId}"]`).getByRole("button").click();
  await sam.page.locator(".amount").first().waitFor();
  assert.deepEqual(await amounts(sam.page), WHOLE);
  await isSound(sam, "staff's order with its amounts");
});

test("before the payment no page calls the price of the goods a total", async (t) => {
  const { visitor, frame } = await embedded(t);
  const { page } = visitor;
  const orderId = await visitor.orderOfCart();
  await enterDelivery(frame, { code: "TENTH" });
  await page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("open");
  assert.deepEqual(await amounts(page), [["Price of the goods", "$15.00"]]);
});

test("a code on Stripe's page takes off the goods, and shipping and tax are paid", async (t) => {
  const visitor = await ada(t, "On Stripe’s page");
  const { page } = visitor;
  await page.getByText("Subtotal $15.00").waitFor();
  await visitor.button("Continue to Stripe").click();
  await enterDelivery(page, { code: "GIFT", rate: "Letter" });
  await page.getByRole("row", { name: "Total" }).getByText("5.83 USD").waitFor();
  await pay(page);
  await visitor.outcome("paid");
  assert.deepEqual(await amounts(page), [
    ["Subtotal", "$15.00"],
    ["Discount", "-$15.00"],
    ["Shipping", "$4.90"],
    ["Tax", "$0.93"],
    ["Total", "$5.83"],
  ]);
});

test("a payer who changes the way of paying has one order, and pays it once", async (t) => {
  const { visitor, frame } = await embedded(t);
  const { page } = visitor;
  const orderId = await visitor.orderOfCart();
  await page.getByLabel("Card or wallet").check();
  await visitor.formIsThere();
  await page.getByLabel("in this page").check();
  await frame.getByRole("form", { name: "Payment" }).waitFor();
  await enterDelivery(frame, { code: "", rate: "Letter" });
  await frame.getByRole("row", { name: "Total" }).getByText("23.68 USD").waitFor();
  await pay(frame);
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});
