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
 * The message of a decline. It does not mention a lost or stolen card: the payer may not be its
 * owner.
 */
export function declineWords({ type, code, decline_code: reason }: StripeError): string {
  if (type === "card_error" || code === "payment_intent_authentication_failure") {
    const known = REASONS[reason ?? ""] ?? REASONS[code ?? ""] ?? "The bank declined this card.";
    return `${known} Nothing was charged: try another card.`;
  }
  return (
    "Stripe did not confirm the payment, so it may have gone through or not. Your orders will " +
    "show the result; pressing Pay again does not charge you twice."
  );
}
