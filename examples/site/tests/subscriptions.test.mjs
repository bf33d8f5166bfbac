// Plans: subscribed to, changed, ended, and the page that they open.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { farebox, Lifetime, site } from "./processes.mjs";
import { isSound } from "./sound.mjs";
import { Stripe } from "./stripe.mjs";
import { CARDS, close, launch, visit } from "./visitor.mjs";

const SMALL = { colorScheme: "dark", viewport: { width: 390, height: 844 } };
/** `cargo dev` without a checkout file sells its plans with a trial. */
const TRIAL = { variables: {}, settings: { TRIAL_DAYS: "14" } };

let browser, folder, plain;
before(async () => {
  browser = await launch();
  folder = await mkdtemp(join(tmpdir(), "plans-"));
  // A file without a trial.
  plain = { FAREBOX_CHECKOUT: join(folder, "checkout.json") };
  await writeFile(plain.FAREBOX_CHECKOUT, "{}");
});
after(async () => {
  await close(browser);
  await rm(folder, { recursive: true });
});

/** A shop of its own for the test, because Ada holds one plan of a product. */
async function shop(t, { variables = plain, settings } = {}) {
  // The browser's pages are closed before the servers end: the last one goes first.
  const lifetime = new Lifetime();
  t.after(() => lifetime.end());
  const { origin, sandbox } = await farebox(lifetime, { variables });
  const stripe = new Stripe(sandbox);
  await stripe.plans();
  const world = { shop: await site(lifetime, origin, settings), sandbox };
  const enter = async (name, options) => {
    const visitor = await visit(lifetime, browser, world, options);
    if (name) await visitor.signIn(name);
    return visitor;
  };
  return { stripe, world, enter, ada: (options) => enter("Ada customer", options) };
}

/** Fills in Checkout's form for a plan, on Stripe's page or in its frame. */
async function payFor(where) {
  await where.getByRole("form", { name: "Payment" }).waitFor();
  const email = where.getByLabel("E-mail");
  if (await email.isEditable()) await email.fill("ada@example.com");
  await where.getByLabel("Name", { exact: true }).fill("Ada");
  await where.getByLabel("Card number").fill(CARDS.good);
  await where.getByLabel("Expiry").fill("12/40");
  await where.getByLabel("Security code").fill("123");
  await where.getByRole("button", { name: /^(Subscribe|Start)/ }).click();
}

/** Chooses a plan and pays for it on Stripe's page. */
async function subscribe(visitor, plan = "Pro") {
  await visitor.page.goto("/pricing");
  await visitor.button(`Choose ${plan}`).click();
  await payFor(visitor.page);
  await visitor.outcome("paid");
}

const plan = ({ page }, status) => page.locator(`article.plan[data-status="${status}"]`);
const logIs = ({ page }, access) => page.locator(`[data-access="${access}"]`);

/** Opens the account, and waits for a plan of this status and badge. */
async function account(visitor, status, badge) {
  await visitor.page.goto("/account?from=stripe");
  await plan(visitor, status).locator(".badge", { hasText: badge }).waitFor();
}

/** Opens the log again and again until it is as expected: an event is on its way. */
async function logBecomes(visitor, access) {
  await visitor.page.goto("/log");
  while ((await logIs(visitor, access).count()) === 0) await visitor.page.reload();
}

test("a plan opens the log at once, although no event arrived yet", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada({ expected: ["403 (Forbidden)"] });
  const { page } = visitor;
  await page.goto("/log");
  await logIs(visitor, "closed").waitFor();
  assert.equal((await page.request.get("/log/export")).status(), 403);
  await stripe.tell("webhooks/hold");

  await subscribe(visitor);
  await page.getByText("Your plan has begun.").waitFor();
  await page.getByRole("link", { name: "Read the log" }).click();

  await logIs(visitor, "open").waitFor();
  await page.getByText("44 terns").waitFor();
  const file = await page.request.get("/log/export");
  assert.equal(file.status(), 200);
  assert.match(await file.text(), /^day,wind,terns\r\n3 May,/);
  await stripe.tell("webhooks/release");
  await account(visitor, "active", "Active");
  await page.getByText("$19.00 a month, before taxes and discounts").waitFor();
  await page.getByText("Next payment").waitFor();
});

