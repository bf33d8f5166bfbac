// A person in Chromium on the site.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { farebox, site } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";

/** Long, because a slow machine is not a defect of the site. */
const PATIENCE_MS = 60_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The hosts of Stripe that the sandbox stands in for. */
const STRIPE = ["js.stripe.com", "api.stripe.com", "checkout.stripe.com"];

export const CARDS = {
  good: "4242424242424242",
  declined: "4000000000000002",
  poor: "4000000000009995",
  asked: "4000000000003220",
};

/** Chromium; the variable CHROMIUM overrides Debian's path. */
export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** The timeout of closing a tab or a browser's context. */
const CLOSING_MS = 10_000;

/**
 * Closes `what`. Of a tab that is just being led elsewhere, Chromium does not always tell that it
 * is closed.
 */
export function close(what) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, CLOSING_MS);
  });
  return Promise.race([what.close(), late]).finally(() => clearTimeout(timer));
}

/**
 * Farebox, the site in front of it, the sandbox, and a browser, until `lifetime` ends. `variables`
 * are the functions', and `settings` the site's.
 */
export async function opened(lifetime, { variables, settings, port } = {}) {
  const { origin, sandbox } = await farebox(lifetime, { variables });
  const world = { shop: await site(lifetime, origin, settings, port), sandbox };
  const browser = await launch();
  lifetime.after(() => close(browser));
  return { world, stripe: new Stripe(sandbox), browser };
}

/**
 * Opens a browser context on the site at `shop`. Requests to Stripe's hosts go to the sandbox, and
 * requests to any other host fail. When the test `t` ends, the pages must have logged no error
 * except those in `expected`. `patience` is a timeout in milliseconds.
 */
export async function visit(
  t,
  browser,
  { shop, sandbox },
  { expected = [], patience = PATIENCE_MS, ...options } = {},
) {
  const context = await browser.newContext({
    baseURL: shop,
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(patience);
  const strangers = [];
  await context.route(/^https?:\/\/(?!127\.0\.0\.1[:/])/, async (route) => {
    const url = new URL(route.request().url());
    if (url.protocol !== "https:" || !STRIPE.includes(url.host)) {
      strangers.push(url.href);
      return route.abort();
    }
    // Checkout's own forms: the sandbox is their page's origin.
    const headers = route.request().headers();
    if (headers.origin === "https://checkout.stripe.com") headers.origin = sandbox;
    const response = await route.fetch({ url: sandbox + url.pathname + url.search, headers });
    return route.fulfill({ response });
  });
  const complaints = [];
  const listen = (page) => {
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
  };
  context.on("page", listen);
  t.after(async () => {
    await close(context);
    // Chromium logs the 402 of a declined card.
    const allowed = ["402 (Payment Required)", ...expected];
    assert.deepEqual(
      complaints.filter((text) => !allowed.some((known) => text.includes(known))),
      [],
    );
    assert.deepEqual(strangers, []);
  });
  return new Visitor(await context.newPage());
}

export class Visitor {
  constructor(page) {
    this.page = page;
  }

  /** Another tab of the same browser. */
  async newTab() {
    return new Visitor(await this.page.context().newPage());
  }

  /**
   * From here on the pages read orders as they are stored, as when Stripe's API does not answer:
   * only a webhook changes them.
   */
  async missesStripesAnswers() {
    await this.page.context().route(/[?&]refresh=true/, (route) => {
      const url = new URL(route.request().url());
      url.searchParams.delete("refresh");
      return route.continue({ url: url.href });
    });
  }

  button(name) {
    return this.page.getByRole("button", { name });
  }

  /** Signs in as `name`, a demo account or the guest. */
  async signIn(name = "Continue as a guest") {
    await this.page.goto("/sign-in");
    await this.button(name).click();
    await this.button("Sign out").waitFor();
  }

  async signOut() {
    await this.button("Sign out").click();
    await this.page.getByRole("link", { name: "Sign in" }).waitFor();
  }

  /** Adds one of each to the cart. */
  async take(...names) {
    await this.page.goto("/");
    for (const name of names) await this.button(`Add ${name} to the cart`).click();
  }

  /** Opens the checkout, and waits for Stripe's form. */
  async checkOut() {
    await this.page.goto("/checkout");
    await this.formIsThere();
  }

  async formIsThere() {
    await this.page.getByLabel("Card number").waitFor();
    await this.payButton().waitFor();
  }

  payButton() {
    return this.button(/^Pay \$/);
  }

  async fillIn(card = CARDS.good) {
    await this.page.getByLabel("Card number").fill(card);
    await this.page.getByLabel("Expiry date").fill("12/40");
    await this.page.getByLabel("Security code").fill("123");
  }

  async pay(card = CARDS.good) {
    await this.fillIn(card);
    await this.payButton().click();
  }

  /** Waits for the return page's result, such as `processing` or `paid`. */
  async outcome(state) {
    await this.page.locator(`.outcome[data-state="${state}"]`).waitFor();
  }

  /** The order id of the return page. */
  orderId() {
    const id = new URL(this.page.url()).searchParams.get("order");
    assert.ok(id, this.page.url());
    return id;
  }

  /** Buys a mug; returns the order's id. */
  async buyMug() {
    await this.take("Harbour mug");
    await this.checkOut();
    await this.pay();
    await this.outcome("paid");
    return this.orderId();
  }

  /** Opens the checkout of a mug; returns the order's id. */
  async beginMug() {
    await this.take("Harbour mug");
    await this.checkOut();
    return this.orderOfCart();
  }

  /** The id of the unpaid order of the cart. */
  orderOfCart() {
    return this.page.evaluate(() => JSON.parse(localStorage.getItem("farebox.cart")).orderId);
  }

  /** Shows an order on the staff page. */
  async find(orderId) {
    await this.page.goto("/staff");
    await this.page.getByLabel("Order id").fill(orderId);
    await this.button("Find").click();
  }

  /** Waits until the staff page shows its order as `status`. */
  async orderIs(status) {
    await this.page.locator(`.staff-order[data-status="${status}"]`).waitFor();
  }

  /** Calls a function from the page, like a script in it. */
  call(path, { method = "GET", body, headers = {} } = {}) {
    return this.page.evaluate(
      async ([path, init]) => {
        const response = await fetch(`/api/payments/${path}`, init);
        return { status: response.status, body: await response.json() };
      },
      [
        path,
        {
          method,
          headers: { "content-type": "application/json", ...headers },
          ...(body && { body: JSON.stringify(body) }),
        },
      ],
    );
  }
}
