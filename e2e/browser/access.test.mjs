// Tests "Who can refund?" on the page: the result for each caller, the audit trail, and the order.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./shop.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A shop with a paid mug. */
async function paid(t, options, expected) {
  const shop = await open(t, browser, options, expected);
  await shop.pay();
  await shop.fulfilledOnce();
  return shop;
}

/** Waits until the order's summary contains `text`. */
const leaves = (shop, text) => shop.at("access-left").filter({ hasText: text }).waitFor();

/** The state of each check, in order. */
const answers = (shop) =>
  shop.page
    .locator('[data-test="questions"] li')
    .evaluateAll((items) => items.map(({ dataset }) => dataset.state));

test("before a payment no caller can request a refund, and the page says so", async (t) => {
  const shop = await open(t, browser);
  for (const caller of ["customer", "support", "over", "below"]) {
    assert.equal(await shop.at(`refund-${caller}`).getAttribute("aria-disabled"), "true");
  }
  assert.equal(
    await shop.at("verdict").textContent(),
    "Pay first. Then each caller can request a refund.",
  );
});

test("finance refunds within its limit; customer, support and more are denied", async (t) => {
  const shop = await paid(t);
  for (const { caller, role, why, end, questions, says } of [
    {
      caller: "customer",
      role: "customer",
      why: "not_permitted",
      end: "403 forbidden",
      questions: ["done", "bad", "next", "next"],
      says: "their role has no permission refund:create",
    },
    {
      caller: "support",
      role: "support",
      why: "not_permitted",
      end: "403 forbidden",
      questions: ["done", "bad", "next", "next"],
      says: "their role has no permission refund:create",
    },
    {
      caller: "over",
      role: "finance",
      why: "limit",
      end: "403 refund_limit",
      questions: ["done", "done", "done", "bad"],
      says: "but not $501.00: $500.00 is their role's limit per request",
    },
    {
      caller: "below",
      role: "finance",
      why: "any",
      end: "200 succeeded",
      questions: ["done", "done", "done", "done"],
      says: "Stripe refunded it once",
    },
  ]) {
    const row = await shop.refund(caller);
    await shop.at("verdict").filter({ hasText: says }).waitFor();
    await shop.at(`refund-${caller}`).filter({ hasText: end }).waitFor();
    assert.deepEqual(await answers(shop), questions, caller);
    const { roles, action, allowed } = await row.evaluate(({ dataset }) => ({ ...dataset }));
    assert.deepEqual(
      { roles, action, allowed },
      { roles: role, action: "refund:create", allowed: String(why === "any") },
    );
    const [who, what, decision] = await row
      .locator("td")
      .evaluateAll((cells) =>
        cells.map((cell) => [...cell.children].map((line) => line.textContent)),
      );
    assert.equal(who[0], role);
    assert.notEqual(who[1], "unknown");
    const object =
      why === "not_permitted" ? "no object yet" : await shop.at("order-id").textContent();
    assert.deepEqual(what, ["refund:create", object]);
    assert.deepEqual(decision, [why === "any" ? "✓ allowed" : "✕ denied", why]);
  }

  await shop.status("partially_refunded");
  await leaves(shop, "$15.00 paid, $5.00 refunded, $10.00 left");
  assert.equal(await shop.at("order-text").textContent(), "$5.00 of $15.00 was refunded.");
  await shop.hasRows("shop", "POST /api/refund", 4);
  await shop.hasRows("stripe", "POST /v1/refunds", 1);
  await shop.hasRows("order", "paid → partially_refunded", 1);
  const trail = shop.page.locator('[data-test="decision"][data-action="refund:create"]');
  assert.equal(await trail.count(), 4);
  const whole = await shop.page.content();
  assert.ok(
    shop.secrets.filter((secret) => secret.startsWith("eyJ")).length >= 3,
    "the page received three tokens",
  );
  for (const secret of shop.secrets) assert.ok(!whole.includes(secret), "a secret is on the page");
});