test("each export of the log counts once at the meter", async (t) => {
  const settings = { EXPORTS_METER: "log_exports" };
  const { stripe, ada } = await shop(t, { settings });
  const meter = await stripe.meter("log_exports");
  const visitor = await ada();
  const read = () => visitor.page.request.get("/log/export");
  assert.equal((await read()).status(), 403);
  await subscribe(visitor);
  const [{ customer }] = await stripe.subscriptions();
  for (const _ of [1, 2]) assert.equal((await read()).status(), 200);
  while ((await stripe.usage(meter, customer)) < 2);
  assert.equal(await stripe.usage(meter, customer), 2);
});

test("the log closes when the plan ended", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada();
  await subscribe(visitor);
  await logBecomes(visitor, "open");
  const [{ id }] = await stripe.subscriptions();

  await stripe.endSubscription(id);

  await logBecomes(visitor, "closed");
  await visitor.page.goto("/account");
  await visitor.page.getByText("You have no plan any more.").waitFor();
  await visitor.page.locator(`li[data-subscription="${id}"]`).getByText("Ended on").waitFor();
});

test("a trial begins in a frame of the page, and a declined renewal is told", async (t) => {
  const { stripe, world, ada } = await shop(t, TRIAL);
  const visitor = await ada(SMALL);
  const { page } = visitor;
  await page.goto("/pricing");
  await page.getByLabel("Yearly").check();
  await page.locator('[data-price="pro_yearly"]').getByText("free for the first 14 days").waitFor();
  await page.getByLabel("In this page").check();
  await isSound(visitor, "the plans with a trial");
  await visitor.button("Choose Pro").click();
  await payFor(page.frameLocator("iframe[title=Checkout]"));
  await visitor.outcome("paid");
  await account(visitor, "trialing", "Trial");
  await page.getByText("You try the plan until").waitFor();
  await isSound(visitor, "a trial");

  const [subscription] = await stripe.subscriptions();
  await stripe.declineRenewals(subscription);
  await stripe.changeSubscription(subscription.id, { trial_end: "now" });

  await account(visitor, "past_due", "Payment missing");
  await page.getByText("$190.00 of the last invoice is not paid.").waitFor();
  const pay = page.getByRole("link", { name: "Pay the invoice" });
  assert.ok((await pay.getAttribute("href")).startsWith(world.sandbox));
  await isSound(visitor, "a missing payment");
  // Within the days of grace.
  await logBecomes(visitor, "open");
});

test("a change shows its cost before it is made", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada({ viewport: SMALL.viewport });
  const { page } = visitor;
  await subscribe(visitor);
  await account(visitor, "active", "Active");
  await page.getByLabel("Plan", { exact: true }).selectOption("team_monthly");
  await page.getByLabel("Seats").fill("3");
  await visitor.button("Show the cost").click();
  // The first month of three seats, without what is left of Pro's.
  await page.locator('[data-due="now"]', { hasText: "$128.00" }).waitFor();
  await page.locator('[data-due="next"]', { hasText: "$147.00 on" }).waitFor();
  await isSound(visitor, "the cost of a change");
  assert.equal((await stripe.subscriptions())[0].items.data[0].price.lookup_key, "pro_monthly");

  await visitor.button("Change it now").click();

  await page.getByText("Done. This is your plan now.").waitFor();
  await page.getByRole("heading", { name: "Team, 3 seats" }).waitFor();
  const [{ items }] = await stripe.subscriptions();
  assert.deepEqual(
    [items.data[0].price.lookup_key, items.data[0].quantity],
    ["team_monthly", 3],
  );
});

test("a change without an answer says so, shows no amount, and is made once", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada({ expected: ["503 (Service Unavailable)", "ERR_FAILED"] });
  const { page } = visitor;
  await subscribe(visitor, "Team");
  await account(visitor, "active", "Active");
  await page.getByLabel("Seats").fill("2");
  await visitor.button("Show the cost").click();
  await page.locator('[data-due="next"]', { hasText: "$98.00 on" }).waitFor();
  // The change arrives, and its answers are lost; so are those of the reads.
  const route = /\/api\/payments\/subscription/;
  await page.route(route, async (request) => {
    if (request.request().method() === "POST") await request.fetch();
    await request.abort();
  });
  await visitor.button("Change it now").click();
  await page.getByRole("alert").filter({ hasText: "cannot be shown" }).waitFor();
  assert.doesNotMatch(await page.locator("main").innerText(), /\$|Active|Done/);
  await isSound(visitor, "a plan without an answer");

  await page.unroute(route);
  await visitor.button("Try again").click();
  await page.getByRole("heading", { name: "Team, 2 seats" }).waitFor();
  const [{ items }, ...more] = await stripe.subscriptions();
  assert.deepEqual([items.data[0].quantity, more], [2, []]);
});

