// What a payer reads about a payment that Stripe did not confirm.

import type { StripeError } from "@stripe/stripe-js";
import type { declineTexts } from "./texts.js";

/** Only a decline says that nothing was charged: any other error leaves it open. */
export function declineOf(
  { type, code, decline_code: reason }: Pick<StripeError, "type" | "code" | "decline_code">,
  texts: typeof declineTexts,
): string {
  if (type !== "card_error" && code !== "payment_intent_authentication_failure")
    return texts.unknown;
  const known = texts.reasons[reason ?? ""] ?? texts.reasons[code ?? ""] ?? texts.declined;
  return `${known} ${texts.next}`;
}
