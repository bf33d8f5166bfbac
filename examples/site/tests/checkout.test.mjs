// Embedded payments: declined cards, double clicks, two tabs, closed pages.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { CARDS, close, opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

/** A guest with a mug in the cart. */
async function guest(t, options) {
  const visitor = await visit(t, browser, world, options);
  await visitor.signIn();
  await visitor.take("Harbour mug");
  return visitor;
}

test("a guest pays, and the return page says so", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.take("Harbour mug", "Small sticker");
  await visitor.page.getByRole("link", { name: "Cart (2 things)" }).click();
  await visitor.page.getByRole("link", { name: "Check out" }).click();
  await visitor.button("Continue as a guest").click();
  await visitor.formIsThere();
  assert.equal(await visitor.payButton().textContent(), "Pay $18.00");
  await visitor.pay();
  await visitor.outcome("paid");

  const [intent, ...more] = await stripe.intents(visitor.orderId());
  assert.deepEqual(more, []);
  assert.equal(intent.amount, 1800);
  // The URL contains neither the client secret nor the payment.
  assert.equal(
    new URL(visitor.page.url()).search,
    `?order=${visitor.orderId()}&redirect_status=succeeded`,
  );
  await visitor.page.getByRole("link", { name: "Your orders" }).click();
  await visitor.page
    .locator(`[data-order="${intent.metadata.farebox_order}"][data-status="paid"]`)
    .waitFor();
  await visitor.page.goto("/cart");
  await visitor.page.getByText("Your cart is empty.").waitFor();
});

test("a guest's payment has the address for its receipt, which no page is told", async (t) => {
  const visitor = await visit(t, browser, world);
  const { page } = visitor;
  await page.goto("/sign-in");
  const field = page.getByLabel("E-mail for your receipt");
  await field.fill("not an address");
  await visitor.button("Continue as a guest").click();
  assert.equal(await field.evaluate(({ validity }) => validity.typeMismatch), true);
  await field.fill("grace@example.com");
  await visitor.button("Continue as a guest").click();
  await visitor.button("Sign out").waitFor();
  const orderId = await visitor.buyMug();
  const [{ receipt_email }] = await stripe.intents(orderId);
  assert.equal(receipt_email, "grace@example.com");
  assert.ok(!(await page.content()).includes("grace@example.com"));

  const other = await guest(t);
  const without = await stripe.intents(await other.beginMug());
  assert.deepEqual(without.map((intent) => intent.receipt_email), [null]);
});

test("a declined card is followed by another, and by one payment", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  await visitor.pay(CARDS.poor);
  await visitor.page
    .getByRole("alert")
    .filter({ hasText: "not enough money on this card" })
    .waitFor();
  await visitor.pay(CARDS.good);
  await visitor.outcome("paid");
  assert.equal((await stripe.intents(visitor.orderId())).length, 1);
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("a card that was not typed in whole is not sent", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  await visitor.page.getByLabel("Card number").fill("4242");
  await visitor.payButton().click();
  await visitor.page.getByText("The card number is incomplete.").waitFor();
  await visitor.pay();
  await visitor.outcome("paid");
});

test("the bank asks, and is answered", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  await visitor.pay(CARDS.asked);
  await visitor.button("Complete authentication").click();
  await visitor.outcome("paid");
});

test("the bank asks in vain, and another card pays for the same order", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  await visitor.pay(CARDS.asked);
  await visitor.button("Fail authentication").click();
  await visitor.outcome("failed");
  const orderId = visitor.orderId();
  await visitor.button("Try another card").click();
  await visitor.formIsThere();
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.intents(orderId)).length, 1);
});

test("a double click pays once", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  const confirmed = [];
  visitor.page.on(
    "request",
    (request) => request.url().endsWith("/confirm") && confirmed.push(request),
  );
  await visitor.fillIn();
  await visitor.payButton().dblclick();
  await visitor.outcome("paid");
  assert.equal(confirmed.length, 1);
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("reloads and the back button find the same payment", async (t) => {
  const visitor = await guest(t);
  const before = await stripe.total();
  await visitor.checkOut();
  await visitor.page.reload();
  await visitor.formIsThere();
  await visitor.page.goto("/cart");
  await visitor.page.goBack();
  await visitor.formIsThere();
  await visitor.page.goto("/");
  await visitor.checkOut();
  assert.equal((await stripe.total()) - before, 1);

  await visitor.pay();
  await visitor.outcome("paid");
  const orderId = visitor.orderId();
  await visitor.page.goBack();
  await visitor.page.getByText("Your cart is empty.").waitFor();
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("a cart that changes before it is paid changes its order", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  const first = await visitor.orderOfCart();
  await visitor.page.getByRole("link", { name: "Change" }).click();
  await visitor.button("One Harbour mug more").click();
  await visitor.page.getByRole("link", { name: "Check out" }).click();
  await visitor.formIsThere();
  assert.equal(await visitor.payButton().textContent(), "Pay $30.00");
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), first);
  const intents = (await stripe.intents(first)).map(({ status, amount }) => `${status} ${amount}`);
  assert.deepEqual(intents.sort(), ["canceled 1500", "succeeded 3000"]);
});

