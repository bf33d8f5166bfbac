// PricingTable, PortalButton, useSubscriptions and useChange, as a customer uses them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime, opened, payThere, visit } from "./shop.mjs";

const lifetime = new Lifetime();
let world, stripe;

before(async () => {
  world = await opened(lifetime);
  ({ stripe } = world);
  await stripe.plans();
});
after(() => lifetime.end());

/** A new customer each, so that no test meets another's plan. */
let customers = 0;
const customer = (t, options) =>
  visit(t, world, { user: `customer${(customers += 1)}`, ...options });

async function subscribe(visitor) {
  await visitor.page.goto("/plans");
  await visitor.button("Choose Pro").click();
  await visitor.page.getByRole("form", { name: "Payment" }).waitFor();
  await payThere(visitor.page);
  await visitor.state("paid");
}

test("a customer chooses a plan, which has begun when they come back", async (t) => {
  const visitor = await customer(t);
  await subscribe(visitor);
  await visitor.page.getByText("Your plan has begun.").waitFor();
  await visitor.page.goto("/plans");
  await visitor.page.getByText("Your plan").waitFor();
  assert.equal(await visitor.button("Choose Pro").count(), 0);
  await visitor.page.getByLabel("Yearly").check();
  await visitor.button("Choose Pro").waitFor();
});

test("seats are chosen, and a plan is paid in a frame of the page", async (t) => {
  const visitor = await customer(t);
  await visitor.page.goto("/plans?ui=embedded");
  const seats = visitor.page.getByLabel("Seats");
  await seats.fill("101");
  await visitor.page.getByText("From 1 to 100 seats.").waitFor();
  await seats.fill("3");
  await visitor.button("Choose Team").click();
  const isFocused = await visitor
    .button("Back to the plans")
    .evaluate((it) => it === document.activeElement);
  assert.ok(isFocused);
  await payThere(visitor.page.frameLocator("iframe[title=Checkout]"));
  await visitor.state("paid");
  const [{ items }] = await stripe.subscriptions();
  assert.equal(items.data[0].quantity, 3);
});

test("a plan that is held already is not begun again", async (t) => {
  const visitor = await customer(t, { expected: ["409 (Conflict)"] });
  const other = await visitor.newTab();
  await other.page.goto("/plans");
  await other.button("Choose Pro").waitFor();
  await subscribe(visitor);
  const before = (await stripe.subscriptions()).length;
  await other.button("Choose Pro").click();
  await other.alert("You have this plan already, so nothing new was started.").waitFor();
  assert.equal((await stripe.subscriptions()).length, before);
});

test("a change is quoted before it is made, and made once though its answer is lost", async (t) => {
  const visitor = await customer(t, { expected: ["ERR_FAILED"] });
  await subscribe(visitor);
  await visitor.page.goto("/account");
  await visitor.page.getByText("pro_monthly 1").waitFor();
  await visitor.button("Yearly…").click();
  await visitor.button(/^Pay \$[\d.]+ now$/).waitFor();
  const keys = await visitor.losesAnswers("subscription");
  await visitor.button(/^Pay/).click();
  await visitor.alert("To send the same again changes it once.").waitFor();
  const sent = visitor.page.waitForRequest((request) => request.method() === "POST");
  await visitor.button(/^Pay/).click();
  keys.push((await sent).headers()["idempotency-key"]);
  await visitor.page.getByText("Changed.").waitFor();
  await visitor.page.getByText("pro_yearly 1").waitFor();
  assert.equal(new Set(keys).size, 1);
});

test("a plan ends with its period, and the portal opens", async (t) => {
  const visitor = await customer(t);
  await subscribe(visitor);
  await visitor.page.goto("/account");
  await visitor.button("End it").click();
  await visitor.page.locator('section[data-ends="true"]').waitFor();
  await visitor.button("Cards and receipts").click();
  await visitor.page.getByRole("link", { name: "Back to the shop" }).click();
  await visitor.page.waitForURL(`${world.shop}/account`);
});
