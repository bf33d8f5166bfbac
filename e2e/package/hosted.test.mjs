// HostedCheckoutButton and EmbeddedCheckout, as payers use them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime, opened, payThere, visit } from "./shop.mjs";

const lifetime = new Lifetime();
let world, stripe;

before(async () => {
  world = await opened(lifetime);
  ({ stripe } = world);
});
after(() => lifetime.end());

async function onStripesPage(visitor, query = "") {
  await visitor.page.goto(`/hosted${query}`);
  await visitor.button("Pay on Stripe’s page").click();
  await visitor.page.getByRole("form", { name: "Payment" }).waitFor();
}

test("whoever pays on Stripe's page comes back, and the order is paid", async (t) => {
  const visitor = await visit(t, world);
  await onStripesPage(visitor);
  await payThere(visitor.page);
  await visitor.state("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
  assert.equal(await visitor.cart(), null);
});

test("the back button leads from Stripe's page to the button, and there again", async (t) => {
  const visitor = await visit(t, world);
  await onStripesPage(visitor);
  const there = visitor.page.url();
  await visitor.page.goBack();
  const { orderId } = await visitor.cart();
  await visitor.button("Pay on Stripe’s page").click();
  await visitor.page.waitForURL(there);
  await payThere(visitor.page);
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
});

test("an answer that is lost is asked for again, with the same key", async (t) => {
  const visitor = await visit(t, world, { expected: ["ERR_FAILED"] });
  const keys = await visitor.losesAnswers("create-checkout");
  await visitor.page.goto("/hosted");
  await visitor.button("Pay on Stripe’s page").click();
  await visitor.alert("trying again does not charge you twice").waitFor();
  const asked = visitor.page.waitForRequest(/create-checkout/);
  await visitor.button("Pay on Stripe’s page").click();
  keys.push((await asked).headers()["idempotency-key"]);
  await visitor.page.getByRole("form", { name: "Payment" }).waitFor();
  assert.equal(new Set(keys).size, 1);
});

test("the way can change before the payment: it is one order", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  await onStripesPage(visitor);
  await payThere(visitor.page);
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("an order that was paid in another tab is shown, and Stripe's page is not", async (t) => {
  const visitor = await visit(t, world, { expected: ["409 (Conflict)"] });
  await visitor.checkOut();
  const other = await visitor.newTab();
  await other.page.goto("/hosted");
  const kept = JSON.stringify(await visitor.cart());
  await visitor.pay();
  await visitor.state("paid");
  // The other tab did not hear of it.
  await other.page.evaluate((text) => localStorage.setItem("farebox.cart", text), kept);
  await other.button("Pay on Stripe’s page").click();
  await other.state("paid");
  assert.equal(other.orderId(), visitor.orderId());
});

test("Checkout in a frame of the page is paid, and leads to the return page", async (t) => {
  const visitor = await visit(t, world);
  const before = await stripe.total();
  await visitor.page.goto("/embedded");
  const frame = visitor.page.frameLocator("iframe[title=Checkout]");
  await payThere(frame);
  await visitor.state("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
  assert.equal((await stripe.total()) - before, 1);
  assert.equal(await visitor.cart(), null);
});
