// A shop's server in Node with independent libraries: it signs tokens with jose, pays with
// stripe-node, and verifies notifications with Standard Webhooks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SignJWT } from "jose";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { endpoint, start } from "./program.mjs";

const SITE_KEY = "the-site-key-of-the-clients-0123456789";
const NOTIFY_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

/** A token of the site's server for the browser. */
function token(audience, claims) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(audience)
    .setSubject("ada")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(SITE_KEY));
}

async function farebox(t) {
  const site = await endpoint(t);
  const { shop, sandbox } = await start(
    t,
    "farebox",
    ["--headless", "--port", "0", "--sandbox-port", "0"],
    { shop: /shop +(http\S+)/, sandbox: /sandbox +(http\S+)/ },
    {
      FAREBOX_SITE_KEY: SITE_KEY,
      FAREBOX_NOTIFY_URL: site.url,
      FAREBOX_NOTIFY_SECRET: NOTIFY_SECRET,
    },
  );
  const { hostname, port } = new URL(sandbox);
  const stripe = new Stripe("sk_test_clients", {
    host: hostname,
    port: Number(port),
    protocol: "http",
    telemetry: false,
  });
  const call = async (path, init = {}) => {
    const authorization = `Bearer ${await token("farebox", {})}`;
    const headers = { authorization, "content-type": "application/json", ...init.headers };
    const response = await fetch(shop + path, { ...init, headers });
    return { status: response.status, body: await response.json() };
  };
  return { site, stripe, call };
}

/** Pays as the browser does, and waits for the notification. */
async function pay({ site, stripe }, started) {
  const [intent] = started.clientSecret.split("_secret_");
  const return_url = "http://127.0.0.1/return";
  await stripe.paymentIntents.confirm(intent, { payment_method: "pm_card_visa", return_url });
  const isPaid = ({ body }) => JSON.parse(body).type === "order.paid";
  const { headers, body } = await site.next(isPaid);
  return new Webhook(NOTIFY_SECRET).verify(body.toString(), headers);
}

test("a shop in Node sells items, and is told once by a message it can verify", async (t) => {
  const it = await farebox(t);
  const body = JSON.stringify({ items: [{ price: "mug", quantity: 2 }] });
  const request = { method: "POST", headers: { "idempotency-key": "cart-1" }, body };
  const started = await it.call("/api/create-intent", request);
  assert.equal(started.status, 200);
  assert.equal(started.body.amount, 3000);

  const message = await pay(it, started.body);

  assert.equal(message.data.orderId, started.body.orderId);
  assert.equal(message.data.customer, "ada");
  assert.deepEqual(message.data.items, [
    { price: "price_mug", lookupKey: "mug", name: "Mug", quantity: 2, unitAmount: 1500 },
  ]);
  const order = await it.call(`/api/order?id=${started.body.orderId}`);
  assert.equal(order.body.status, "paid");
});

test("a shop in Node sells an order that it signed", async (t) => {
  const it = await farebox(t);
  const claims = { orderId: "web-1", amount: 1999, currency: "eur", metadata: { cart: "c1" } };
  const body = JSON.stringify({ order: await token("farebox:order", claims) });
  const started = await it.call("/api/create-intent", { method: "POST", body });
  assert.equal(started.status, 200);

  const message = await pay(it, started.body);

  assert.equal(message.data.orderId, "web-1");
  assert.equal(message.data.amount, 1999);
  assert.deepEqual(message.data.metadata, { cart: "c1" });
});
