// Orders that end unpaid: canceled by their buyer or by staff, or expired.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { signed } from "./signed.mjs";
import { isSound } from "./sound.mjs";
import { opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

const SMALL = { colorScheme: "dark", viewport: { width: 390, height: 844 } };

async function account(t, name, options) {
  const visitor = await visit(t, browser, world, options);
  await visitor.signIn(name);
  return visitor;
}

/** Presses the button of an order, and confirms. */
async function cancel(visitor) {
  await visitor.button("Cancel order…").click();
  await visitor.page.getByRole("dialog").getByRole("button", { name: "Cancel order" }).click();
}

test("a buyer cancels an unpaid order after a question, and the cart starts another", async (t) => {
  const visitor = await account(t, undefined, { ...SMALL, expected: ["409 (Conflict)"] });
  const { page } = visitor;
  const orderId = await visitor.beginMug();
  await page.goto("/orders");
  const line = page.locator(`[data-order="${orderId}"]`);
  await line.getByRole("button", { name: "Cancel order…" }).waitFor();
  await isSound(visitor, "an order that can be canceled");
  await visitor.button("Cancel order…").click();
  const question = page.getByRole("dialog", { name: "Cancel this order?" });
  await question.getByText("It can no longer be paid then.").waitFor();
  await isSound(visitor, "the question before a cancellation");
  await visitor.button("Keep it").click();
  await line.and(page.locator('[data-status="created"]')).waitFor();
  await cancel(visitor);
  await line.and(page.locator('[data-status="canceled"]')).waitFor();
  const told = line.getByText("You canceled this order: nothing is charged for it.");
  await told.waitFor();
  assert.ok(await told.evaluate((text) => text.parentElement === document.activeElement));
  assert.equal(await visitor.button("Cancel order…").count(), 0);
  await isSound(visitor, "an order that was canceled");
  assert.deepEqual((await stripe.intents(orderId)).map(({ status }) => status), ["canceled"]);

  await visitor.checkOut();
  await visitor.pay();
  await visitor.outcome("paid");
  assert.notEqual(visitor.orderId(), orderId);
});

test("a buyer cancels at the order itself, which says so", async (t) => {
  const visitor = await account(t, undefined, SMALL);
  const orderId = await visitor.beginMug();
  await visitor.page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("open");
  await isSound(visitor, "an order that is not paid");
  await cancel(visitor);
  await visitor.outcome("canceled");
  await visitor.page.getByText("You canceled this order: nothing is charged for it.").waitFor();
  assert.equal(await visitor.button("Cancel order…").count(), 0);
  assert.equal(await visitor.button("Pay now").count(), 0);
  await isSound(visitor, "an order canceled at its page");
});

test("an order that was paid meanwhile is not canceled, and the page says why", async (t) => {
  const visitor = await account(t, undefined, { ...SMALL, expected: ["409 (Conflict)"] });
  const { page } = visitor;
  const orderId = await visitor.beginMug();
  await page.goto("/orders");
  await visitor.button("Cancel order…").waitFor();
  await stripe.payByCard(orderId);
  await cancel(visitor);
  const line = page.locator(`[data-order="${orderId}"][data-status="paid"]`);
  await line.getByRole("alert").getByText("This order is paid already.").waitFor();
  assert.equal(await visitor.button("Cancel order…").count(), 0);
  await isSound(visitor, "an order that was paid before it was canceled");
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("a cancellation without an answer is told as unknown, and can be repeated", async (t) => {
  const visitor = await account(t, undefined, { expected: ["Failed to load resource"] });
  const { page } = visitor;
  const orderId = await visitor.beginMug();
  await page.goto("/orders");
  await page.route("**/api/payments/cancel", (route) => route.abort(), { times: 1 });
  await cancel(visitor);
  const unknown = page.getByRole("alert").filter({ hasText: "does not respond" });
  await unknown.getByText("it is not known whether the order was canceled").waitFor();
  const line = page.locator(`[data-order="${orderId}"]`);
  assert.equal(await line.getAttribute("data-status"), "created");
  await cancel(visitor);
  await line.getByText("You canceled this order").waitFor();
  assert.equal(await unknown.count(), 0);
});

test("an order whose voucher is awaited has no button to cancel it", async (t) => {
  const visitor = await account(t);
  const orderId = await visitor.beginMug();
  await stripe.payLater(orderId, "oxxo");
  await visitor.page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("awaiting");
  assert.equal(await visitor.button("Cancel order…").count(), 0);
});

test("staff cancel an unpaid order with a reason", async (t) => {
  const visitor = await account(t);
  const orderId = await visitor.beginMug();
  const fin = await account(t, "Fin finance", SMALL);
  await fin.find(orderId);
  await fin.page.getByLabel("Why").selectOption("Abandoned by the customer");
  await isSound(fin, "staff's unpaid order");
  await cancel(fin);
  await fin.orderIs("canceled");
  await fin.page.getByText("The order is canceled: the customer can no longer pay it.").waitFor();
  await fin.page.getByRole("definition").getByText("Abandoned by the customer").waitFor();
  await isSound(fin, "an unpaid order that staff canceled");
  await visitor.page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("canceled");
});

test("an order whose session expired says so, and is paid anew", async (t) => {
  const visitor = await account(t, undefined, SMALL);
  const { page } = visitor;
  const orderId = await visitor.beginMug();
  await page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await page.getByRole("form", { name: "Payment" }).waitFor();
  const [session] = page.url().match(/cs_\w+/);
  await stripe.tell(`checkout/sessions/${session}/expire`);

  await page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("expired");
  await page.getByText("The time to pay this order was over before it was paid.").waitFor();
  await isSound(visitor, "an expired order");
  await page.goto("/orders");
  const line = page.locator(`[data-order="${orderId}"]`);
  await line.getByText("Expired").waitFor();
  await isSound(visitor, "orders with an expired one");
  const fin = await account(t, "Fin finance", SMALL);
  await fin.page.goto("/staff");
  await fin.page.getByLabel("Status").selectOption("Expired");
  await fin.page.locator(`[data-order="${orderId}"]`).getByRole("button").click();
  await fin.page.getByText("The customer can still pay this order anew").waitFor();
  await isSound(fin, "staff's expired order");

  await line.getByRole("link").click();
  await visitor.button("Pay now").click();
  await visitor.formIsThere();
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("a cart whose order's time is over starts another order", async (t) => {
  const ada = await account(t, "Ada customer", { expected: ["409 (Conflict)"] });
  await ada.take("Harbour mug");
  // Of itself, Farebox gives an order a minute at least: the site signs one that has seconds.
  const expiresAt = Math.floor(Date.now() / 1000) + 5;
  const body = { order: await signed({ orderId: "o1", amount: 1500, currency: "usd", expiresAt }) };
  const begin = () => ada.call("create-intent", { method: "POST", body });
  assert.equal((await begin()).status, 200);
  while ((await begin()).body.error?.code !== "order_expired");
  await ada.page.evaluate(() => {
    const held = { contents: "", key: crypto.randomUUID(), orderId: "o1" };
    localStorage.setItem("farebox.cart", JSON.stringify(held));
  });

  const refused = ada.page.waitForResponse((response) => response.status() === 409);
  await ada.checkOut();
  assert.equal((await (await refused).json()).error.code, "order_expired");
  await ada.pay();
  await ada.outcome("paid");
  assert.notEqual(ada.orderId(), "o1");
  assert.equal((await stripe.charges("o1")).length, 0);
});
