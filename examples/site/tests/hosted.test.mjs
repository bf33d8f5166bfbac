// Hosted Checkout.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { CARDS, opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

/** A guest with a mug, on Stripe's page. */
async function onStripesPage(t) {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  await visitor.take("Harbour mug");
  await visitor.checkOut();
  await visitor.page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await visitor.page.getByRole("form", { name: "Payment" }).waitFor();
  return visitor;
}

async function payThere({ page }, card = CARDS.good) {
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Card", { exact: true }).check();
  await page.getByLabel("Card number").fill(card);
  await page.getByLabel("Expiry").fill("12/40");
  await page.getByLabel("Security code").fill("123");
  await page.getByRole("button", { name: /^Pay / }).click();
}

test("whoever pays on Stripe's page comes back, and the order is paid", async (t) => {
  const visitor = await onStripesPage(t);
  await payThere(visitor);
  await visitor.outcome("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
  await visitor.page.goto("/cart");
  await visitor.page.getByText("Your cart is empty.").waitFor();
});

test("after a declined card on Stripe's page another card makes one payment", async (t) => {
  const visitor = await onStripesPage(t);
  await payThere(visitor, CARDS.poor);
  await visitor.page.getByRole("alert").waitFor();
  await payThere(visitor);
  await visitor.outcome("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("the back button leads from Stripe's page to the cart, and there again", async (t) => {
  const visitor = await onStripesPage(t);
  const there = visitor.page.url();
  await visitor.page.goBack();
  await visitor.formIsThere();
  await visitor.page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await visitor.page.getByRole("form", { name: "Payment" }).waitFor();
  assert.equal(new URL(visitor.page.url()).origin, new URL(there).origin);
  await payThere(visitor);
  await visitor.outcome("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("a tab with an outdated order is led to the order, not to Stripe's page", async (t) => {
  const visitor = await visit(t, browser, world, { expected: ["409 (Conflict)"] });
  await visitor.signIn();
  await visitor.take("Harbour mug");
  await visitor.checkOut();
  await visitor.page.getByLabel("On Stripe’s page").check();
  const { page } = visitor;
  // The tab keeps its cart, as if it had missed the other tab's changes.
  const contents = await page.evaluate(() => ({ ...localStorage }));
  const other = await visitor.newTab();
  await other.checkOut();
  await other.pay();
  await other.outcome("paid");
  await other.page.evaluate((contents) => Object.assign(localStorage, contents), contents);
  await page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), other.orderId());
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("a payer who turns back finds the cart, and pays the same order on the site", async (t) => {
  const visitor = await onStripesPage(t);
  await visitor.page.getByRole("link", { name: "Cancel and go back to the shop" }).click();
  await visitor.formIsThere();
  const orderId = visitor.orderId();
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});
