// A small shop with the package, in Chromium: pages built by esbuild, and the package's own
// handlers on a plain server of Node's, in front of `cargo dev` with the sandbox.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createFarebox } from "farebox/next";
import { chromium } from "playwright-core";
import { start } from "../clients/program.mjs";

export { Lifetime } from "../clients/program.mjs";

const require = createRequire(import.meta.url);

/** Long, because a slow machine is no defect. */
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

const SECRET_KEY = "sk_test_package0123456789";

export const CARDS = {
  good: "4242424242424242",
  declined: "4000000000000002",
  poor: "4000000000009995",
  asked: "4000000000003220",
};

/** Chromium; the variable CHROMIUM overrides Debian's path. */
export const launch = (options = {}) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    ...options,
  });

/** A script of the pages. */
async function script(name, options) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`pages/${name}.jsx`, import.meta.url))],
    bundle: true,
    write: false,
    jsx: "automatic",
    jsxDev: true,
    // React's Strict Mode runs effects twice in development only.
    define: { "process.env.NODE_ENV": '"development"' },
    ...options,
  });
  return outputFiles[0].text;
}

/** Enters a payer's data on Stripe's page, or in a frame with it, and pays. */
export async function payThere(where, card = CARDS.good) {
  await where.getByLabel("Name", { exact: true }).fill("Ada");
  // A customer's address is known.
  const email = where.getByLabel("E-mail");
  if (await email.count()) await email.fill("ada@example.com");
  const kind = where.getByLabel("Card", { exact: true });
  if (await kind.count()) await kind.check();
  await where.getByLabel("Card number").fill(card);
  await where.getByLabel("Expiry").fill("12/40");
  await where.getByLabel("Security code").fill("123");
  await where.getByRole("button", { name: /^(Pay|Subscribe|Start)/ }).click();
}

/** The function that renders a page on the server, where there is no `window`. */
async function renderer() {
  const code = await script("server", { platform: "node", format: "cjs" });
  const module = { exports: {} };
  new Function("module", "exports", "require", code)(module, module.exports, require);
  return module.exports.render;
}

const html = (content, styles) => `<!doctype html><html lang="en"><head><title>Shop</title>
  <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
  <style>:root { color-scheme: light dark; background: Canvas }${styles}</style></head>
  <body><div id="root">${content}</div><script type="module" src="/client.js"></script></body>
  </html>`;

/**
 * Starts Farebox, and the shop in front of it, until `lifetime` ends. The cookie `user` names who
 * is signed in; without it, a visitor is a guest.
 */
