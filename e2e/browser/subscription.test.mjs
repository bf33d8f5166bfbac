// Tests the demo's subscription: from Checkout to its end, by a clock that lets months pass.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, open } from "./shop.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SMALL = { viewport: { width: 390, height: 844 }, colorScheme: "dark" };

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Waits until the panel shows this status: it shows one only when it is known. */
const status = ({ page }, name) =>
  page.locator(`[data-test="plan-status"][data-status="${name}"]`).waitFor();

const says = (shop, words) => shop.at("plan-text").filter({ hasText: words }).waitFor();

const gate = async (shop) => {
  const gate = shop.at("gate");
  return [await gate.getAttribute("data-open"), (await gate.textContent()).split(": ")[1]];
};

/** Chooses a plan, and pays on the sandbox's page. */
async function subscribe(shop, plan = "pro_monthly") {
  await status(shop, "none");
  await shop.page.locator("label", { has: shop.at(`plan-${plan}`) }).click();
  await shop.at("subscribe").click();
  // The demo has a card form as well.
  await shop.page.waitForURL(/\/c\/pay\//);
  await shop.page.getByLabel("E-mail").fill("ada@example.com");
  await shop.page.getByLabel("Name", { exact: true }).fill("Ada");
  await enterCard(shop.page, "4242424242424242");
  await shop.page.getByRole("button", { name: "Start the subscription" }).click();
  await status(shop, "trialing");
}

async function enterCard(page, number) {
  await page.getByLabel("Card number").fill(number);
  await page.getByLabel("Expiry").fill("12/40");
  await page.getByLabel("Security code").fill("123");
}

/** Does something on the portal's page, and comes back. */
async function inPortal(shop, action) {
  await shop.at("plan-card").click();
  await action(shop.page);
  await shop.page.getByRole("link", { name: "Back to the shop" }).click();
}

/** The types of the notifications on the page so far, in order. */
const told = ({ page }) =>
  page
    .locator('[data-test="activity-row"][data-source="notify"]')
    .evaluateAll((rows) => rows.map(({ dataset }) => dataset.title));

/** Asserts that axe finds nothing in the panel, and that nothing is cut off. */
async function isSound({ page }, state) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run("#plan");
    return found.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
  });
  assert.deepEqual(violations, [], state);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, page.viewportSize().width, state);
}

const pictures = process.env.PICTURES;
const picture = async (shop, name) => {
  if (pictures) await shop.at("subscription").screenshot({ path: `${pictures}/${name}.png` });
};

test("a plan's trial ends, it renews, its card is declined, and another one pays", async (t) => {
  const shop = await open(t, browser, SMALL);
  await status(shop, "none");
  assert.deepEqual(await gate(shop), ["false", "Closed"]);
  await isSound(shop, "none");
  await picture(shop, "none");

  await subscribe(shop);
  assert.deepEqual(await gate(shop), ["true", "Open"]);
  assert.equal(await shop.at("plan-item").textContent(), "Pro, $19.00 a month");
  assert.equal(await shop.at("plan-entitlements").textContent(), "pro_monthly, prod_pro");
  assert.equal(await shop.at("plans").isVisible(), false);
  await shop.hasRows("notify", "subscription.started", 1);
  await isSound(shop, "trialing");
  await picture(shop, "trialing");

  await shop.at("plan-trial-end").click();
  await status(shop, "active");
  assert.equal(await shop.at("plan-invoice").textContent(), "$19.00, paid");
  await shop.hasRows("notify", "subscription.trial_ending", 1);

  const first = await shop.at("plan-next").textContent();
  await shop.at("plan-month").click();
  await shop.at("plan-next").filter({ hasNotText: first }).filter({ hasNotText: "…" }).waitFor();
  await status(shop, "active");
  await shop.rows("notify", "subscription.renewed").last().waitFor();
  await isSound(shop, "active");
  await picture(shop, "active");

  await shop.at("plan-decline").click();
  await status(shop, "past_due");
  await says(shop, "The payment of $19.00 failed. Stripe tries again on");
  assert.deepEqual(await gate(shop), ["true", "Open"]);
  await shop.hasRows("notify", "subscription.past_due", 1);
  await isSound(shop, "past_due");
  await picture(shop, "past_due");

  const [invoice] = await Promise.all([
    shop.page.waitForEvent("popup"),
    shop.at("plan-invoice-page").click(),
  ]);
  await enterCard(invoice, "5555555555554444");
  await invoice.getByRole("button", { name: "Pay 19.00 USD" }).click();
  await invoice.getByText("Paid", { exact: true }).waitFor();
  await invoice.close();
  await status(shop, "active");
  await shop.hasRows("notify", "subscription.recovered", 1);
  const all = await told(shop);
  assert.ok(all.includes("invoice.paid") && all.includes("invoice.payment_failed"), all.join());
});

