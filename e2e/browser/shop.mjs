// The page of `cargo dev` in Chromium.

import assert from "node:assert/strict";
import { chromium, selectors } from "playwright-core";
import { start } from "../clients/program.mjs";

/** The timeout of a step. */
const PATIENCE_MS = 30_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Keys that the tests search for. */
export const KEYS = {
  STRIPE_SECRET_KEY: "sk_test_browser0123456789",
  STRIPE_PUBLISHABLE_KEY: "pk_test_browser0123456789",
  STRIPE_WEBHOOK_SECRET: "whsec_browser0123456789",
  FAREBOX_SITE_KEY: "the-site-key-of-the-browser-0123456789",
  FAREBOX_NOTIFY_SECRET: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
};

selectors.setTestIdAttribute("data-test");

/** Chromium; the variable CHROMIUM overrides Debian's path. */
export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** Console errors of Chromium about responses that the page handles: a decline, and a denial. */
const ANSWERS = ["402 (Payment Required)", "403 (Forbidden)"];

/**
 * Opens the page of a new Farebox, with `variables` of its own. When the test `t` ends, the page
 * must have logged no error other than those in `expected`.
 */
export async function open(t, browser, options = {}, expected = [], variables = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints = listen(page, [...ANSWERS, ...expected]);
  // Closed before the server stops: a page without its server logs errors.
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  const { shop } = await start(
    t,
    "farebox",
    ["--headless", "--port", "0", "--sandbox-port", "0"],
    { shop: /shop +(http\S+)/ },
    { ...KEYS, ...variables },
  );
  const secrets = collect(page);
  await page.goto(shop);
  await page.getByTestId("wrong").waitFor();
  return new Shop(page, secrets);
}

/** Errors of the page and of its console, except those that contain one of `answers`. */
function listen(page, answers) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const isAnswer = answers.some((status) => message.text().includes(status));
    if (["error", "warning"].includes(message.type()) && !isAnswer) complaints.push(message.text());
  });
  return complaints;
}

/** The secrets in the responses to the page. */
function collect(page) {
  const secrets = Object.values(KEYS);
  page.on("response", async (response) => {
    if (!/create-intent|dev\/session/.test(response.url()) || !response.ok()) return;
    // A page that closed in the meantime shows nothing.
    const { clientSecret, token } = await response.json().catch(() => ({}));
    secrets.push(...[clientSecret, token].filter(Boolean));
  });
  return secrets;
}

/** The page, with a person's actions. */
class Shop {
  constructor(page, secrets) {
    this.page = page;
    this.secrets = secrets;
  }

  at(name) {
    return this.page.getByTestId(name);
  }

  async pay(card = "4242") {
    await this.at(`card-${card}`).click();
    await this.at("pay").click();
  }

  async newOrder() {
    await this.at("new-order").click();
    await this.status("none");
  }

  /**
   * Chooses a switch of `group`: `webhooks` or `requests`; resolves when the sandbox applied it.
   */
  async choose(group, value) {
    const done = this.page.waitForResponse(
      (response) => response.url().includes("/_sandbox/") && response.request().method() === "POST",
    );
    await this.page.locator("label", { has: this.at(`switch-${group}-${value}`) }).click();
    await done;
  }

  async status(name) {
    await this.page.locator(`[data-test="order-status"][data-status="${name}"]`).waitFor();
  }

  /** Waits until the order is paid and the shop was notified once. */
  async fulfilledOnce() {
    await this.status("paid");
    await this.page.locator('[data-test="fulfilled"][data-count="1"]').waitFor();
  }

  rows(source, title) {
    return this.page.locator(
      `[data-test="activity-row"][data-source="${source}"][data-title="${title}"]`,
    );
  }

  /** Waits for this number of rows. */
  async hasRows(source, title, count) {
    await this.rows(source, title).nth(count - 1).waitFor();
    assert.equal(await this.rows(source, title).count(), count);
  }

  /**
   * Requests a refund as `customer`, `support`, or finance `over` or `below` its limit; returns the
   * row of the audit trail.
   */
  async refund(caller) {
    await this.page.locator('[data-test="callers"][aria-busy="false"]').waitFor();
    const answered = this.page.waitForResponse((response) =>
      response.url().endsWith("/api/refund"),
    );
    await this.at(`refund-${caller}`).click();
    const requestId = await (await answered).headerValue("X-Request-Id");
    const row = this.page.locator(`[data-test="decision"][data-request="${requestId}"]`);
    await row.waitFor();
    return row;
  }

  /** The explanations in the list. */
  proofs() {
    return this.page.locator('[data-test="activity"] [data-test="proof"]').allTextContents();
  }

  /** Waits for an explanation that contains `words`; none may report a failure. */
  async proves(words) {
    await this.at("proof").filter({ hasText: words }).waitFor();
    assert.equal(await this.page.locator('[data-test="proof"][data-ok="false"]').count(), 0);
  }
}
