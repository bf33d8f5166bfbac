// A page with the sandbox's stand-in for Stripe.js, in Chromium.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { sandbox } from "../clients/sandbox.mjs";

/** The timeout of a step. */
const PATIENCE_MS = 20_000;
/** Console errors of Chromium about responses that the page handles. */
const ANSWERS = ["400 (Bad Request)", "402 (Payment Required)", "404 (Not Found)"];

const html = (script) => `<!doctype html><html lang="en"><head><title>Shop</title>
  <link rel="icon" href="data:,"><script src="${script}"></script></head>
  <body><h1>Shop</h1><form id="here"></form><output id="said"></output></body></html>`;

/**
 * Opens a shop's page with the script of a new sandbox, as `stripe` in the page. When the test `t`
 * ends, the page must have logged no error.
 */
export async function open(t, browser, release = "endive") {
  const { stripe, event, control, url } = await sandbox(t);
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(html(`${url}/${release}/stripe.js`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const shop = `http://127.0.0.1:${server.address().port}`;
  const context = await browser.newContext({ viewport: { width: 800, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const isAnswer = ANSWERS.some((status) => message.text().includes(status));
    if (["error", "warning"].includes(message.type()) && !isAnswer) complaints.push(message.text());
  });
  // Closed before the servers stop: a page without its server logs errors.
  t.after(async () => {
    await context.close();
    server.close();
    server.closeAllConnections();
    assert.deepEqual(complaints, []);
  });
  await page.goto(shop);
  await page.evaluate(() => {
    globalThis.stripe = globalThis.Stripe("pk_test_page");
  });
  return { stripe, event, control, page, shop, url };
}

/** Enters a test card into the fields of `where`: a page, a frame or a part of them. */
export async function enterCard(where, number) {
  await where.getByLabel("Card number").fill(number);
  await where.getByLabel("Expiry date").fill("12 / 34");
  await where.getByLabel("Security code").fill("123");
}

/** Creates a Checkout Session for two mugs. */
export async function session(stripe, more) {
  const price = await stripe.prices.create({
    currency: "usd",
    unit_amount: 1500,
    product_data: { name: "Mug" },
  });
  const line_items = [{ price: price.id, quantity: 2 }];
  return stripe.checkout.sessions.create({ mode: "payment", line_items, ...more });
}
