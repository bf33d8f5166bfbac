// The other way to pay: Stripe's own page, and back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { farebox, freePort, Lifetime, site } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { CARDS, launch, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  // Payers are sent back to this site, so Farebox has to know where it will be.
  const port = await freePort();
  const { origin, sandbox } = await farebox(lifetime, { variables: { FAREBOX_RETURN_ORIGINS: `http://127.0.0.1:${port}` } });
  world = { shop: await site(lifetime, origin, {}, port), sandbox };
  stripe = new Stripe(sandbox);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await lifetime.end();
});

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
  await visitor.page.getByText("Nothing in it yet.").waitFor();
});

test("whoever turns back on Stripe's page finds the cart, and pays the same order on the site", async (t) => {
  const visitor = await onStripesPage(t);
  await visitor.page.getByRole("link", { name: "Cancel and go back to the shop" }).click();
  await visitor.formIsThere();
  const orderId = visitor.orderId();
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});
