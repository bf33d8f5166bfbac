// What the pages say in each state: while an answer is missing, offline, after the back button, in
// another language; and with axe on a phone, in light and dark.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { CARDS, launch, Lifetime, opened, payThere, visit } from "./shop.mjs";

const require = createRequire(new URL("../browser/package.json", import.meta.url));
const AXE = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const STYLES = await readFile(
  createRequire(import.meta.url).resolve("farebox/react/styles.css"),
  "utf8",
);

const lifetime = new Lifetime();
let world, stripe;

before(async () => {
  world = await opened(lifetime, { styles: STYLES });
  ({ stripe } = world);
  await stripe.plans();
});
after(() => lifetime.end());

/** Pays while webhooks are held and Stripe is not asked: the order stays open. */
async function paysUnnoticed(t, visitor) {
  await visitor.missesStripesAnswers();
  await visitor.checkOut();
  await stripe.tell("webhooks/hold");
  t.after(() => stripe.tell("webhooks/release"));
  await visitor.pay();
}

test("a payment that nobody confirmed yet is waited for, and then said to be paid", async (t) => {
  const visitor = await visit(t, world);
  await paysUnnoticed(t, visitor);
  await visitor.state("waiting");
  await visitor.page.getByText("We are still waiting for the confirmation").waitFor();
  assert.notEqual(await visitor.cart(), null, "the cart is kept");
  await stripe.tell("webhooks/release");
  await visitor.state("paid");
  assert.equal(await visitor.cart(), null);
});

test("without an answer the result is unknown, never failed, and is found later", async (t) => {
  const visitor = await visit(t, world, { expected: ["ERR_FAILED"] });
  await visitor.checkOut();
  let isCut = true;
  await visitor.page.route(/payments\/order/, (route) =>
    isCut ? route.abort() : route.continue(),
  );
  await visitor.pay();
  await visitor.state("unknown");
  await visitor.page.getByText("It may have gone through: do not pay again.").first().waitFor();
  isCut = false;
  await visitor.state("paid");
  // What is known stays while the next look has no answer.
  isCut = true;
  await visitor.button("Look again").click();
  await visitor.page.locator("#trouble").waitFor();
  await visitor.state("paid");
});

test("offline the page waits, and looks again as soon as it is online", async (t) => {
  const visitor = await visit(t, world, { expected: ["ERR_INTERNET_DISCONNECTED"] });
  const { page } = visitor;
  await paysUnnoticed(t, visitor);
  await visitor.state("waiting");
  await page.context().setOffline(true);
  await visitor.button("Look again").click();
  await page.locator("#trouble").getByText("You are offline.").waitFor();
  await stripe.tell("webhooks/release");
  await page.context().setOffline(false);
  await visitor.state("paid");
});

test("a URL without an order, or with another's, says so and asks no more", async (t) => {
  const visitor = await visit(t, world, { expected: ["401", "404 (Not Found)"] });
  await visitor.page.goto("/thanks");
  await visitor.page.getByText("This URL contains no order.").waitFor();
  await visitor.state("unknown");
  await visitor.page.goto("/thanks?order=ord_1");
  await visitor.page.getByText("You are signed out.").first().waitFor();
  await visitor.checkOut();
  await visitor.page.goto("/thanks?order=ord_1");
  await visitor.page.getByText("This order does not exist.").first().waitFor();
});

test("the client secret leaves the URL at once, and the site's own query stays", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  const secret = "payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2";
  await visitor.page.goto(`/thanks?${secret}&order=${orderId}&from=mail`);
  await visitor.page.waitForURL(`${world.shop}/thanks?order=${orderId}&from=mail`);
});

test("an order is canceled, expired or paid as Farebox says, whatever the URL hints", async (t) => {
  const visitor = await visit(t, world);
  await visitor.checkOut();
  const { orderId } = await visitor.cart();
  await visitor.page.goto(`/thanks?order=${orderId}&redirect_status=succeeded`);
  await visitor.state("waiting");
  await visitor.call("cancel", { orderId });
  await visitor.state("canceled");
  await visitor.page.getByText("can no longer be paid").waitFor();
});

test("Stripe.js comes from Stripe where no stand-in is named", async (t) => {
  const visitor = await visit(t, world);
  const { page } = visitor;
  const loaded = [];
  await page.route(/create-intent/, async (route) => {
    const response = await route.fetch();
    const headers = { ...response.headers() };
    loaded.push(headers["x-farebox-stripe-js"]);
    delete headers["x-farebox-stripe-js"];
    return route.fulfill({ response, headers });
  });
  await page.route(/^https:\/\/js\.stripe\.com\//, async (route) => {
    loaded.push(route.request().url());
    return route.fulfill({ response: await route.fetch({ url: loaded[0] }) });
  });
  await visitor.checkOut();
  assert.match(loaded.at(-1), /^https:\/\/js\.stripe\.com\/[a-z]+\/stripe\.js$/);
});

