// Payments that complete days later: the pages show what the order awaits, and until when.

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

/** Formats a moment in the browser's time zone. */
const moment = ({ page }, at) =>
  page.evaluate(
    (at) =>
      new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" }).format(at * 1000),
    at,
  );

test("a voucher's payer reads its deadline, and no page asks for another payment", async (t) => {
  const visitor = await visit(t, browser, world);
  const { page } = visitor;
  await visitor.signIn();
  const orderId = await visitor.beginMug();
  const intent = await stripe.payLater(orderId, "oxxo");
  const until = await moment(visitor, intent.next_action.oxxo_display_details.expires_after);
  const waits = `We are waiting for your voucher to be paid, until ${until}.`;

  await page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("awaiting");
  await page.getByText(`${waits} Once it is paid, there is nothing else to do.`).waitFor();
  assert.equal(await visitor.button("Pay now").count(), 0);
  await isSound(visitor, "an awaited voucher");
  await page.goto("/orders");
  const line = page.locator(`[data-order="${orderId}"]`);
  await line.getByText(waits).waitFor();
  await line.getByText("Awaiting payment").waitFor();
  await isSound(visitor, "orders with an awaited voucher");
  await page.goto("/cart");
  await page.getByText("Your cart is empty.").waitFor();

  await page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("awaiting");
  await stripe.settle(orderId);
  await visitor.outcome("paid");
  assert.equal(await page.getByText("We are waiting").count(), 0);
});

test("a voucher whose time is over is not said to be open, nor lost", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  const orderId = await visitor.beginMug();
  const intent = await stripe.payLater(orderId, "oxxo");
  const end = intent.next_action.oxxo_display_details.expires_after;
  await visitor.page.clock.setFixedTime((end - 1) * 1000);
  await visitor.page.goto("/orders");
  const line = visitor.page.locator(`[data-order="${orderId}"]`);
  await line.getByText("We are waiting for your voucher").waitFor();
  await visitor.page.clock.setFixedTime(end * 1000);
  await visitor.page.goto("/orders");
  const until = await moment(visitor, end);
  await line.getByText(`We were waiting for your voucher to be paid, until ${until}.`).waitFor();
  await line
    .getByText("If it was paid in time, the confirmation may take some more days.")
    .waitFor();
});

test("the list of orders and the staff page name a bank transfer without a deadline", async (t) => {
  const ada = await visit(t, browser, world, {
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
  });
  await ada.signIn("Ada customer");
  const orderId = await ada.beginMug();
  await stripe.payLater(orderId, "customer_balance");
  // In another browser, without stored orders.
  const elsewhere = await visit(t, browser, world);
  await elsewhere.signIn("Ada customer");
  await elsewhere.page.goto("/orders");
  const line = elsewhere.page.locator(`[data-order="${orderId}"]`);
  await line.getByText("We are waiting for your bank transfer.").waitFor();
  await line.getByRole("link", { name: "Harbour mug" }).click();
  await elsewhere.outcome("awaiting");
  await elsewhere.page.getByText("Once it is sent, there is nothing else to do.").waitFor();
  await ada.page.goto("/orders");
  await ada.page.getByText("We are waiting for your bank transfer.").waitFor();
  await isSound(ada, "a customer's orders with an awaited transfer");

  const sam = await visit(t, browser, world);
  await sam.signIn("Sam support");
  await sam.page.goto("/staff");
  await sam.page.getByLabel("Order id").fill(orderId);
  await sam.button("Find").click();
  await sam.page.getByText("the customer’s bank transfer").waitFor();
  await isSound(sam, "an order whose transfer is awaited");

  await stripe.settle(orderId, "failure");
  await elsewhere.outcome("failed");
  assert.equal((await stripe.charges(orderId)).length, 0);
});
