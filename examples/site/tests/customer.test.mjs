// Customers, in addition to guests: their orders in any browser, and the customer portal.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { isSound } from "./sound.mjs";
import { opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

async function ada(t, options) {
  const visitor = await visit(t, browser, world, options);
  await visitor.signIn("Ada customer");
  return visitor;
}

test("a customer finds an order in another browser than the one that it was made in", async (t) => {
  const orderId = await (await ada(t)).buyMug();
  const elsewhere = await ada(t);
  await elsewhere.page.goto("/orders");
  await elsewhere.page.locator(`[data-order="${orderId}"][data-status="paid"]`).waitFor();
});

test("a customer opens their page at Stripe, and comes back", async (t) => {
  const visitor = await ada(t);
  await visitor.buyMug();
  await visitor.page.goto("/orders");
  await visitor.button("Cards and receipts").click();
  await visitor.page.waitForURL((url) => url.origin === world.sandbox);
  await visitor.page.getByRole("link", { name: "Back to the shop" }).click();
  await visitor.page.waitForURL(`${world.shop}/orders`);
  await visitor.button("Cards and receipts").waitFor();
});

test("a customer saves a card, pays with it in another browser, and removes it", async (t) => {
  const first = await ada(t);
  await first.beginMug();
  await first.fillIn();
  await first.page.getByLabel("Save this card for later payments").check();
  await first.payButton().click();
  await first.outcome("paid");

  const second = await ada(t, { colorScheme: "dark", viewport: { width: 390, height: 844 } });
  const { page } = second;
  const saved = page.getByRole("radio", { name: "visa ending in 4242" });
  await second.take("Tern shirt");
  await page.goto("/checkout");
  await saved.waitFor();
  await isSound(second, "a saved card");
  await second.payButton().click();
  await second.outcome("paid");
  const [charge, ...more] = await stripe.charges(second.orderId());
  assert.deepEqual([charge.amount, more], [2500, []]);

  await second.take("Small sticker");
  await page.goto("/checkout");
  await second.button("Remove visa ending in 4242").click();
  await page.getByLabel("Card number").waitFor();
  await page.reload();
  await second.formIsThere();
  assert.equal(await saved.count(), 0);
});

test("a guest's form saves no card", async (t) => {
  const guest = await visit(t, browser, world);
  await guest.signIn();
  await guest.beginMug();
  assert.equal(await guest.page.getByRole("checkbox").count(), 0);
});