test("each click is a refund of its own, until nothing is left", async (t) => {
  const shop = await paid(t);
  const keys = new Set();
  shop.page.on("request", (request) => {
    if (request.url().endsWith("/api/refund")) keys.add(request.headers()["idempotency-key"]);
  });
  for (const back of ["$5.00", "$10.00", "$15.00"]) {
    await shop.refund("below");
    await leaves(shop, `${back} refunded`);
  }
  await shop.status("refunded");
  assert.equal(keys.size, 3);
  await shop.hasRows("stripe", "POST /v1/refunds", 3);
  assert.equal(await shop.at("refund-below").getAttribute("aria-disabled"), "true");

  await shop.newOrder();
  await shop.at("refund-below").filter({ hasText: "no request yet" }).waitFor();
  assert.deepEqual(await answers(shop), ["next", "next", "next", "next"]);
  assert.equal(
    await shop.page.locator('[data-test="decision"][data-action="refund:create"]').count(),
    3,
    "the audit trail stays",
  );
});

test("a refund without a response is retried, and made once", async (t) => {
  const shop = await paid(t, {}, ["503 (Service Unavailable)"]);
  const lost = { error: { code: "unavailable", message: "the answer was lost" } };
  const losing = async (route) => {
    await route.fetch();
    await route.fulfill({ status: 503, json: lost });
  };
  await shop.page.route("**/api/refund", losing, { times: 1 });
  await shop.at("refund-below").click();
  await shop.at("refund-below").filter({ hasText: "503 unavailable" }).waitFor();
  await leaves(shop, "$5.00 refunded");

  // Its key and its amount survive a reload.
  await shop.page.reload();
  await leaves(shop, "$5.00 refunded");
  await shop.refund("below");

  await shop.at("verdict").filter({ hasText: "Stripe refunded it once" }).waitFor();
  await shop.hasRows("stripe", "POST /v1/refunds", 1);
  await leaves(shop, "$15.00 paid, $5.00 refunded, $10.00 left");
});

test("the audit trail returns after a reload", async (t) => {
  const shop = await paid(t);
  const row = await shop.refund("support");
  await shop.page.reload();
  await row.waitFor();
  assert.equal(await row.getAttribute("data-why"), "not_permitted");
});

test("one row counts the page's own reads, and does not arrive again", async (t) => {
  const shop = await open(t, browser);
  await shop.choose("webhooks", "outage");
  await shop.pay();
  const row = shop.page
    .locator('[data-test="decision"][data-action="order:read"]')
    .filter({ hasText: /×\d/ })
    .first();
  await row.waitFor();
  assert.equal(await row.evaluate((line) => getComputedStyle(line).animationName), "none");
});

test("the keyboard alone requests a refund, and keeps the focus", async (t) => {
  const shop = await paid(t);
  await shop.at("refund-customer").focus();
  await shop.page.keyboard.press("Tab");
  await shop.page.keyboard.press("Enter");
  await shop.at("refund-support").filter({ hasText: "403 forbidden" }).waitFor();
  assert.ok(await shop.at("refund-support").evaluate((tile) => tile === document.activeElement));
});

for (const colorScheme of ["light", "dark"]) {
  test(`at 360 pixels the panel is not cut off, ${colorScheme}`, async (t) => {
    const shop = await paid(t, { viewport: { width: 360, height: 780 }, colorScheme });
    await shop.refund("over");
    await shop.refund("below");
    await leaves(shop, "$5.00 refunded");
    const overflow = await shop.at("access").evaluate((panel) => {
      const wide = (element) => element.scrollWidth > element.clientWidth;
      const labels = [...panel.querySelectorAll(".steps b, .steps span")];
      const wider = labels.filter((label) => label.offsetWidth > label.parentElement.clientWidth);
      return [
        document.documentElement,
        panel,
        panel.querySelector(".trail-scroll"),
        ...panel.querySelectorAll("button"),
      ]
        .filter(wide)
        .concat(wider)
        .map(({ className, tagName, textContent }) => className || `${tagName} ${textContent}`);
    });
    assert.deepEqual(overflow, []);
  });
}
