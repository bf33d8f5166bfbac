// Customers, in addition to guests: their orders in any browser, and the customer portal.

import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world;

before(async () => {
  ({ browser, world } = await opened(lifetime));
});
after(() => lifetime.end());

async function ada(t) {
  const visitor = await visit(t, browser, world);
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
