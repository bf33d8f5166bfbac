// FareboxCheckout and useOrder, as payers use them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CARDS, Lifetime, opened, visit } from "./shop.mjs";

const lifetime = new Lifetime();
let world, stripe;

before(async () => {
  world = await opened(lifetime);
  ({ stripe } = world);
});
after(() => lifetime.end());

test("a guest pays, and the return page says so and forgets the cart", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  assert.equal(await visitor.payButton().textContent(), "Pay $15.00");
  assert.notEqual((await visitor.cart()).orderId, null);
  await visitor.pay();
  await visitor.state("paid");

  await visitor.page.getByText("Your order is paid.").waitFor();
  const [intent, ...more] = await stripe.intents(visitor.orderId());
  assert.deepEqual([intent.amount, more], [1500, []]);
  // The URL contains neither the client secret nor the payment.
  const { search } = new URL(visitor.page.url());
  assert.equal(search, `?order=${visitor.orderId()}&redirect_status=succeeded`);
  assert.equal(await visitor.page.locator("#done").textContent(), "1");
  assert.equal(await visitor.cart(), null);
});

test("a payment that needs no other page is confirmed in this one, by the order", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut("?here");
  await visitor.pay();
  const paid = await visitor.page.locator("#paid").textContent();
  await visitor.page.locator('.farebox-order[data-state="paid"]').waitFor();
  assert.equal((await stripe.charges(paid)).length, 1);
  assert.equal(new URL(visitor.page.url()).pathname, "/checkout");
});

test("a payment that was just confirmed has not failed, whatever its order says", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut("?here");
  let isLate = true;
  await visitor.page.route("**/api/payments/order?*", async (route) => {
    const response = await route.fetch();
    // The order of an earlier card's decline, where Farebox could not ask Stripe yet.
    const known = { ...(await response.json()), ...(isLate && { status: "failed" }) };
    await route.fulfill({ response, json: known });
  });
  await visitor.pay();
  await visitor.page.getByText(/confirmation of your payment/).waitFor();
  assert.equal(await visitor.page.locator(".farebox-order").getAttribute("data-state"), "waiting");
  isLate = false;
  await visitor.page.locator('.farebox-order[data-state="paid"]').waitFor();
});

test("a declined card is followed by another, and by one payment", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  await visitor.pay(CARDS.poor);
  await visitor.alert("There is not enough money on this card. Nothing was charged").waitFor();
  const isFocused = await visitor.payButton().evaluate((it) => it === document.activeElement);
  assert.ok(isFocused, "the button keeps the keyboard focus");
  await visitor.pay(CARDS.good);
  await visitor.state("paid");
  assert.equal((await stripe.intents(visitor.orderId())).length, 1);
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("the bank asks, and is answered", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  await visitor.pay(CARDS.asked);
  await visitor.button("Complete authentication").click();
  await visitor.state("paid");
});

test("the bank asks in vain, and another card pays for the same order", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  await visitor.pay(CARDS.asked);
  await visitor.button("Fail authentication").click();
  await visitor.state("failed");
  const orderId = visitor.orderId();
  assert.equal(await visitor.page.getByText(/not charged|nothing was/i).count(), 0);
  await visitor.checkOut();
  await visitor.pay();
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.intents(orderId)).length, 1);
});

