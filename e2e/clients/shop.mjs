// A shop's server in Node with independent libraries, with Farebox and the sandbox: it signs tokens
// with jose, calls Stripe by stripe-node, and verifies notifications with Standard Webhooks.

import { SignJWT } from "jose";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { endpoint, start } from "./program.mjs";

const SITE_KEY = "the-site-key-of-the-clients-0123456789";
const NOTIFY_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

/** The return URL, which Stripe requires with payment methods that redirect. */
export const return_url = "http://127.0.0.1/return";

/** A token that the site's server signs for `subject`. */
function token(audience, claims, subject) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(SITE_KEY));
}

/** An order that the site's server signs for `subject`. */
export const signed = (claims, subject = "ada") => token("farebox:order", claims, subject);

/** The fields of a form from nested entries: `shipping[address][city]`. */
const fields = (entries, prefix) =>
  Object.entries(entries).flatMap(([key, value]) => {
    const name = prefix ? `${prefix}[${key}]` : key;
    return typeof value === "object" ? fields(value, name) : [[name, value]];
  });

/** Farebox, the sandbox and the shop's endpoint, until `lifetime` ends. */
export async function open(lifetime, variables = {}) {
  const site = await endpoint(lifetime);
  const { shop, sandbox } = await start(
    lifetime,
    "farebox",
    ["--headless", "--port", "0", "--sandbox-port", "0"],
    { shop: /shop +(http\S+)/, sandbox: /sandbox +(http\S+)/ },
    {
      FAREBOX_SITE_KEY: SITE_KEY,
      FAREBOX_NOTIFY_URL: site.url,
      FAREBOX_NOTIFY_SECRET: NOTIFY_SECRET,
      ...variables,
    },
  );
  const { hostname, port } = new URL(sandbox);
  const stripe = new Stripe("sk_test_clients", {
    host: hostname,
    port: Number(port),
    protocol: "http",
    telemetry: false,
  });
  return {
    site,
    stripe,

    /** A request of `subject`, with a body if there is one. */
    async call(path, contents, { subject = "ada", roles, ...headers } = {}) {
      const authorization = `Bearer ${await token("farebox", roles ? { roles } : {}, subject)}`;
      const response = await fetch(shop + path, {
        method: contents ? "POST" : "GET",
        headers: { authorization, "content-type": "application/json", ...headers },
        body: contents && JSON.stringify(contents),
      });
      return { status: response.status, body: await response.json() };
    },

    /** Tells the sandbox's control plane what a person does at Stripe. */
    async tell(path, entries = {}) {
      const body = new URLSearchParams(fields(entries));
      const response = await fetch(`${sandbox}/_sandbox/${path}`, { method: "POST", body });
      return response.json();
    },

    /** Pays as the browser does. */
    confirm({ clientSecret }, payment_method = "pm_card_visa") {
      const [intent] = clientSecret.split("_secret_");
      return stripe.paymentIntents.confirm(intent, { payment_method, return_url });
    },

    /** The verified notification of this type about this order. */
    async told(type, orderId) {
      const { headers, body } = await site.next(({ body }) => {
        const message = JSON.parse(body);
        return message.type === type && message.data.orderId === orderId;
      });
      return new Webhook(NOTIFY_SECRET).verify(body.toString(), headers);
    },
  };
}
