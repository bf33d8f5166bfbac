// Every page in its states: with axe in light and dark, on a small screen, offline, and without the
// functions.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { farebox, freePort, Lifetime, site } from "./processes.mjs";
import { isSound } from "./sound.mjs";
import { CARDS, opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
  test(`every page is sound to axe in ${colorScheme} colours, ${width} pixels wide`, async (t) => {
    const options = {
      colorScheme,
      viewport: { width, height: 844 },
      expected: ["404 (Not Found)"],
    };
    const visitor = await visit(t, browser, world, options);
    const { page } = visitor;
    const at = async (path, shows) => {
      await page.goto(path);
      await shows.first().waitFor();
      await isSound(visitor, path);
    };
    await at("/", page.getByText("Harbour mug"));
    await at("/cart", page.getByText("Your cart is empty."));
    await at("/sign-in", visitor.button("Continue as a guest"));
    await at("/nowhere", page.getByText("This page does not exist."));
    await visitor.signIn();
    await at("/orders", page.getByText("No orders yet."));
    await at("/checkout/return", page.getByText("This URL contains no order."));
    await at("/checkout/return?order=unknown", page.getByText("This order does not exist."));
    await visitor.take("Harbour mug", "Tern shirt", "Small sticker");
    await at("/cart", page.getByText("Total"));
    await at("/checkout", visitor.payButton());
    await page.getByLabel("On Stripe’s page").check();
    await visitor.button("Continue to Stripe").waitFor();
    await isSound(visitor, "the way to Stripe's page");
    await page.getByLabel("Card or wallet").check();
    await visitor.formIsThere();
    await visitor.pay(CARDS.declined);
    await page.getByRole("alert").filter({ hasText: "declined" }).waitFor();
    await isSound(visitor, "a declined card");
    await visitor.missesStripesAnswers();
    await stripe.tell("webhooks/hold");
    t.after(() => stripe.tell("webhooks/release"));
    await visitor.pay();
    await visitor.outcome("processing");
    await isSound(visitor, "processing");
    await stripe.tell("webhooks/release");
    await visitor.outcome("paid");
    const orderId = visitor.orderId();
    await isSound(visitor, "paid");
    await at("/orders", page.getByText(orderId));

    await visitor.signOut();
    await visitor.signIn("Ada customer");
    await visitor.buyMug();
    await at("/orders", visitor.button("Cards and receipts"));
    await at("/staff", page.getByText("This page is for staff."));

    await visitor.signOut();
    await visitor.signIn("Sam support");
    await at("/checkout", page.getByText("cannot buy"));
    await at("/staff", page.getByLabel("Order id"));
    await page.getByLabel("Order id").fill(orderId);
    await visitor.button("Find").click();
    await page.getByText("Only the finance role can refund.").waitFor();
    await isSound(visitor, "an order that support reads");

    await visitor.signOut();
    await visitor.signIn("Fin finance");
    await at("/staff", page.getByLabel("Order id"));
    await page.getByLabel("Order id").fill(orderId);
    await visitor.button("Find").click();
    await visitor.button("Refund…").click();
    await page.getByRole("dialog").waitFor();
    await isSound(visitor, "the question before a refund");
    await visitor.button(/^Refund \$/).click();
    await page.locator('tbody tr[data-state="succeeded"]').waitFor();
    await isSound(visitor, "a refunded order");
  });
}

test("a payment that failed is told, and leads back to the cart", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  await visitor.take("Small sticker");
  await visitor.checkOut();
  await visitor.pay(CARDS.declined);
  await visitor.page.getByRole("alert").filter({ hasText: "declined" }).waitFor();
  const orderId = await visitor.orderOfCart();
  await visitor.page.goto(`/checkout/return?order=${orderId}`);
  await visitor.outcome("failed");
  await isSound(visitor, "failed");
  await visitor.button("Try another card").click();
  await visitor.formIsThere();
});

test("an unpaid order says so, and its customer pays it from any browser", async (t) => {
  const ada = await visit(t, browser, world);
  await ada.signIn("Ada customer");
  await ada.take("Harbour mug", "Small sticker");
  await ada.checkOut();
  const orderId = await ada.orderOfCart();

  const elsewhere = await visit(t, browser, world, {
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
  });
  await elsewhere.signIn("Ada customer");
  await elsewhere.take("Tern shirt");
  await elsewhere.page.goto("/orders");
  const line = elsewhere.page.locator(`[data-order="${orderId}"]`);
  await line.getByText(orderId).waitFor();
  await line.getByRole("link", { name: "Harbour mug, Small sticker" }).click();
  await elsewhere.outcome("open");
  await elsewhere.page.getByText("This order replaces your cart.").waitFor();
  await isSound(elsewhere, "an order that is not paid");
  await elsewhere.button("Pay now").click();
  await elsewhere.formIsThere();
  assert.equal(await elsewhere.payButton().textContent(), "Pay $18.00");
  await elsewhere.pay();
  await elsewhere.outcome("paid");
  assert.equal(elsewhere.orderId(), orderId);
  assert.equal((await stripe.intents(orderId)).length, 1);
});

