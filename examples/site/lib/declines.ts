// Messages about declined payments, for the payer.

import type { StripeError } from "@stripe/stripe-js";

const REASONS: Record<string, string> = {
  insufficient_funds: "There is not enough money on this card.",
  expired_card: "This card has expired.",
  incorrect_cvc: "The security code of this card is wrong.",
  incorrect_number: "The number of this card is wrong.",
  processing_error: "The bank could not process this card just now.",
  payment_intent_authentication_failure: "Your bank could not confirm that it is you.",
};

/**
 * One or two sentences. A lost or stolen card is not named: whoever holds it may not be its owner.
 */
export function declineWords({ type, code, decline_code: reason }: StripeError): string {
  if (type === "card_error" || code === "payment_intent_authentication_failure") {
    const known = REASONS[reason ?? ""] ?? REASONS[code ?? ""] ?? "The bank declined this card.";
    return `${known} Nothing was charged: try another card.`;
  }
  return (
    "Stripe gave no answer that says how it went, so the payment may have gone through or not. " +
    "Your orders say so once we hear of it; pressing Pay again does not charge you twice."
  );
}