test("a change that the bank asks about is made once the payer answered", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada();
  const { page } = visitor;
  await subscribe(visitor);
  await account(visitor, "active", "Active");
  await stripe.askTheBank((await stripe.subscriptions())[0]);
  await page.getByLabel("Plan", { exact: true }).selectOption("team_monthly");
  await visitor.button("Show the cost").click();
  await visitor.button("Change it now").click();
  const told = page.getByRole("alert").filter({ hasText: "waits for a payment of $30.00" });
  await told.waitFor();
  await page.getByRole("heading", { name: "Pro" }).waitFor();
  await isSound(visitor, "a change that waits for its payment");

  await told.getByRole("link", { name: "Pay on Stripe’s page" }).click();
  await page.getByLabel("Card number").fill(CARDS.asked);
  await page.getByLabel("Expiry").fill("12/40");
  await page.getByLabel("Security code").fill("123");
  await visitor.button(/^Pay /).click();
  await visitor.button("Complete authentication").click();
  await page.getByText("Paid", { exact: true }).waitFor();

  await account(visitor, "active", "Active");
  await page.getByRole("heading", { name: "Team, 1 seat" }).waitFor();
  assert.equal((await stripe.subscriptions())[0].items.data[0].price.lookup_key, "team_monthly");
});

test("a canceled plan says when it ends, and can be kept until then", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada(SMALL);
  const { page } = visitor;
  await subscribe(visitor);
  await account(visitor, "active", "Active");
  await visitor.button("Cancel the plan…").click();
  const question = page.getByRole("dialog", { name: "Cancel this plan?" });
  await question.getByText("It runs until").waitFor();
  await isSound(visitor, "the question before the end of a plan");
  await question.getByRole("button", { name: "Cancel the plan" }).click();
  await page.getByText("and is not renewed").waitFor();
  assert.equal(await page.getByText("Next payment").count(), 0);
  await isSound(visitor, "a plan that ends");
  await logBecomes(visitor, "open");

  await account(visitor, "active", "Ends soon");
  await visitor.button("Keep the plan…").click();
  await page.locator('[data-due="now"]', { hasText: "$0.00" }).waitFor();
  await visitor.button("Keep the plan").click();
  await page.getByText("Your plan runs.").waitFor();
  const [{ cancel_at, cancel_at_period_end }] = await stripe.subscriptions();
  assert.deepEqual([cancel_at, cancel_at_period_end], [null, false]);
});

test("whoever has the plan already is led to it", async (t) => {
  const { stripe, ada } = await shop(t);
  const visitor = await ada({ expected: ["409 (Conflict)"] });
  const { page } = visitor;
  await subscribe(visitor);
  await page.goto("/pricing");
  await visitor.button("Choose Pro").click();
  await page.getByText("You have this plan already").waitFor();
  await isSound(visitor, "a plan that is held already");
  await page.getByRole("link", { name: "To your plan" }).click();
  await plan(visitor, "active").waitFor();
  assert.equal((await stripe.subscriptions()).length, 1);
});

test("staff see a customer's plan, and finance pauses its payments", async (t) => {
  const { stripe, ada, enter } = await shop(t);
  const visitor = await ada();
  await subscribe(visitor);
  const show = async (staff) => {
    await staff.page.goto("/staff");
    await staff.page.getByLabel("Customer’s id").fill("demo-ada");
    await staff.button("Show").click();
    await plan(staff, "active").waitFor();
  };
  const sam = await enter("Sam support", SMALL);
  await show(sam);
  const [{ id }] = await stripe.subscriptions();
  await sam.page.getByText(id).waitFor();
  await sam.page.getByText("Has access now: pro_monthly").waitFor();
  await sam.page.getByText("Only the finance role can change them.").waitFor();
  assert.equal(await sam.button("Pause the payments").count(), 0);
  await isSound(sam, "a plan that support reads");

  const fin = await enter("Fin finance");
  await show(fin);
  await isSound(fin, "a plan that finance changes");
  await fin.button("Pause the payments").click();
  await plan(fin, "active").locator(".badge", { hasText: "Payments paused" }).waitFor();
  await account(visitor, "active", "Payments paused");
  await visitor.page.getByText("What falls due meanwhile is not charged.").waitFor();
  await fin.button("Resume the plan…").click();
  await fin.button("Resume the plan").click();
  await plan(fin, "active").locator(".badge", { hasText: "Active" }).waitFor();
  assert.equal((await stripe.subscriptions())[0].pause_collection, null);
});

