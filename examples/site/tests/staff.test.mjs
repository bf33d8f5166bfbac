// Refunds by role: on the page, and directly at the functions.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Lifetime } from "./processes.mjs";
import { isSound } from "./sound.mjs";
import { opened, visit } from "./visitor.mjs";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

/** A guest's paid mug; returns its order's id. */
async function paidOrder(t) {
  const buyer = await visit(t, browser, world);
  await buyer.signIn();
  return buyer.buyMug();
}

/** A signed-in demo account. */
async function account(t, name, options) {
  const visitor = await visit(t, browser, world, options);
  await visitor.signIn(name);
  return visitor;
}

test("finance refunds a part, after a question, and the trail says who and why", async (t) => {
  const orderId = await paidOrder(t);
  const fin = await account(t, "Fin finance");
  await fin.find(orderId);
  await fin.orderIs("paid");
  await fin.page.getByText("No refund so far.").waitFor();
  await fin.page.getByLabel("Amount, in USD").fill("4.50");
  await fin.page.getByLabel("Why").selectOption("Requested by customer");
  await fin.button("Refund…").click();
  await fin.page.getByRole("dialog", { name: "Refund $4.50?" }).waitFor();
  await fin.button("Cancel").click();
  assert.deepEqual(await stripe.refunds(orderId), []);

  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await fin.orderIs("partially_refunded");
  const [refund, ...more] = await stripe.refunds(orderId);
  assert.deepEqual([refund.amount, refund.reason, more.length], [450, "requested_by_customer", 0]);
  const row = fin.page.locator('tbody tr[data-state="succeeded"]');
  const shown = await row.textContent();
  for (const part of ["$4.50", "Requested by customer", "Refunded", refund.id, "Fin"])
    assert.ok(shown.includes(part), shown);
  assert.equal(await fin.page.evaluate(() => document.activeElement.className), "farebox-result");

  await fin.button("Refund…").click();
  await fin.page.getByRole("dialog", { name: "Refund $10.50?" }).waitFor();
  await fin.button(/^Refund \$/).click();
  await fin.orderIs("refunded");
  await fin.page.getByText("All of it was refunded.").waitFor();
  assert.equal((await stripe.refunds(orderId)).length, 2);
});

test("more than was paid is not even asked for", async (t) => {
  const orderId = await paidOrder(t);
  const fin = await account(t, "Fin finance");
  await fin.find(orderId);
  for (const amount of ["15.01", "0", "-1", "1.234", "1e1", "", "NaN"]) {
    await fin.page.getByLabel("Amount, in USD").fill(amount);
    await fin.button("Refund…").click();
    await fin.page.getByText("Enter an amount of up to $15.00.").waitFor();
    assert.equal(await fin.page.getByRole("dialog").count(), 0, amount);
  }
});

