// Tests the page of `cargo dev` as a person uses it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./shop.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("a payment is seen from the request to the delivery", async (t) => {
  const shop = await open(t, browser);
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.hasRows("shop", "POST /api/create-intent", 1);
  await shop.hasRows("stripe", "POST /v1/payment_intents", 1);
  await shop.hasRows("webhook", "payment_intent.succeeded", 1);
  await shop.hasRows("order", "created → paid", 1);
  await shop.hasRows("notify", "order.paid", 1);
});

test("a declined order is paid with another card", async (t) => {
  const shop = await open(t, browser);
  await shop.pay("9995");
  await shop.at("message").waitFor();
  assert.equal(await shop.at("message-code").textContent(), "insufficient_funds");
  await shop.status("failed");
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.hasRows("stripe", "POST /v1/payment_intents", 1);
});

test("a 3-D Secure challenge is approved", async (t) => {
  const shop = await open(t, browser);
  await shop.pay("3155");
  await shop.at("bank-approve").click();
  await shop.fulfilledOnce();
});

test("a 3-D Secure challenge is declined, and the order stays open", async (t) => {
  const shop = await open(t, browser);
  await shop.pay("3155");
  await shop.at("bank-decline").click();
  await shop.status("failed");
  await shop.pay();
  await shop.fulfilledOnce();
});

test("webhooks that arrive three times have one effect", async (t) => {
  const shop = await open(t, browser);
  await shop.choose("webhooks", "duplicate");
  await shop.pay();
  await shop.proves("Stripe delivered payment_intent.succeeded 3 times, with 1 effect");
  await shop.fulfilledOnce();
  await shop.hasRows("webhook", "payment_intent.succeeded", 3);
  await shop.hasRows("order", "created → paid", 1);
  await shop.hasRows("notify", "order.paid", 1);
});

test("webhooks in reverse order leave the order paid once", async (t) => {
  const shop = await open(t, browser);
  await shop.choose("webhooks", "reversed");
  await shop.pay();
  await shop.proves("payment_intent.succeeded arrived before");
  await shop.fulfilledOnce();
  await shop.hasRows("order", "created → paid", 1);
  const came = await shop.page
    .locator('[data-source="webhook"]')
    .evaluateAll((rows) => rows.map((row) => row.dataset.title));
  assert.ok(
    came.indexOf("payment_intent.succeeded") < came.indexOf("payment_intent.created"),
    came.join(", "),
  );
});

test("a late webhook is waited for", async (t) => {
  const shop = await open(t, browser);
  await shop.choose("webhooks", "delay");
  await shop.pay();
  await shop.page.locator('[data-step="accepted"][data-state="done"]').waitFor();
  assert.equal(await shop.rows("webhook", "payment_intent.succeeded").count(), 0);
  await shop.proves("s after the bank's response: the order became paid once");
  await shop.fulfilledOnce();
});

test("events missed in an outage arrive when it is over", async (t) => {
  const shop = await open(t, browser);
  await shop.choose("webhooks", "outage");
  await shop.pay();
  await shop.page.locator('[data-step="accepted"][data-state="done"]').waitFor();
  await shop.choose("webhooks", "usual");
  await shop.fulfilledOnce();
  await shop.proves("after the outage: the order became paid once");

  // Neither the refund's events nor a later order's were missed in the outage.
  await shop.refund("below");
  await shop.hasRows("webhook", "charge.refunded", 1);
  await shop.newOrder();
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.hasRows("notify", "order.paid", 2);
  const [said, ...more] = await shop.proofs();
  assert.match(said, /after the outage: the order became paid once/);
  assert.deepEqual(more, []);
});

test("missed events are fetched", async (t) => {
  const shop = await open(t, browser);
  await shop.choose("webhooks", "outage");
  await shop.pay();
  await shop.page.locator('[data-step="accepted"][data-state="done"]').waitFor();
  await shop.at("reconcile").click();
  await shop.fulfilledOnce();
  await shop.proves(
    "No webhook arrived. Farebox fetched the events from Stripe: the order became paid once",
  );
  await shop.at("reconcile").click();
  await shop.page.getByText("Nothing was missed").waitFor();
  await shop.fulfilledOnce();
});

test("a forged webhook is rejected, and the order does not change", async (t) => {
  const shop = await open(t, browser);
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.at("forge").click();
  await shop.proves("Rejected: the signature does not match. The order did not change.");
  const refused = shop.page.locator('[data-source="webhook"][data-ok="false"]');
  assert.match(await refused.textContent(), /400 · signature rejected · no change/);
  await shop.hasRows("order", "created → paid", 1);
  await shop.fulfilledOnce();
});

