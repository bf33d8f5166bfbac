// Messages as Farebox sends them, for the tests of receiving them.

import { Webhook } from "standardwebhooks";

export const SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";
export const OTHER_SECRET = "whsec_OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2";
export const URL_OF_SITE = "https://shop.example/api/farebox";

/** An order as `order.*` messages have it. */
export const order = (fields = {}) => ({
  orderId: "ord_1",
  version: 4,
  customer: "ada",
  status: "paid",
  amount: 3000,
  amounts: {
    subtotal: 3000,
    discount: 0,
    tax: 0,
    shipping: 0,
    total: 3000,
    refunded: 0,
    refundPending: 0,
    disputed: 0,
  },
  currency: "usd",
  refundedAmount: 0,
  refundPendingAmount: 0,
  paymentIntent: "pi_1",
  paidAt: 1_795_303_196,
  items: [{ price: "price_1", quantity: 2, unitAmount: 1500 }],
  metadata: {},
  ...fields,
});

/** A message's text. */
export const text = (type, data) => JSON.stringify({ type, timestamp: 1_795_303_196, data });

/** The headers of `body`, signed by each of `secrets` at `at`, in Unix seconds. */
export function signed(id, body, { secrets = [SECRET], at = Math.floor(Date.now() / 1000) } = {}) {
  const signatures = secrets.map((secret) =>
    new Webhook(secret).sign(id, new Date(at * 1000), body),
  );
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": signatures.join(" "),
  };
}

/** The request of a message. */
export function request(id, type, data, options) {
  const body = text(type, data);
  return new Request(URL_OF_SITE, { method: "POST", headers: signed(id, body, options), body });
}
