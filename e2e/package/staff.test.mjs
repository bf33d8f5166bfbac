// RefundForm and useOrders, as staff use them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Lifetime, opened, visit } from "./shop.mjs";

const lifetime = new Lifetime();
let world, stripe;

before(async () => {
  world = await opened(lifetime);
  ({ stripe } = world);
});
after(() => lifetime.end());

/** A paid order of two mugs. */
async function paid(t) {
  const payer = await visit(t, world);
  await payer.checkOut("?items=mug:2");
  await payer.pay();
  await payer.state("paid");
  return payer.orderId();
}

/** The refund form of finance for a new paid order. */
async function form(t, options) {
  const orderId = await paid(t);
  const staff = await visit(t, world, { user: "fin", ...options });
  await staff.page.goto(`/staff?order=${orderId}`);
  await staff.page.getByLabel("Amount, in USD").waitFor();
  return { staff, orderId };
}

async function refund(staff, amount) {
  await staff.page.getByLabel("Amount, in USD").fill(amount);
  await staff.button("Refund…").click();
  await staff.page.getByRole("dialog").getByRole("button", { name: /^Refund \$/ }).click();
}

test("a part is refunded after a question, and then the rest", async (t) => {
  const { staff, orderId } = await form(t);
  const { page } = staff;
  await page.getByLabel("Amount, in USD").fill("31");
  await staff.button("Refund…").click();
  await staff.alert("Enter an amount of up to $30.00.").waitFor();
  await refund(staff, "10.50");
  await page.getByText("$10.50 is refunded.").waitFor();
  await page.getByText("1050", { exact: true }).waitFor();
  const isTold = () =>
    page.evaluate(() => document.activeElement.textContent.includes("is refunded"));
  await page.waitForFunction(() => document.activeElement.className === "farebox-result");
  assert.ok(await isTold(), "the keyboard focus is on the result");
  assert.equal(await page.getByLabel("Amount, in USD").inputValue(), "19.50");
  await refund(staff, "19.50");
  await page.getByText("All of it was refunded.").waitFor();
  const amounts = (await stripe.refunds(orderId)).map(({ amount }) => amount);
  assert.deepEqual(amounts.sort(), [1050, 1950]);
});

test("a refund whose answer is lost is retried through a reload, and made once", async (t) => {
  const { staff, orderId } = await form(t, { expected: ["ERR_FAILED"] });
  const keys = await staff.losesAnswers("refund", 2);
  await refund(staff, "5");
  await staff.page.getByText("has no response yet").waitFor();
  await staff.alert("it is not known whether the refund was made").waitFor();
  assert.equal(await staff.button("Refund…").count(), 0);
  await staff.button("Retry this refund").click();
  await staff.alert("it is not known whether the refund was made").waitFor();
  await staff.page.reload();
  await staff.page.getByText("The refund of $5.00 has no response yet").waitFor();
  const sent = staff.page.waitForRequest((request) => request.url().endsWith("/refund"));
  await staff.button("Retry this refund").click();
  keys.push((await sent).headers()["idempotency-key"]);
  await staff.page.getByText("$5.00 is refunded.").waitFor();
  assert.deepEqual([keys.length, new Set(keys).size], [3, 1]);
  assert.equal((await stripe.refunds(orderId)).length, 1);
  await staff.button("Refund…").waitFor();
});

test("a refund that Farebox refuses is over, and the next has another key", async (t) => {
  const { staff } = await form(t, { expected: ["409 (Conflict)"] });
  const keys = [];
  staff.page.on("request", (request) => {
    if (request.url().endsWith("/refund")) keys.push(request.headers()["idempotency-key"]);
  });
  await staff.page.route(
    /\/refund$/,
    (route) => {
      const error = { code: "refund_refused", message: "no", requestId: "req_1" };
      return route.fulfill({ status: 409, json: { error } });
    },
    { times: 1 },
  );
  await refund(staff, "5");
  await staff.alert("Stripe rejected the refund of this payment.").waitFor();
  await refund(staff, "5");
  await staff.page.getByText("$5.00 is refunded.").waitFor();
  assert.equal(new Set(keys).size, 2);
});

test("where Stripe needs an address, the form asks for it and moves the focus there", async (t) => {
  const { staff } = await form(t, { expected: ["409 (Conflict)"] });
  await staff.page.route(
    /\/refund$/,
    (route) => {
      const error = { code: "refund_needs_email", message: "no", requestId: "req_1" };
      return route.fulfill({ status: 409, json: { error } });
    },
    { times: 1 },
  );
  await refund(staff, "7");
  const field = staff.page.getByLabel("Customer’s e-mail");
  await field.waitFor();
  await staff.page.waitForFunction(() => document.activeElement.type === "email");
  assert.equal(await staff.page.getByLabel("Amount, in USD").inputValue(), "7");
  await staff.button("Refund…").click();
  await staff.alert("Enter the customer’s e-mail address.").waitFor();
  await field.fill("ada@example.com");
  const sent = staff.page.waitForRequest((request) => request.url().endsWith("/refund"));
  await refund(staff, "7");
  assert.equal((await sent).postDataJSON().instructionsEmail, "ada@example.com");
});

test("orders are listed in pages, and exported with one header row", async (t) => {
  const payer = await visit(t, world, { user: "ada" });
  const ids = new Set();
  for (const key of ["a", "b", "c"]) {
    await payer.page.goto("/orders");
    const items = [{ price: "mug", quantity: 1 }];
    const { body } = await payer.call("create-intent", { items }, { "idempotency-key": key });
    ids.add(body.orderId);
  }
  await payer.page.goto("/orders");
  const listed = () => payer.page.getByRole("listitem").allTextContents();
  await payer.button("Older orders").waitFor();
  const newest = await listed();
  assert.equal(newest.length, 2);
  await payer.button("Older orders").click();
  await payer.page.getByRole("listitem").nth(2).waitFor();
  const all = await listed();
  assert.deepEqual(all.slice(0, 2), newest);
  assert.deepEqual(new Set(all), ids);
  await payer.button("Export").click();
  await payer.page.getByText("orderId", { exact: false }).waitFor();
  const csv = await payer.page.locator("pre").textContent();
  assert.equal(csv.trim().split("\n").length, 4);
});

test("a list that cannot be read says so, and is read again", async (t) => {
  const staff = await visit(t, world, { user: "fin", expected: ["ERR_FAILED"] });
  await staff.page.route(/\/orders\?/, (route) => route.abort(), { times: 2 });
  await staff.page.goto("/orders");
  await staff.alert("So your orders cannot be shown.").waitFor();
  await staff.button("Again").click();
  await staff.page.getByRole("listitem").first().waitFor();
  assert.equal(await staff.page.getByRole("alert").count(), 0);
});