test("a refund whose answer is lost is one refund when it is asked for again", async (t) => {
  const orderId = await paidOrder(t);
  const fin = await account(t, "Fin finance", { expected: ["Failed to load resource"] });
  await fin.find(orderId);
  await fin.orderIs("paid");
  // The functions respond; the page does not receive it.
  await fin.page.route("**/api/payments/refund", async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await fin.page.getByLabel("Amount, in USD").fill("5");
  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await fin.orderIs("partially_refunded");
  const told = fin.page.getByRole("alert").filter({ hasText: "does not respond" });
  await told.getByText("it is not known whether the refund was made").waitFor();
  const amount = () => fin.page.getByLabel("Amount, in USD").inputValue();
  assert.equal(await amount(), "5.00");
  assert.equal(await fin.button("Refund…").count(), 0);
  await isSound(fin, "a refund without an answer");

  // The same after a reload and in another tab.
  await fin.find(orderId);
  await fin.page.getByText("The refund of $5.00 has no response yet").waitFor();
  assert.equal(await amount(), "5.00");
  const other = await fin.newTab();
  await other.find(orderId);
  await other.button("Retry this refund").waitFor();
  await fin.button("Retry this refund").click();
  await fin.button("Refund…").waitFor();
  assert.equal(await amount(), "10.00");
  assert.deepEqual((await stripe.refunds(orderId)).map((refund) => refund.amount), [500]);
  await other.button("Refund…").waitFor();
});

test("a refund whose request was lost is made once when it is sent again", async (t) => {
  const orderId = await paidOrder(t);
  const fin = await account(t, "Fin finance", { expected: ["Failed to load resource"] });
  await fin.find(orderId);
  await fin.page.route("**/api/payments/refund", (route) => route.abort(), { times: 1 });
  await fin.page.getByLabel("Amount, in USD").fill("5");
  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await fin.page.getByText("The refund of $5.00 has no response yet").waitFor();
  assert.deepEqual(await stripe.refunds(orderId), []);
  // An expired sign-in says nothing about the refund.
  await fin.page.route(
    "**/api/payments/refund",
    (route) => {
      const error = { code: "unauthenticated", message: "sign in", requestId: "" };
      return route.fulfill({ status: 401, json: { error } });
    },
    { times: 1 },
  );
  await fin.button("Retry this refund").click();
  await fin.page.getByText("You are signed out.").waitFor();
  await fin.button("Retry this refund").click();
  await fin.orderIs("partially_refunded");
  assert.deepEqual(
    (await stripe.refunds(orderId)).map((refund) => refund.amount),
    [500],
  );
});

test("a transfer is refunded to the account of the customer whom staff name", async (t) => {
  const buyer = await visit(t, browser, world);
  await buyer.signIn();
  const orderId = await buyer.beginMug();
  await stripe.payLater(orderId, "customer_balance");
  await stripe.settle(orderId);
  await buyer.page.goto(`/checkout/return?order=${orderId}`);
  await buyer.outcome("paid");

  const fin = await account(t, "Fin finance", {
    expected: ["409 (Conflict)", "Failed to load resource"],
  });
  const { page } = fin;
  const asked = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/refund")) asked.push(request);
  });
  await fin.find(orderId);
  await fin.orderIs("paid");
  const email = page.getByLabel("Customer’s e-mail");
  assert.equal(await email.count(), 0);
  await page.getByLabel("Amount, in USD").fill("5");
  await page.getByLabel("Why").selectOption("Duplicate");
  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await page.getByRole("alert").getByText("needs the customer’s e-mail address").waitFor();
  await email.waitFor();
  assert.ok(await email.evaluate((field) => field === document.activeElement));
  assert.deepEqual(await stripe.refunds(orderId), []);
  await isSound(fin, "a refund that needs an address");

  for (const wrong of ["", "ada", "ada@"]) {
    await email.fill(wrong);
    await fin.button("Refund…").click();
    await page.getByText("Enter the customer’s e-mail address.").waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0, wrong);
  }
  // The response is lost: the retry after a reload is the same request, with the address.
  await page.route(
    "**/api/payments/refund",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await email.fill("ada@example.com");
  await fin.button("Refund…").click();
  await page.getByRole("dialog", { name: "Refund $5.00?" }).getByText("ada@example.com").waitFor();
  await fin.button(/^Refund \$/).click();
  await fin.button("Retry this refund").waitFor();
  await fin.find(orderId);
  assert.equal(await email.inputValue(), "ada@example.com");
  await fin.button("Retry this refund").click();
  await fin.button("Refund…").waitFor();
  await page.locator('tbody tr[data-state="requires_action"]').getByText("Duplicate").waitFor();
  await page.getByText("$5.00 pending").waitFor();
  assert.equal(await email.count(), 0);

  await buyer.page.reload();
  await buyer.page.getByText("Your order is paid. A refund of $5.00 is pending.").waitFor();
  await buyer.page.goto("/orders");
  await buyer.page.locator(`[data-order="${orderId}"]`).getByText("$5.00 refund pending").waitFor();

  const [refund, ...more] = await stripe.refunds(orderId);
  assert.deepEqual(
    [refund.amount, refund.reason, refund.instructions_email, more.length],
    [500, "duplicate", "ada@example.com", 0],
  );
  const [first, second, third] = await Promise.all(
    asked.map((request) => request.headerValue("idempotency-key")),
  );
  assert.notEqual(first, second);
  assert.equal(second, third);
  assert.equal(
    await page.evaluate(() => JSON.stringify({ ...localStorage }).includes("ada@")),
    false,
  );
});