test("a double click pays once", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  const confirmed = [];
  visitor.page.on(
    "request",
    (request) => request.url().endsWith("/confirm") && confirmed.push(request),
  );
  await visitor.fillIn();
  await visitor.payButton().dblclick();
  await visitor.state("paid");
  assert.equal(confirmed.length, 1);
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("an answer that is lost is asked for again, with the same key", async (t) => {
  const visitor = await visit(t, world, { expected: ["ERR_FAILED"] });
  const before = await stripe.total();
  const keys = await visitor.losesAnswers("create-intent");
  await visitor.page.goto("/checkout");
  await visitor.alert("trying again does not charge you twice").waitFor();
  const asked = visitor.page.waitForRequest(/create-intent/);
  await visitor.button("Try again").click();
  keys.push((await asked).headers()["idempotency-key"]);
  await visitor.formIsThere();
  assert.equal(new Set(keys).size, 1);
  assert.equal((await stripe.total()) - before, 1);
});

test("an answer of Stripe that is lost leaves it open; to pay again charges once", async (t) => {
  const visitor = await visit(t, world, { expected: ["ERR_FAILED", "400 (Bad Request)"] });
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  await visitor.page.route(
    /\/confirm$/,
    async (route) => {
      await route.fetch();
      return route.abort();
    },
    { times: 1 },
  );
  await visitor.pay();
  await visitor.alert("it may have gone through or not").waitFor();
  assert.equal(await visitor.page.getByText("Nothing was charged").count(), 0);
  await visitor.payButton().click();
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("Farebox asks for patience, and the same request is sent again by itself", async (t) => {
  const visitor = await visit(t, world, { expected: ["503 (Service Unavailable)"] });
  const keys = [];
  await visitor.page.route(
    /create-intent/,
    (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      const error = { code: "unavailable", message: "try again", requestId: "req_1" };
      return route.fulfill({ status: 503, headers: { "retry-after": "1" }, json: { error } });
    },
    { times: 1 },
  );
  const second = visitor.page.waitForRequest(() => keys.length === 1);
  await visitor.checkOut();
  assert.equal((await second).headers()["idempotency-key"], keys[0]);
});

test("reloads and the back button find the same payment", async (t) => {
  const visitor = await visit(t, world);
  const before = await stripe.total();
  await visitor.checkOut();
  await visitor.page.reload();
  await visitor.formIsThere();
  await visitor.page.goto("/elsewhere");
  await visitor.page.goBack();
  await visitor.formIsThere();
  assert.equal((await stripe.total()) - before, 1);
  await visitor.pay();
  await visitor.state("paid");
  await visitor.page.reload();
  await visitor.state("paid");
  assert.equal((await stripe.charges(visitor.orderId())).length, 1);
});

test("contents that change before they are paid change the order", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  const { orderId, key } = await visitor.cart();
  await visitor.button("Two mugs").click();
  await visitor.button("Pay $30.00").waitFor();
  const changed = await visitor.cart();
  assert.equal(changed.orderId, orderId);
  assert.notEqual(changed.key, key);
  await visitor.pay();
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
  const intents = await stripe.intents(orderId);
  const amounts = intents.map(({ status, amount }) => `${status} ${amount}`);
  assert.deepEqual(amounts.sort(), ["canceled 1500", "succeeded 3000"]);
});

test("the same contents in another order are the same payment", async (t) => {
  const visitor = await visit(t, world);
  const before = await stripe.total();
  await visitor.checkOut("?items=mug:2,shirt");
  await visitor.checkOut("?items=shirt,mug:2");
  assert.equal((await stripe.total()) - before, 1);
});

test("an order that now costs more is paid by the next form, not the open one", async (t) => {
  // Stripe rejects the canceled payment; Chromium logs that.
  const visitor = await visit(t, world, { expected: ["400 (Bad Request)"] });
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  const items = [{ price: "mug", quantity: 2 }];
  const headers = { "idempotency-key": "another-device" };
  const changed = await visitor.call("create-intent", { items, orderId }, headers);
  assert.equal(changed.body.amount, 3000);
  await visitor.pay();
  await visitor.page.getByText("The price has changed: it is $30.00 now.").waitFor();
  assert.equal((await stripe.charges(orderId)).length, 0);
  await visitor.button("Pay $30.00").waitFor();
  await visitor.pay();
  await visitor.state("paid");
  const [charge, ...more] = await stripe.charges(orderId);
  assert.deepEqual([charge.amount, more.length], [3000, 0]);
});

test("two tabs that open at once have one payment", async (t) => {
  const one = await visit(t, world);
  const other = await one.newTab();
  const before = await stripe.total();
  await Promise.all([one.checkOut(), other.checkOut()]);
  assert.equal((await stripe.total()) - before, 1);
  await one.pay();
  await one.state("paid");
  assert.equal((await stripe.charges(one.orderId())).length, 1);
});

test("a tab whose order was paid in another is led to it", async (t) => {
  // Stripe rejects a second payment; Chromium logs that.
  const one = await visit(t, world, { expected: ["400 (Bad Request)", "409 (Conflict)"] });
  await one.missesStripesAnswers();
  await one.checkOut();
  const [other, third] = [await one.newTab(), await one.newTab()];
  await other.checkOut();
  await stripe.tell("webhooks/hold");
  t.after(() => stripe.tell("webhooks/release"));
  await one.pay();
  await one.state("waiting");
  await one.page.getByText("We are waiting for the confirmation of your payment.").waitFor();
  await other.pay();
  await other.state("waiting");
  // A page that starts the payment now is told by Farebox.
  await third.page.goto("/checkout");
  await third.state("waiting");
  assert.deepEqual([other.orderId(), third.orderId()], [one.orderId(), one.orderId()]);
  await stripe.tell("webhooks/release");
  await Promise.all([one, other, third].map((visitor) => visitor.state("paid")));
  assert.equal((await stripe.charges(one.orderId())).length, 1);
});

test("an order that was canceled elsewhere is followed by a new one", async (t) => {
  const visitor = await visit(t, world, { expected: ["409 (Conflict)"] });
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  assert.equal((await visitor.call("cancel", { orderId })).status, 200);
  await visitor.checkOut();
  await visitor.pay();
  await visitor.state("paid");
  assert.notEqual(visitor.orderId(), orderId);
  await visitor.page.goto(`/thanks?order=${orderId}`);
  await visitor.state("canceled");
});

test("another caller in the same browser starts an order of their own", async (t) => {
  const visitor = await visit(t, world, { user: "ada", expected: ["404 (Not Found)"] });
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  const cookie = { name: "user", value: "eve", url: world.shop };
  await visitor.page.context().addCookies([cookie]);
  await visitor.checkOut();
  await visitor.pay();
  await visitor.state("paid");
  assert.notEqual(visitor.orderId(), orderId);
});

test("a guest whose payment is under way signs in, and does not pay again", async (t) => {
  const visitor = await visit(t, world, { expected: ["409 (Conflict)"] });
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  // Stripe has the payment, and the payer does not see the page that follows.
  await visitor.page.route("**/thanks*", (route) => route.abort());
  await visitor.pay();
  while ((await stripe.charges(orderId)).length === 0);
  await visitor.page.unroute("**/thanks*");
  const cookie = { name: "user", value: "ada", url: world.shop };
  await visitor.page.context().addCookies([cookie]);
  await visitor.page.goto("/checkout");
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
});

test("a guest's form in another tab charges nothing once they signed in and paid", async (t) => {
  const expected = ["400 (Bad Request)", "404 (Not Found)"];
  const visitor = await visit(t, world, { expected });
  await visitor.checkOut();
  await visitor.fillIn();
  const { orderId } = await visitor.cart();
  await visitor.page.context().addCookies([{ name: "user", value: "ada", url: world.shop }]);
  const signedIn = await visitor.newTab();
  await signedIn.checkOut();
  await signedIn.pay();
  await signedIn.state("paid");
  assert.equal(signedIn.orderId(), orderId);

  await visitor.payButton().click();
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
  assert.equal((await stripe.charges(orderId)).length, 1);
});

test("an order that the site's server signed is paid", async (t) => {
  const visitor = await visit(t, world, { user: "ada" });
  const order = { orderId: `signed-${crypto.randomUUID()}`, amount: 1999, currency: "usd" };
  const token = await world.farebox.signOrder(order, { id: "ada", roles: ["customer"] });
  await visitor.checkOut(`?token=${token}`);
  assert.equal(await visitor.payButton().textContent(), "Pay $19.99");
  await visitor.pay();
  await visitor.state("paid");
  assert.equal(visitor.orderId(), order.orderId);
});