for (const [fault, status] of [
  ["lost_answer", "no response"],
  ["reset", "no response"],
  ["hang", "no response"],
  ["latency", null],
  ["rate_limit", "429"],
  ["error", "500"],
  ["bad_gateway", "502"],
]) {
  test(`one payment is created in spite of ${fault}`, async (t) => {
    const shop = await open(t, browser);
    await shop.choose("requests", fault);
    await shop.pay();
    await shop.proves("1 intent for this order.");
    await shop.fulfilledOnce();
    const asked = await shop.rows("stripe", "POST /v1/payment_intents").allTextContents();
    assert.equal(asked.length, status ? 2 : 1);
    if (status) assert.ok(asked[0].includes(status), asked[0]);
    assert.ok(asked.at(-1).includes("the order has 1 intent"), asked.at(-1));
    assert.ok(await shop.at("switch-requests-usual").isChecked(), "the fault applies once");
  });
}

test("the list follows a payment after a reload with history", async (t) => {
  const shop = await open(t, browser, { viewport: { width: 1280, height: 700 } });
  for (let payment = 0; payment < 3; payment += 1) {
    await shop.pay();
    await shop.fulfilledOnce();
    await shop.newOrder();
  }
  await shop.page.reload();
  await shop.hasRows("notify", "order.paid", 3);
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.hasRows("notify", "order.paid", 4);
  await shop.page.waitForFunction(() => {
    const list = document.getElementById("activity-scroll");
    return list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  });
  assert.ok(await shop.at("newest").isHidden());
});

test("a reader who scrolled up stays there until they return to the end", async (t) => {
  const shop = await open(t, browser, { viewport: { width: 1280, height: 700 } });
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.page.locator("#activity-scroll").hover();
  await shop.page.mouse.wheel(0, -10_000);
  await shop.page.waitForFunction(() => document.getElementById("activity-scroll").scrollTop === 0);
  await shop.newOrder();
  await shop.pay();
  await shop.fulfilledOnce();
  await shop.at("newest").waitFor();
  assert.equal(
    await shop.page.evaluate(() => document.getElementById("activity-scroll").scrollTop),
    0,
  );
});

test("a chosen chip keeps its width", async (t) => {
  const shop = await open(t, browser);
  const width = async (value) =>
    (await shop.page.locator("label", { has: shop.at(`switch-webhooks-${value}`) }).boundingBox())
      .width;
  const before = await width("duplicate");
  await shop.choose("webhooks", "duplicate");
  assert.equal(await width("duplicate"), before);
});

test("every row opens to its request and response, and no secret is on the page", async (t) => {
  const shop = await open(t, browser);
  await shop.pay("0002");
  await shop.status("failed");
  await shop.pay();
  await shop.fulfilledOnce();
  const summaries = shop.page.locator('[data-test="activity-row"] summary');
  for (const summary of await summaries.all()) await summary.click();
  await shop.at("exchange").nth((await summaries.count()) - 1).waitFor();

  const call = await shop
    .rows("shop", "POST /api/create-intent")
    .first()
    .getByTestId("exchange")
    .textContent();
  for (const shown of [
    "authorizationBearer ••••",
    '"mug"',
    '"clientSecret": "••••"',
    "idempotency-key",
  ]) {
    assert.ok(call.includes(shown), `${shown} is not in ${call}`);
  }
  const event = await shop
    .rows("webhook", "payment_intent.succeeded")
    .getByTestId("exchange")
    .textContent();
  assert.match(event, /stripe-signaturet=\d+,v1=••••/);
  const confirmed = shop.page.locator('[data-title$="/confirm"]').last().getByTestId("exchange");
  assert.ok((await confirmed.textContent()).includes("•••• 4242"));
  const told = await shop.rows("notify", "order.paid").getByTestId("exchange").textContent();
  assert.match(told, /webhook-signaturev1,••••/);

  const whole = await shop.page.content();
  assert.ok(shop.secrets.length >= 7, "the page received a token and a client secret");
  for (const secret of shop.secrets) assert.ok(!whole.includes(secret), `${secret} is on the page`);
  const list = await shop.at("activity").innerHTML();
  // Whole words only: a random id may contain twelve digits, or `eyJ`, by chance.
  const card = /(?<![\w-])\d{12,19}(?![\w-])/;
  for (const form of [/_secret_\w/, /whsec_\w/, /[sr]k_test_\w/, /\beyJ\w/, /\bv1[=,]\w/, card]) {
    assert.doesNotMatch(list, form);
  }
});

