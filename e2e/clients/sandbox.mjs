// A sandbox with stripe-node pointed at it, and an endpoint that gets its webhooks.

import Stripe from "stripe";
import { endpoint, start } from "./program.mjs";

export const SECRET = "whsec_clients0123456789";

/** Where a payer comes back to; Stripe wants it from whoever accepts payment methods with redirects. */
export const return_url = "http://127.0.0.1/return";

/** `payload` is what the endpoint gets: `snapshot` or `thin`. */
export async function sandbox(t, payload = "snapshot") {
  const hook = await endpoint(t);
  const to = ["--webhook-url", hook.url, "--webhook-secret", SECRET, "--webhook-payload", payload];
  const { url } = await start(t, "stripe-sandbox", ["--port", "0", ...to], { url: /(http:\S+)/ });
  const { hostname, port } = new URL(url);
  const stripe = new Stripe("sk_test_clients0123456789", {
    host: hostname,
    port: Number(port),
    protocol: "http",
    maxNetworkRetries: 2,
    telemetry: false,
  });
  /** The event of a type that arrived, verified by stripe-node over the raw bytes. */
  const event = async (type, secret = SECRET, from = hook) => {
    const { headers, body } = await from.next(({ body }) => JSON.parse(body).type === type);
    return stripe.webhooks.constructEvent(body, headers["stripe-signature"], secret);
  };
  /** The control plane: a POST with a form. */
  const control = async (path, form) => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${url}/_sandbox/${path}`, { method: "POST", body });
    return response.json();
  };
  return { stripe, event, hook, control, url };
}