test("a plan that is canceled is resumed, canceled again, and ends with its month", async (t) => {
  const shop = await open(t, browser);
  await subscribe(shop, "team_monthly");
  await inPortal(shop, async (portal) => {
    await portal.getByRole("link", { name: "Cancel the subscription" }).click();
    await portal.getByRole("button", { name: "Cancel the subscription" }).click();
    await portal.getByText("Ends on").waitFor();
  });
  await says(shop, "It ends on");
  assert.deepEqual(await gate(shop), ["true", "Open"]);
  assert.equal(await shop.at("plan-next").textContent(), "none");
  await isSound(shop, "ending");
  await picture(shop, "ending");
  await shop.hasRows("notify", "subscription.cancel_scheduled", 1);

  await shop.at("plan-resume").click();
  await says(shop, "Free until");
  await shop.hasRows("notify", "subscription.resumed", 1);

  await shop.at("plan-cancel").click();
  await says(shop, "It ends on");
  await shop.at("plan-month").click();
  await status(shop, "canceled");
  assert.deepEqual(await gate(shop), ["false", "Closed"]);
  assert.equal(await shop.at("plan-entitlements").textContent(), "none");
  await shop.hasRows("notify", "subscription.ended", 1);
  assert.equal(await shop.at("plan-month").getAttribute("aria-disabled"), "true");
  await isSound(shop, "ended");
  await picture(shop, "ended");
  assert.ok((await told(shop)).includes("entitlements.changed"));

  await shop.at("subscribe").click();
  await shop.page.waitForURL(/\/c\/pay\//);
});

test("while an answer is outstanding, and without one, the panel shows no state", async (t) => {
  const shop = await open(t, browser, {}, ["500", "net::ERR_FAILED"]);
  await subscribe(shop);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await shop.page.route("**/dev/clock", async (route) => {
    await held;
    await route.continue();
  });
  const shown = async () => [
    await shop.at("plan-status").getAttribute("data-status"),
    await shop.at("plan-status").textContent(),
    await shop.at("plan-next").textContent(),
    await shop.at("plan-time").textContent(),
    ...(await gate(shop)),
  ];

  await shop.at("plan-month").click();
  await says(shop, "A month passes…");
  assert.deepEqual(await shown(), ["unknown", "One moment…", "…", "…", "unknown", "…"]);
  // A second click waits for nothing.
  await shop.at("plan-decline").click({ force: true });
  await says(shop, "A month passes…");
  release();
  await status(shop, "active");

  await shop.page.route(/\/api\/subscription/, (route) =>
    route.fulfill({ status: 500, json: { error: { code: "odd", message: "no answer" } } }),
  );
  await shop.at("plan-month").click();
  await says(shop, "No answer. The state is unknown: reload the page.");
  assert.deepEqual(await shown(), ["unknown", "Unknown", "…", "…", "unknown", "…"]);
});

test("a payer who comes back from Checkout unpaid has no subscription", async (t) => {
  const shop = await open(t, browser);
  await status(shop, "none");
  await shop.at("subscribe").click();
  await shop.page.waitForURL(/\/c\/pay\//);
  await shop.page.getByRole("link", { name: "Cancel and go back to the shop" }).click();
  await status(shop, "none");
  assert.deepEqual(await gate(shop), ["false", "Closed"]);
});
