// A sandbox, a stripe-node client of it, and an endpoint for its webhooks.

import Stripe from "stripe";
import { endpoint, start } from "./program.mjs";

export const SECRET = "whsec_clients0123456789";

/** The return URL, which Stripe requires with payment methods that redirect. */
export const return_url = "http://127.0.0.1/return";

/** `payload` is the endpoint's event format: `snapshot` or `thin`. */
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
  /** The received event of a type, verified by stripe-node over the raw bytes. */
  const event = async (type, secret = SECRET, from = hook) => {
    const { headers, body } = await from.next(({ body }) => JSON.parse(body).type === type);
    return stripe.webhooks.constructEvent(body, headers["stripe-signature"], secret);
  };
  /** Sends a form to the control plane. */
  const control = async (path, form) => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${url}/_sandbox/${path}`, { method: "POST", body });
    return response.json();
  };
  return { stripe, event, hook, control, url };
}