export async function opened(lifetime, { styles = "", variables = {} } = {}) {
  const target = await mkdtemp(join(tmpdir(), "farebox-"));
  lifetime.after(() => rm(target, { recursive: true, force: true }));
  const { origin, sandbox } = await start(
    lifetime,
    "farebox",
    ["--headless", "--port", "0", "--sandbox-port", "0"],
    { origin: /shop +(http\S+)/, sandbox: /sandbox +(http\S+)/ },
    { STRIPE_SECRET_KEY: SECRET_KEY, CARGO_TARGET_DIR: target, ...variables },
  );
  process.env.FAREBOX_DEV_DIR = join(target, "dev");
  const farebox = createFarebox({ caller: async (request) => userOf(request) });
  const handlers = farebox.handlers();
  const client = await script("client", { format: "esm" });
  const render = await renderer();
  const server = createServer(async (incoming, outgoing) => {
    const { pathname, search } = new URL(incoming.url, "http://127.0.0.1");
    if (pathname.startsWith("/api/payments/"))
      return answer(await handlers[incoming.method](await asked(incoming)), outgoing);
    const isClient = pathname === "/client.js";
    outgoing.setHeader("content-type", isClient ? "text/javascript" : "text/html; charset=utf-8");
    return outgoing.end(isClient ? client : html(render(pathname, search), styles));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  lifetime.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const browser = await launch();
  lifetime.after(() => browser.close());
  const shop = `http://127.0.0.1:${server.address().port}`;
  return { shop, origin, farebox, browser, stripe: new Stripe(sandbox) };
}

const ROLES = { ada: ["customer"], sam: ["support"], fin: ["finance"] };

function userOf(request) {
  const [, id] = /(?:^|; )user=(\w+)/.exec(request?.headers.get("cookie") ?? "") ?? [];
  return id ? { id, roles: ROLES[id], email: `${id}@example.com` } : null;
}

/** The request in the form of the web. */
async function asked(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method, headers } = incoming;
  return new Request(`http://${headers.host}${incoming.url}`, {
    method,
    headers,
    ...(method === "POST" && { body: Buffer.concat(chunks) }),
  });
}

async function answer(response, outgoing) {
  outgoing.writeHead(response.status, [...response.headers].flat());
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

/**
 * A visitor of the shop, in a browser context of their own, signed in as `user`. When the test `t`
 * ends, the pages must have logged no error except those in `expected`.
 */
export async function visit(t, { browser, shop }, { expected = [], user, ...options } = {}) {
  const context = await browser.newContext({ baseURL: shop, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  if (user) await context.addCookies([{ name: "user", value: user, url: shop }]);
  const complaints = [];
  context.on("page", (page) => {
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
  });
  t.after(async () => {
    await context.close();
    // Chromium logs the 402 of a declined card.
    const allowed = ["402 (Payment Required)", ...expected];
    const isAllowed = (text) => allowed.some((known) => text.includes(known));
    assert.deepEqual(complaints.filter((text) => !isAllowed(text)), []);
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

  /** From here on the pages read orders as they are stored: only a webhook changes them. */
  async missesStripesAnswers() {
    await this.page.context().route(/[?&]refresh=true/, (route) => {
      const url = new URL(route.request().url());
      url.searchParams.delete("refresh");
      return route.continue({ url: url.href });
    });
  }

  /**
   * Loses the answers to `path` on their way back, `times` of them: the request had its effect.
   * Resolves with a list of the lost requests' keys, which grows.
   */
  async losesAnswers(path, times = 1) {
    const keys = [];
    await this.page.context().route(
      (url) => url.pathname === `/api/payments/${path}`,
      async (route) => {
        keys.push(route.request().headers()["idempotency-key"]);
        await route.fetch();
        return route.abort();
      },
      { times },
    );
    return keys;
  }

  button(name) {
    return this.page.getByRole("button", { name });
  }

  payButton() {
    return this.button(/^Pay \$/);
  }

  /** Opens the checkout, and waits for Stripe's form. */
  async checkOut(query = "") {
    await this.page.goto(`/checkout${query}`);
    await this.formIsThere();
  }

  async formIsThere() {
    await this.page.getByLabel("Card number").waitFor();
    await this.payButton().waitFor();
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

  /** Waits for the return page's state. */
  async state(state) {
    await this.page.locator(`#outcome[data-state="${state}"]`).waitFor();
  }

  alert(text) {
    return this.page.getByRole("alert").filter({ hasText: text });
  }

  /** The order's id in the URL of the return page. */
  orderId() {
    const id = new URL(this.page.url()).searchParams.get("order");
    assert.ok(id, this.page.url());
    return id;
  }

  /** What the package keeps of the cart. */
  cart() {
    return this.page.evaluate(() => JSON.parse(localStorage.getItem("farebox.cart")));
  }

  /** Calls a route from the page, like a script in it. */
  call(path, body, headers = {}) {
    return this.page.evaluate(
      async ([path, init]) => {
        const response = await fetch(`/api/payments/${path}`, init);
        return { status: response.status, body: await response.json() };
      },
      [
        path,
        {
          method: body ? "POST" : "GET",
          headers: { "content-type": "application/json", ...headers },
          ...(body && { body: JSON.stringify(body) }),
        },
      ],
    );
  }
}

/** The prices of the shop's plans, by product. */
const PLANS = {
  Pro: [
    { lookup_key: "pro_monthly", unit_amount: 1900, interval: "month" },
    { lookup_key: "pro_yearly", unit_amount: 19000, interval: "year" },
  ],
  Team: [{ lookup_key: "team_monthly", unit_amount: 4900, interval: "month" }],
};

/** The sandbox: its objects and its control routes. */
class Stripe {
  #url;
  constructor(url) {
    this.#url = url;
  }

  async #list(path) {
    const headers = { authorization: `Bearer ${SECRET_KEY}` };
    const response = await fetch(`${this.#url}/v1/${path}?limit=100`, { headers });
    return (await response.json()).data;
  }

  /** The payments of an order. */
  async intents(orderId) {
    const all = await this.#list("payment_intents");
    return all.filter(({ metadata }) => metadata.farebox_order === orderId);
  }

  /** The number of all payments. */
  total = async () => (await this.#list("payment_intents")).length;

  /** The successful charges of an order. */
  async charges(orderId) {
    const ids = (await this.intents(orderId)).map(({ id }) => id);
    const all = await this.#list("charges");
    return all.filter((charge) => ids.includes(charge.payment_intent) && charge.paid);
  }

  async refunds(orderId) {
    const ids = (await this.intents(orderId)).map(({ id }) => id);
    return (await this.#list("refunds")).filter((refund) => ids.includes(refund.payment_intent));
  }

  /** All subscriptions, the latest first. */
  subscriptions = () => this.#list("subscriptions");

  /** Creates the plans of the shop's pages, as far as the sandbox has none of these prices. */
  async plans() {
    const known = (await this.#list("prices")).map(({ lookup_key }) => lookup_key);
    for (const [name, prices] of Object.entries(PLANS)) {
      const missing = prices.filter(({ lookup_key }) => !known.includes(lookup_key));
      if (missing.length === 0) continue;
      const { id: product } = await this.post("products", { name });
      for (const { interval, ...price } of missing)
        await this.post("prices", {
          product,
          currency: "usd",
          "recurring[interval]": interval,
          ...price,
        });
    }
  }

  /** Sends a request to the API with the shop's secret key. */
  async post(path, params) {
    const headers = { authorization: `Bearer ${SECRET_KEY}` };
    const body = new URLSearchParams(params);
    const response = await fetch(`${this.#url}/v1/${path}`, { method: "POST", headers, body });
    assert.ok(response.ok, `the sandbox answered ${response.status}`);
    return response.json();
  }

  /** Sends a form to the control plane. */
  async tell(path, params = {}) {
    const body = new URLSearchParams(params);
    const response = await fetch(`${this.#url}/_sandbox/${path}`, { method: "POST", body });
    assert.ok(response.ok, `the sandbox answered ${response.status}`);
  }
}