test("without an answer the account shows no plan and no amount", async (t) => {
  const { ada } = await shop(t);
  const visitor = await ada({ expected: ["ERR_FAILED"] });
  const { page } = visitor;
  await subscribe(visitor);
  const route = /\/api\/payments\/subscription/;
  await page.route(route, (request) => request.abort());
  await page.goto("/account");
  await page.getByRole("alert").filter({ hasText: "cannot be shown" }).waitFor();
  assert.doesNotMatch(await page.locator("main").innerText(), /\$|Active|no plan/);
  await isSound(visitor, "a plan without an answer");
  await page.unroute(route);
  await visitor.button("Try again").click();
  await plan(visitor, "active").waitFor();
});

test("a guest and a stranger are asked to sign in before they choose", async (t) => {
  const { world, enter } = await shop(t);
  const guest = await enter("Continue as a guest", SMALL);
  const { page } = guest;
  await page.goto("/pricing");
  await page.getByText("A plan needs an account").waitFor();
  assert.equal(await guest.button(/^Choose/).count(), 0);
  await isSound(guest, "the plans for a guest");
  await page.goto("/log");
  await logIs(guest, "closed").waitFor();
  await isSound(guest, "the closed log");
  await page.goto("/pricing");
  await guest.button("Sign in with an account").click();
  await guest.button("Ada customer").click();
  await page.waitForURL(`${world.shop}/pricing`);
  await guest.button("Choose Pro").waitFor();

  const stranger = await enter();
  await stranger.page.goto("/pricing");
  await stranger.page.getByRole("link", { name: "Sign in to choose" }).first().waitFor();
  await isSound(stranger, "the plans for a stranger");
  await stranger.page.goto("/log");
  await stranger.page.waitForURL(`${world.shop}/sign-in?to=/log`);
});

test("each state of Stripe's is told in its own words", async (t) => {
  const { ada } = await shop(t);
  const visitor = await ada();
  const { page } = visitor;
  await subscribe(visitor);
  const words = {
    unpaid: "A payment is missing, and the plan gives no access.",
    paused: "gives no access until it is resumed",
    incomplete: "so the plan has not begun",
    on_ice: "Stripe reports “on_ice”.",
  };
  for (const [status, text] of Object.entries(words)) {
    // The answer, in a state that takes Stripe days to reach.
    const route = /\/api\/payments\/subscription/;
    await page.route(route, async (request) => {
      const response = await request.fetch();
      const json = await response.json();
      json.subscriptions[0].status = status;
      await request.fulfill({ response, json });
    });
    await page.goto("/account");
    await plan(visitor, status).getByText(text).waitFor();
    assert.equal(await page.getByText("Next payment").count(), 0, status);
    assert.equal(await page.getByText("Your plan runs.").count(), 0, status);
    await isSound(visitor, status);
    await page.unroute(route);
  }
});

test("the log stays closed without an answer, and says nothing of the plan", async (t) => {
  const { world, enter } = await shop(t);
  const silent = await site(t, "http://127.0.0.1:9");
  const visitor = await enter();
  const { page } = visitor;
  await page.goto(`${silent}/sign-in`);
  await visitor.button("Ada customer").click();
  await visitor.button("Sign out").waitFor();
  await page.goto(`${silent}/log`);
  await logIs(visitor, "unknown").waitFor();
  await page.getByText("We cannot check your plan at the moment").waitFor();
  assert.equal(await page.getByText(/\d+ terns/).count(), 0);
  assert.equal((await page.request.get(`${silent}/log/export`)).status(), 503);
  await isSound(visitor, "the log without an answer");
  assert.notEqual(silent, world.shop);
});