test("the keyboard alone pays, opens a row and changes a switch", async (t) => {
  const shop = await open(t, browser);
  const { keyboard } = shop.page;
  const tabTo = async (goal, most = 60) => {
    for (let tries = 0; tries < most; tries += 1) {
      await keyboard.press("Tab");
      if (await goal.evaluate((element) => element === document.activeElement)) return;
    }
    assert.fail("the Tab key does not reach it");
  };
  await tabTo(shop.at("card-4242"));
  await keyboard.press("Enter");
  await tabTo(shop.at("pay"));
  await keyboard.press("Enter");
  await shop.fulfilledOnce();

  await tabTo(shop.at("switch-webhooks-usual"));
  await keyboard.press("ArrowRight");
  assert.ok(await shop.at("switch-webhooks-duplicate").isChecked());
  await tabTo(shop.rows("notify", "order.paid").locator("summary"));
  await keyboard.press("ArrowUp");
  await keyboard.press("Enter");
  await shop.at("exchange").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  test(`at 360 pixels nothing is cut off, ${colorScheme}`, async (t) => {
    const shop = await open(t, browser, { viewport: { width: 360, height: 780 }, colorScheme });
    await shop.choose("webhooks", "duplicate");
    await shop.pay();
    await shop.proves("3 times");
    await shop.rows("webhook", "payment_intent.succeeded").first().locator("summary").click();
    await shop.at("exchange").waitFor();
    const overflow = await shop.page.evaluate(() => {
      const wide = (element) => element.scrollWidth > element.clientWidth;
      return [document.documentElement, document.getElementById("activity-scroll")]
        .filter(wide)
        .map(({ id, tagName }) => id || tagName);
    });
    assert.deepEqual(overflow, []);
  });
}

/** Pays on the sandbox's page, with the code that the demo shop names. */
async function payAtCheckout(shop) {
  const { page } = shop;
  const code = await page.locator("#code").textContent();
  await shop.at("to-checkout").click();
  const delivery = page.getByRole("form", { name: "Delivery and discount" });
  await delivery.getByLabel("Recipient").fill("Ada");
  await delivery.getByLabel("Street").fill("Torstr. 1");
  await delivery.getByLabel("Postal code").fill("10119");
  await delivery.getByLabel("City").fill("Berlin");
  await delivery.getByLabel("Country").selectOption("DE");
  await delivery.getByLabel("Courier").check();
  await delivery.getByLabel("Promotion code").fill(code);
  await delivery.getByRole("button", { name: "Update the total" }).click();
  await page.getByRole("row", { name: "Total" }).getByText("33.80 USD").waitFor();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Name", { exact: true }).fill("Ada");
  await page.getByLabel("Card", { exact: true }).check();
  await page.getByLabel("Card number").fill("4242424242424242");
  await page.getByLabel("Expiry").fill("12/40");
  await page.getByLabel("Security code").fill("123");
  await page.getByRole("button", { name: /^Pay / }).click();
}

test("a session with a code, tax and shipping becomes one order of five amounts", async (t) => {
  const shop = await open(t, browser, {
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
  });
  await payAtCheckout(shop);
  await shop.fulfilledOnce();
  const parts = await shop.at("order-parts").locator("*").allTextContents();
  assert.deepEqual(parts, [
    ...["Subtotal", "$15.00", "Discount", "-$1.50", "Shipping", "$14.90"],
    ...["Tax", "$5.40", "Total", "$33.80"],
  ]);
  assert.equal(await shop.page.locator("#order-amount").textContent(), "$33.80");
  await shop.hasRows("stripe", "POST /v1/checkout/sessions", 1);
  await shop.hasRows("order", "created → paid", 1);
  await shop.hasRows("notify", "order.paid", 1);
  const width = await shop.page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 390);

  await shop.newOrder();
  assert.equal(await shop.at("order-parts").isVisible(), false);
  await shop.pay();
  await shop.fulfilledOnce();
});

test("an authorized order is paid once staff captured it", async (t) => {
  const dark = { colorScheme: "dark", viewport: { width: 390, height: 844 } };
  const shop = await open(t, browser, dark, [], { FAREBOX_CAPTURE: "manual" });
  await shop.pay();
  await shop.status("authorized");
  await shop.page.getByText("The bank holds the money until staff capture").waitFor();
  assert.equal((await shop.at("pay").textContent()).trim(), "Authorized");
  assert.equal(await shop.at("pay").isEnabled(), false);

  const captured = await shop.page.evaluate(async () => {
    const { orderId } = JSON.parse(sessionStorage.getItem("farebox-demo"));
    const session = await fetch("/dev/session?as=finance", { method: "POST" });
    const { token } = await session.json();
    const answer = await fetch("/api/capture", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ orderId }),
    });
    return answer.status;
  });

  assert.equal(captured, 200);
  await shop.status("paid");
  await shop.hasRows("notify", "order.authorized", 1);
  await shop.hasRows("notify", "order.paid", 1);
});

test("whoever comes back from Checkout unpaid can pay with a card", async (t) => {
  const shop = await open(t, browser);
  await shop.at("to-checkout").click();
  await shop.page.getByRole("link", { name: "Cancel and go back to the shop" }).click();
  await shop.status("created");
  await shop.pay();
  await shop.fulfilledOnce();
  assert.equal(await shop.at("order-parts").isVisible(), false);
});

test("the page follows the colours that the person prefers", async (t) => {
  const shop = await open(t, browser, { colorScheme: "dark" });
  const lightness = () =>
    shop.page.evaluate(() => {
      const parts = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
      return (parts[0] + parts[1] + parts[2]) / 3;
    });
  assert.ok((await lightness()) < 60);
  await shop.page.emulateMedia({ colorScheme: "light" });
  assert.ok((await lightness()) > 200);
});