test("while a payment is on its way the page says no more than is known", async (t) => {
  const visitor = await visit(t, browser, world, { expected: ["409 (Conflict)"] });
  await visitor.signIn();
  await visitor.take("Small sticker");
  await visitor.checkOut();
  await visitor.pay(CARDS.declined);
  await visitor.page.getByRole("alert").filter({ hasText: "declined" }).waitFor();
  await visitor.missesStripesAnswers();
  await stripe.tell("webhooks/hold");
  t.after(() => stripe.tell("webhooks/release"));
  await visitor.pay();
  await visitor.outcome("processing");
  // The page after the first card's decline, from the history; the order has no second result yet.
  await visitor.page.goto(`/checkout/return?order=${visitor.orderId()}&redirect_status=failed`);
  await visitor.outcome("failed");
  assert.equal(await visitor.page.getByText(/nothing was charged/i).count(), 0);
  await visitor.button("Try another card").click();
  // Stripe has the payment: the payer is redirected to the order, not to a form.
  await visitor.outcome("processing");
});

test("after a declined card the page says that no payment is confirmed yet", async (t) => {
  const visitor = await visit(t, browser, world);
  const { page } = visitor;
  await visitor.signIn();
  await visitor.take("Small sticker");
  await visitor.checkOut();
  await visitor.pay(CARDS.declined);
  await page.getByRole("alert").filter({ hasText: "declined" }).waitFor();
  await visitor.missesStripesAnswers();
  await stripe.tell("webhooks/hold");
  t.after(() => stripe.tell("webhooks/release"));
  await visitor.pay();
  await visitor.outcome("processing");
  // As from the list of orders, without Stripe's hint.
  await page.goto(`/checkout/return?order=${visitor.orderId()}`);
  await visitor.outcome("failed");
  await page.getByRole("heading", { name: "No payment confirmed yet" }).waitFor();
  await page.getByText("If you have just paid again, stay here").waitFor();
  assert.equal(await page.getByText(/did not go through|not paid/i).count(), 0);
  await stripe.tell("webhooks/release");
  await visitor.outcome("paid");
});

test("offline the page says so and keeps the cart, and online it goes on", async (t) => {
  const visitor = await visit(t, browser, world, { expected: ["ERR_INTERNET_DISCONNECTED"] });
  const { page } = visitor;
  await visitor.signIn();
  await visitor.take("Tern shirt");
  await visitor.checkOut();
  await page.context().setOffline(true);
  await page.getByText("You are offline. Your cart is saved").waitFor();
  await isSound(visitor, "offline");
  await page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await page
    .getByRole("alert")
    .getByText("You are offline. Your cart is saved, and trying again does not charge you twice.")
    .waitFor();
  await page.context().setOffline(false);
  await page.getByText("when you are online again").waitFor({ state: "hidden" });
  await page.getByLabel("Card or wallet").check();
  await visitor.formIsThere();
  await visitor.pay();
  await visitor.outcome("paid");
});

test("without the functions the site says so, and goes on when they are there", async (t) => {
  const port = await freePort();
  const shop = await site(t, `http://127.0.0.1:${port}`);
  const visitor = await visit(
    t,
    browser,
    { ...world, shop },
    { expected: ["503 (Service Unavailable)"] },
  );
  const { page } = visitor;
  const isTold = () =>
    page.getByRole("alert").getByText("Our payment service does not respond").waitFor();
  await visitor.signIn();
  await visitor.take("Harbour mug");
  await page.goto("/checkout");
  await isTold();
  await isSound(visitor, "checkout without the functions");
  await page.goto("/checkout/return?order=o1");
  await isTold();
  // A payer who just paid does not read that they did not.
  await page.getByText("It may have gone through: do not pay again.").waitFor();
  assert.equal(await page.getByText(/charged|try again/i).count(), 0);
  await isSound(visitor, "the return page without the functions");

  // The return page would ask the functions for its order.
  await page.goto("/cart");
  const { sandbox } = await farebox(t, { port });
  // The browser still uses the first sandbox; the test is about the functions' recovery.
  assert.notEqual(sandbox, world.sandbox);
  await page.goto("/checkout");
  await visitor.formIsThere();
});
