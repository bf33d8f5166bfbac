// Stripe's event, verified as in guides for Next.js.
import Stripe from "stripe";
import { keys } from "./keys.mjs";

const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = await keys();
const stripe = new Stripe(STRIPE_SECRET_KEY);

/** The event, or undefined if it is not signed. */
export const verified = (headers, body) => {
  try {
    return stripe.webhooks.constructEvent(
      body,
      headers["stripe-signature"],
      STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return undefined;
  }
};

/** The order's new status by event type; undefined for other types. */
export const statusOf = (event) => {
  switch (event.type) {
    case "payment_intent.succeeded": return "paid";
    case "payment_intent.payment_failed": return "failed";
    case "payment_intent.canceled": return "canceled";
    case "charge.refunded": return "refunded";
    default: return undefined;
  }
};