test("on a phone the record of refunds is read without scrolling sideways", async (t) => {
  const orderId = await paidOrder(t);
  const fin = await account(t, "Fin finance", { viewport: { width: 390, height: 844 } });
  await fin.find(orderId);
  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await fin.page.locator('tbody tr[data-state="succeeded"]').waitFor();
  const [width, whole] = await fin.page.locator("table").evaluate((table) => {
    const boxes = [...table.querySelectorAll("tbody *")].map(
      (element) => element.getBoundingClientRect().right,
    );
    return [innerWidth, Math.max(...boxes)];
  });
  assert.ok(whole <= width, `${whole} of ${width}`);
});

test("staff list the orders, filter them by status and day, and open one", async (t) => {
  const orderId = await paidOrder(t);
  const sam = await account(t, "Sam support");
  await sam.page.goto("/staff");
  const line = sam.page.locator(`[data-order="${orderId}"]`);
  await line.getByText("Paid").waitFor();
  assert.equal(await sam.page.locator(".order").first().getAttribute("data-order"), orderId);
  const status = sam.page.getByLabel("Status");
  await status.selectOption("Disputed");
  await sam.page.getByText("No such order.").waitFor();
  assert.equal(await line.count(), 0);
  await status.selectOption("Paid");
  await line.waitFor();

  const until = sam.page.getByLabel("Ordered until");
  await until.fill("2020-01-01");
  await sam.page.getByText("No such order.").waitFor();
  await sam.page.getByLabel("Ordered from").fill("2020-01-02");
  await sam.page.getByText("The last day is before the first.").waitFor();
  // A day includes its last hour.
  const today = await sam.page.evaluate(() => new Date().toLocaleDateString("sv"));
  await until.fill(today);
  await line.waitFor();

  await line.getByRole("button").click();
  await sam.orderIs("paid");
  await sam.page.getByRole("heading", { name: orderId }).waitFor();
  assert.equal(await sam.page.locator(".order").count(), 0);
  await sam.button("Back to all orders").click();
  await line.waitFor();
  assert.equal(await status.inputValue(), "paid", "the filter stays");
});

test("the list goes on by pages, and its export has the orders of all pages", async (t) => {
  for (const guest of ["first", "second"]) {
    const buyer = await visit(t, browser, world);
    await buyer.signIn();
    for (let n = 0; n < 11; n += 1) {
      const started = await buyer.call("create-intent", {
        method: "POST",
        headers: { "idempotency-key": `${guest}-${n}` },
        body: { items: [{ price: "mug", quantity: 1 }] },
      });
      assert.equal(started.status, 200);
    }
  }
  const sam = await account(t, "Sam support", { viewport: { width: 390, height: 844 } });
  await sam.page.goto("/staff");
  await sam.page.getByLabel("Status").selectOption("Not confirmed yet");
  const lines = sam.page.locator(".order");
  await sam.button("Older orders").waitFor();
  assert.equal(await lines.count(), 20);
  await isSound(sam, "the list of orders on a phone");
  await sam.button("Older orders").click();
  await lines.nth(21).waitFor();
  while (await sam.button("Older orders").count()) await sam.button("Older orders").click();
  const ids = await lines.evaluateAll((all) => all.map((line) => line.dataset.order));
  assert.equal(new Set(ids).size, ids.length, "none twice");

  const saving = sam.page.waitForEvent("download");
  await sam.button("Export as CSV").click();
  const file = await saving;
  assert.equal(file.suggestedFilename(), "orders.csv");
  const rows = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  assert.match(rows[0], /^orderId,status,/);
  assert.deepEqual(rows.slice(1).map((row) => row.split(",")[0]), ids.map((id) => `"${id}"`));
});

