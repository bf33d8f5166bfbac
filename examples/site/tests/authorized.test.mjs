// Payments that are authorized first: staff capture or cancel them, and the pages tell both sides.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { signed } from "./signed.mjs";
import { isSound } from "./sound.mjs";
import { opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  const variables = { FAREBOX_CAPTURE: "manual" };
  ({ browser, world, stripe } = await opened(lifetime, { variables }));
});
after(() => lifetime.end());

const SMALL = { colorScheme: "dark", viewport: { width: 390, height: 844 } };

async function account(t, name, options) {
  const visitor = await visit(t, browser, world, options);
  await visitor.signIn(name);
  return visitor;
}

/** A guest whose mug is authorized, at the return page. */
async function buyer(t, options) {
  const visitor = await account(t, undefined, options);
  await visitor.beginMug();
  await visitor.pay();
  await visitor.outcome("authorized");
  return { visitor, orderId: visitor.orderId() };
}

const intentOf = async (orderId) => (await stripe.intents(orderId))[0];

test("staff capture a part of a held payment, after a question, and both sides see", async (t) => {
  const { visitor, orderId } = await buyer(t, SMALL);
  const held = "Your payment of $15.00 is held, and is charged when the goods leave.";
  await visitor.page.getByText(held).waitFor();
  assert.equal(await visitor.button("Cancel order…").count(), 0);
  await isSound(visitor, "a held payment");
  await visitor.page.goto("/orders");
  const line = visitor.page.locator(`[data-order="${orderId}"]`);
  await line.getByText("Authorized").waitFor();
  await line.getByText(held).waitFor();
  assert.equal(await visitor.button("Cancel order…").count(), 0);
  await isSound(visitor, "orders with a held payment");
  await visitor.page.goto("/cart");
  await visitor.page.getByText("Your cart is empty.").waitFor();

  const fin = await account(t, "Fin finance", SMALL);
  const { page } = fin;
  await page.goto("/staff");
  await page.getByLabel("Status").selectOption("Authorized");
  await page.locator(`[data-order="${orderId}"]`).getByRole("button").click();
  await fin.orderIs("authorized");
  const capture = page.getByRole("region", { name: "Capture" });
  await capture.getByText("$15.00 is held, and can be captured until").waitFor();
  await capture.getByText("the rest is released to the customer").waitFor();
  const amount = page.getByLabel("Amount, in USD");
  assert.equal(await amount.inputValue(), "15.00");
  await isSound(fin, "a payment to be captured");
  for (const wrong of ["15.01", "0", "-1", "1.234", ""]) {
    await amount.fill(wrong);
    await fin.button("Capture…").click();
    await page.getByText("Enter an amount of up to $15.00.").waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0, wrong);
  }
  await amount.fill("10");
  await fin.button("Capture…").click();
  const question = page.getByRole("dialog", { name: "Capture $10.00?" });
  await question.getByText("The other $5.00 will be released to the customer").waitFor();
  await isSound(fin, "the question before a capture");
  await fin.button("Cancel").and(question.getByRole("button")).click();
  assert.equal((await intentOf(orderId)).status, "requires_capture");

  await fin.button("Capture…").click();
  await fin.button("Capture $10.00").click();
  await fin.orderIs("paid");
  const told = page.getByRole("status").filter({ hasText: "$10.00 is captured." });
  await told.getByText("The other $5.00 is released to the customer, for good.").waitFor();
  assert.ok(await told.evaluate((text) => text.parentElement === document.activeElement));
  await page.getByLabel("Amount, in USD").waitFor();
  assert.equal(await page.getByLabel("Amount, in USD").inputValue(), "10.00");
  assert.equal(await fin.button("Capture…").count(), 0);
  await isSound(fin, "a captured payment");
  assert.equal((await intentOf(orderId)).amount_received, 1000);

  await visitor.page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("paid");
  await visitor.page.goto("/orders");
  await line.getByText("$10.00").waitFor();
});