test("an order that now costs more is paid by the next form, not the open one", async (t) => {
  // Stripe rejects the canceled payment; Chromium logs that.
  const visitor = await guest(t, { expected: ["400 (Bad Request)"] });
  await visitor.checkOut();
  const orderId = await visitor.orderOfCart();
  const body = { items: [{ price: "mug", quantity: 2 }], orderId };
  const headers = { "idempotency-key": "another-device" };
  const changed = await visitor.call("create-intent", { method: "POST", body, headers });
  assert.equal(changed.body.amount, 3000);
  await visitor.pay();
  await visitor.page.getByText("The price has changed: it is $30.00 now.").waitFor();
  assert.equal((await stripe.charges(orderId)).length, 0);
  await visitor.formIsThere();
  assert.equal(await visitor.payButton().textContent(), "Pay $30.00");
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal(visitor.orderId(), orderId);
  const [charge, ...more] = await stripe.charges(orderId);
  assert.deepEqual([charge.amount, more.length], [3000, 0]);
});

test("two tabs have one payment, which only one of them pays", async (t) => {
  const one = await guest(t);
  const other = await one.newTab();
  const before = await stripe.total();
  await Promise.all([one.checkOut(), other.checkOut()]);
  assert.equal((await stripe.total()) - before, 1);
  await other.fillIn();
  await one.pay();
  await one.outcome("paid");
  await other.page.getByText("Your cart is empty.").waitFor();
  assert.equal((await stripe.charges(one.orderId())).length, 1);
});

test("a tab that has not heard of the payment is led to it", async (t) => {
  // Stripe rejects a second payment; Chromium logs that.
  const one = await guest(t, { expected: ["400 (Bad Request)"] });
  await one.missesStripesAnswers();
  const other = await one.newTab();
  await Promise.all([one.checkOut(), other.checkOut()]);
  await stripe.tell("webhooks/hold");
  t.after(() => stripe.tell("webhooks/release"));
  await one.pay();
  await one.outcome("processing");
  // The webhook is still missing, so both tabs still have the cart: only Stripe prevents the second
  // payment.
  await other.pay();
  await other.outcome("processing");
  assert.equal(other.orderId(), one.orderId());
  await one.page.getByText("We are still waiting").waitFor();
  await stripe.tell("webhooks/release");
  await Promise.all([one.outcome("paid"), other.outcome("paid")]);
  assert.equal((await stripe.charges(one.orderId())).length, 1);
});

test("a payer waits for no webhook: the page asks Stripe", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  await stripe.tell("webhooks/hold");
  t.after(() => stripe.tell("webhooks/release"));
  await visitor.pay();
  await visitor.outcome("paid");
  await stripe.tell("webhooks/release");
  await visitor.page.reload();
  await visitor.outcome("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("a webhook that is ten seconds late is waited for while Stripe does not answer", async (t) => {
  const visitor = await guest(t);
  await visitor.missesStripesAnswers();
  await visitor.checkOut();
  await stripe.tell("webhooks/delay", { ms: "10000" });
  t.after(() => stripe.tell("webhooks/delay", { ms: "0" }));
  const paidAt = Date.now();
  await visitor.pay();
  await visitor.outcome("processing");
  await visitor.outcome("paid");
  assert.ok(Date.now() - paidAt >= 10_000);
});

test("whoever closes the tab after paying finds the order paid", async (t) => {
  const visitor = await guest(t);
  await visitor.checkOut();
  await visitor.fillIn();
  const orderId = await visitor.orderOfCart();
  const again = await visitor.newTab();
  const answered = visitor.page.waitForResponse((response) => response.url().endsWith("/confirm"));
  await visitor.payButton().click();
  await answered;
  await close(visitor.page);
  await again.page.goto("/orders");
  await again.page
    .locator(`[data-order="${orderId}"]`)
    .getByRole("link", { name: "Harbour mug" })
    .click();
  await again.outcome("paid");
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("another account in the same browser starts an order of its own", async (t) => {
  const visitor = await guest(t, { expected: ["404 (Not Found)"] });
  await visitor.checkOut();
  const first = await visitor.orderOfCart();
  await visitor.signOut();
  await visitor.signIn("Ada customer");
  await visitor.checkOut();
  await visitor.pay();
  await visitor.outcome("paid");
  const paid = visitor.orderId();
  assert.notEqual(paid, first);
  await visitor.page.goto("/orders");
  await visitor.page.locator(`[data-order="${paid}"][data-status="paid"]`).waitFor();
  assert.equal(await visitor.page.locator(`[data-order="${first}"]`).count(), 0);
});

test("the keyboard alone buys", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  await visitor.page.goto("/");
  const { keyboard } = visitor.page;
  const tabTo = async (goal) => {
    await goal.waitFor();
    for (let tries = 0; tries < 40; tries += 1) {
      await keyboard.press("Tab");
      if (await goal.evaluate((element) => element.matches(":focus"))) return;
    }
    assert.fail("the Tab key does not lead there");
  };
  await tabTo(visitor.button("Add Tern shirt to the cart"));
  await keyboard.press("Enter");
  await visitor.page.goto("/checkout");
  await visitor.formIsThere();
  await tabTo(visitor.page.getByLabel("Card number"));
  await keyboard.type(CARDS.good);
  await keyboard.press("Tab");
  await keyboard.type("1240");
  await keyboard.press("Tab");
  await keyboard.type("123");
  await keyboard.press("Tab");
  assert.ok(await visitor.payButton().evaluate((element) => element === document.activeElement));
  await keyboard.press("Enter");
  await visitor.outcome("paid");
});