test("a list without an answer can be read again", async (t) => {
  const sam = await account(t, "Sam support", { expected: ["Failed to load resource"] });
  const lost = (route) => route.abort();
  await sam.page.route("**/api/payments/orders*", lost);
  await sam.page.goto("/staff");
  const told = sam.page.getByRole("alert").filter({ hasText: "the orders cannot be shown" });
  await told.waitFor();
  await sam.page.unroute("**/api/payments/orders*", lost);
  await told.getByRole("button").click();
  await sam.page.locator(".order").first().waitFor();
});

test("support reads the order and its trail, and cannot refund it", async (t) => {
  const orderId = await paidOrder(t);
  const sam = await account(t, "Sam support", { expected: ["403 (Forbidden)"] });
  await sam.find(orderId);
  await sam.orderIs("paid");
  await sam.page.getByText("Only the finance role can refund.").waitFor();
  assert.equal(await sam.button("Refund…").count(), 0);
  const past = await sam.call("refund", {
    method: "POST",
    headers: { "idempotency-key": "past" },
    body: { orderId, amount: 100 },
  });
  assert.deepEqual([past.status, past.body.error.code], [403, "forbidden"]);
  assert.deepEqual(await stripe.refunds(orderId), []);
});

test("a customer has no staff page, reads nobody's order, and refunds nothing", async (t) => {
  const orderId = await paidOrder(t);
  const ada = await account(t, "Ada customer", {
    expected: ["403 (Forbidden)", "404 (Not Found)"],
  });
  assert.equal(await ada.page.getByRole("link", { name: "Staff" }).count(), 0);
  await ada.page.goto("/staff");
  await ada.page.getByText("This page is for staff.").waitFor();
  assert.equal((await ada.call(`order?id=${orderId}`)).status, 404);
  const past = await ada.call("refund", {
    method: "POST",
    headers: { "idempotency-key": "past" },
    body: { orderId },
  });
  assert.equal(past.status, 403);
});

test("a guest refunds not even their own order", async (t) => {
  const buyer = await visit(t, browser, world, { expected: ["403 (Forbidden)"] });
  await buyer.signIn();
  const orderId = await buyer.buyMug();
  await buyer.page.goto("/staff");
  await buyer.page.getByText("This page is for staff.").waitFor();
  const past = await buyer.call("refund", {
    method: "POST",
    headers: { "idempotency-key": "past" },
    body: { orderId },
  });
  assert.deepEqual([past.status, past.body.error.code], [403, "forbidden"]);
  assert.deepEqual(await stripe.refunds(orderId), []);
});

test("the buyer sees a refund, and not who made it", async (t) => {
  const buyer = await visit(t, browser, world);
  await buyer.signIn();
  const orderId = await buyer.buyMug();
  const fin = await account(t, "Fin finance");
  await fin.find(orderId);
  await fin.button("Refund…").click();
  await fin.button(/^Refund \$/).click();
  await fin.orderIs("refunded");
  await buyer.page.goto("/orders");
  await buyer.page
    .locator(`[data-order="${orderId}"][data-status="refunded"]`)
    .getByText("$15.00 refunded")
    .waitFor();
  assert.equal("refunds" in (await buyer.call(`order?id=${orderId}`)).body, false);
});

test("an order that is not there is told so", async (t) => {
  const sam = await account(t, "Sam support", { expected: ["404 (Not Found)"] });
  await sam.find("no-such-order");
  await sam.page.getByRole("alert").getByText("This order does not exist.").waitFor();
});

test("whoever signs in as nobody is not let in, and staff do not buy", async (t) => {
  const stranger = await visit(t, browser, world);
  for (const page of ["/orders", "/staff", "/checkout"]) {
    await stranger.page.goto(page);
    await stranger.page.waitForURL(`/sign-in?to=${page}`);
  }
  const sam = await account(t, "Sam support");
  await sam.page.goto("/checkout");
  await sam.page.getByText("cannot buy").waitFor();
});