test("a capture whose answer is lost is told as unknown, and is one capture", async (t) => {
  const { orderId } = await buyer(t);
  const fin = await account(t, "Fin finance", { expected: ["Failed to load resource"] });
  await fin.find(orderId);
  // The request is lost first, then its answer.
  await fin.page.route("**/api/payments/capture", (route) => route.abort(), { times: 1 });
  await fin.button("Capture…").click();
  await fin.button("Capture $15.00").click();
  const unknown = fin.page.getByRole("alert").filter({ hasText: "does not respond" });
  await unknown.getByText("it is not known whether the payment was captured").waitFor();
  await fin.orderIs("authorized");
  await fin.page.route(
    "**/api/payments/capture",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await fin.button("Capture…").click();
  await fin.button("Capture $15.00").click();
  await fin.orderIs("paid");
  await unknown.waitFor();
  assert.equal((await intentOf(orderId)).amount_received, 1500);
});

test("staff cancel a held payment with a reason, and nothing is charged", async (t) => {
  const { visitor, orderId } = await buyer(t);
  const fin = await account(t, "Fin finance", SMALL);
  const { page } = fin;
  await fin.find(orderId);
  await page.getByLabel("Why").selectOption("Duplicate");
  await fin.button("Cancel order…").click();
  const question = page.getByRole("dialog", { name: "Cancel this order?" });
  await question.getByText("Duplicate. The held $15.00 returns to the customer.").waitFor();
  await isSound(fin, "the question before a cancellation");
  await fin.button("Keep it").click();
  await fin.orderIs("authorized");
  await fin.button("Cancel order…").click();
  await question.getByRole("button", { name: "Cancel order" }).click();
  await fin.orderIs("canceled");
  const told = page.getByRole("status").filter({ hasText: "The order is canceled" });
  await told.getByText("the held $15.00 returns to the customer").waitFor();
  await page.getByRole("definition").getByText("Duplicate").waitFor();
  assert.equal(await fin.button("Cancel order…").count(), 0);
  await isSound(fin, "a canceled order");
  const intent = await intentOf(orderId);
  assert.deepEqual([intent.status, intent.amount_received], ["canceled", 0]);

  await visitor.page.reload();
  await visitor.outcome("canceled");
  assert.equal(await visitor.page.getByText("Duplicate").count(), 0);
});

test("support reads a held payment, and neither captures nor cancels it", async (t) => {
  const { visitor, orderId } = await buyer(t, { expected: ["409 (Conflict)", "403 (Forbidden)"] });
  const sam = await account(t, "Sam support", { expected: ["403 (Forbidden)"] });
  await sam.find(orderId);
  await sam.page.getByText("Only the finance role can capture.").waitFor();
  await sam.page.getByText("Only the finance role can cancel.").waitFor();
  const ask = async (who, path) => {
    const { status, body } = await who.call(path, { method: "POST", body: { orderId } });
    return [status, body.error.code];
  };
  assert.deepEqual(await ask(sam, "capture"), [403, "forbidden"]);
  assert.deepEqual(await ask(sam, "cancel"), [403, "forbidden"]);
  assert.deepEqual(await ask(visitor, "capture"), [403, "forbidden"]);
  assert.deepEqual(await ask(visitor, "cancel"), [409, "payment_processing"]);
  assert.equal((await intentOf(orderId)).status, "requires_capture");
});

test("the amount to capture has the decimals of its currency", async (t) => {
  const ada = await account(t, "Ada customer");
  const order = await signed({ orderId: "yen-1", amount: 1999, currency: "jpy" });
  const { status } = await ada.call("create-intent", { method: "POST", body: { order } });
  assert.equal(status, 200);
  await stripe.payByCard("yen-1");
  await ada.page.goto("/checkout/return?order=yen-1");
  await ada.outcome("authorized");
  const fin = await account(t, "Fin finance", { expected: ["403 (Forbidden)"] });
  const amount = fin.page.getByLabel("Amount, in JPY");
  await fin.find("yen-1");
  await fin.orderIs("authorized");
  assert.equal(await amount.inputValue(), "1999");
  await amount.fill("1000.5");
  await fin.button("Capture…").click();
  await fin.page.getByText("Enter an amount of up to ¥1,999.").waitFor();
  // The role has no limit in this currency, so it captures none.
  await amount.fill("1000");
  await fin.button("Capture…").click();
  await fin.button("Capture ¥1,000").click();
  await fin.page.getByRole("alert").getByText("exceeds your account’s limit").waitFor();
  await fin.orderIs("authorized");
});