test("a script that does not load is told, and loaded at the next try", async (t) => {
  const visitor = await visit(t, world, { expected: ["ERR_FAILED"] });
  await visitor.page.route(/stripe\.js$/, (route) => route.abort(), { times: 1 });
  await visitor.page.goto("/checkout");
  await visitor.alert("The payment form of Stripe could not be loaded.").waitFor();
  await visitor.button("Try again").click();
  await visitor.formIsThere();
  const isInside = await visitor.page.evaluate(() =>
    document.activeElement.matches(".farebox-checkout"),
  );
  assert.ok(isInside, "the keyboard focus stays in the checkout");
});

test("the site's own texts and language are shown, and English ones stay", async (t) => {
  const visitor = await visit(t, world);
  await visitor.page.goto("/checkout?lang=de");
  await visitor.button(/^15,00\s\$ zahlen$/).waitFor();
  await visitor.fillIn(CARDS.poor);
  await visitor.button(/zahlen$/).click();
  await visitor.alert("Das Konto ist nicht gedeckt. Nothing was charged").waitFor();
});

test("the back button brings a page back that can be used again", async (t) => {
  const browser = await launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  t.after(() => browser.close());
  const visitor = await visit(t, { ...world, browser });
  const { page } = visitor;
  await page.goto("/hosted");
  await page.evaluate(() => {
    globalThis.isTheSame = true;
  });
  await visitor.button("Pay on Stripe’s page").click();
  await page.getByRole("form", { name: "Payment" }).waitFor();
  await page.goBack({ waitUntil: "commit" });
  assert.equal(await page.evaluate(() => globalThis.isTheSame), true, "it was kept in memory");
  await visitor.button("Pay on Stripe’s page").click();
  await page.getByRole("form", { name: "Payment" }).waitFor();
  await payThere(page);
  await visitor.state("paid");
});

test("a checkout that comes back from memory is led to the order that was paid", async (t) => {
  const browser = await launch({ ignoreDefaultArgs: ["--disable-back-forward-cache"] });
  t.after(() => browser.close());
  const visitor = await visit(t, { ...world, browser }, { expected: ["409 (Conflict)"] });
  const { page } = visitor;
  await visitor.checkOut();
  await page.evaluate(() => {
    globalThis.isTheSame = true;
  });
  const kept = JSON.stringify(await visitor.cart());
  await visitor.pay();
  await visitor.state("paid");
  const orderId = visitor.orderId();
  await page.evaluate((text) => localStorage.setItem("farebox.cart", text), kept);
  await page.goBack({ waitUntil: "commit" });
  await visitor.state("paid");
  assert.equal(visitor.orderId(), orderId);
});

/** Asserts that axe finds no violation, and nothing is wider than the screen. */
async function isSound({ page }, name) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run();
    return found.violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
    }));
  });
  assert.deepEqual(violations, [], name);
  const [inner, whole] = await page.evaluate(() => [
    innerWidth,
    document.documentElement.scrollWidth,
  ]);
  assert.ok(whole <= inner, `${name} is ${whole} pixels wide on a screen of ${inner}`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`every component is sound to axe on a phone, in ${colorScheme} colours`, async (t) => {
    const options = { colorScheme, viewport: { width: 390, height: 844 } };
    const visitor = await visit(t, world, { ...options, expected: ["ERR_FAILED", "403"] });
    const { page } = visitor;
    await visitor.losesAnswers("create-intent");
    await page.goto("/checkout?items=mug:2");
    await visitor.alert("trying again").waitFor();
    await isSound(visitor, "a lost answer");
    await visitor.button("Try again").click();
    await visitor.formIsThere();
    await isSound(visitor, "the form");
    await visitor.pay(CARDS.declined);
    await visitor.alert("Nothing was charged").waitFor();
    await isSound(visitor, "a declined card");
    await visitor.pay();
    await visitor.state("paid");
    await isSound(visitor, "the result");
    const orderId = visitor.orderId();
    await page.goto("/hosted");
    await isSound(visitor, "the way to Stripe");
    await page.goto("/plans");
    await visitor.button("Choose Team").waitFor();
    await isSound(visitor, "the plans");

    const staff = await visit(t, world, { ...options, user: "fin" });
    await staff.page.goto(`/staff?order=${orderId}`);
    await staff.button("Refund…").waitFor();
    await isSound(staff, "the refund form");
    await staff.button("Refund…").click();
    await staff.page.getByRole("dialog").waitFor();
    await isSound(staff, "the question");
    await staff.page.getByRole("dialog").getByRole("button", { name: /^Refund/ }).click();
    await staff.page.getByText("All of it was refunded.").waitFor();
    await isSound(staff, "a refunded order");
  });
}
