// What the return page says of a payment.

import { money } from "./money";
import type { Order } from "./payments";
import { isPlan } from "./plans";
import type { Hint } from "./return-path";
import { isOpen } from "./use-order";
import { awaitingNext, awaitingWords, heldWords } from "./words";

type State =
  | "open"
  | "awaiting"
  | "processing"
  | "authorized"
  | "paid"
  | "failed"
  | "canceled"
  | "expired"
  | "refunded"
  | "disputed";

export function stateOf({ status, awaiting }: Order, hint: Hint): State {
  if (awaiting) return "awaiting";
  switch (status) {
    case "authorized":
    case "canceled":
    case "expired":
    case "processing":
      return status;
    case "disputed":
    case "dispute_lost":
      return "disputed";
    case "refunded":
    case "partially_refunded":
      return "refunded";
  }
  if (!isOpen(status)) return "paid";
  if (hint === "failed") return "failed";
  // After a declined card, the order stays `failed` until the webhook of the second card.
  if (hint === "succeeded") return "processing";
  return status === "failed" ? "failed" : "open";
}

export const TITLES: Record<State, string> = {
  open: "No payment confirmed yet",
  awaiting: "Not paid yet",
  processing: "Just a moment",
  authorized: "Thank you",
  paid: "Thank you",
  failed: "No payment confirmed yet",
  canceled: "Canceled",
  expired: "Not paid in time",
  refunded: "Refunded",
  disputed: "Disputed",
};

/** States only known facts: while the order is open, another payment of it may be in progress. */
export function sentence(state: State, order: Order, isLong: boolean): string {
  const { status, amount, refundedAmount, refundPendingAmount, currency, awaiting } = order;
  const pending =
    refundPendingAmount > 0
      ? ` A refund of ${money(refundPendingAmount, currency)} is pending.`
      : "";
  switch (state) {
    case "open":
      if (isPlan(order))
        return (
          "We have no confirmed payment for this plan, so it has not begun. If you have just " +
          "paid, stay here: this page updates when the payment is confirmed. Otherwise, you can " +
          "choose the plan again."
        );
      return (
        "We have no confirmed payment for this order. If you have just paid, stay here: this " +
        "page updates when the payment is confirmed. Otherwise, you can pay now."
      );
    case "awaiting":
      return awaiting ? `${awaitingWords(awaiting)} ${awaitingNext(awaiting)}` : "";
    case "processing":
      return isLong
        ? "We are still waiting for the confirmation of your payment. You can close this page: " +
          "your orders will show the result."
        : "We are waiting for the confirmation of your payment.";
    case "authorized":
      return `${heldWords(order)} We wrap them in paper now.`;
    case "paid":
      if (isPlan(order)) return `Your plan has begun.${pending}`;
      return `Your order is paid.${pending || " We wrap it in paper now."}`;
    case "failed":
      if (isPlan(order))
        return (
          "The last known payment failed, and none is confirmed yet. If you have just paid " +
          "again, stay here: this page updates when the payment is confirmed. Otherwise, you can " +
          "choose the plan again; it never begins twice."
        );
      // A later attempt may have succeeded: its webhook has not arrived then.
      return (
        "The last known payment failed, and none is confirmed yet. If you have just paid again, " +
        "stay here: this page updates when the payment is confirmed. Otherwise, you can pay the " +
        "same order with another card; you are never charged twice."
      );
    case "canceled":
      return "This order was canceled, and can no longer be paid.";
    case "expired":
      if (isPlan(order))
        return "The time to pay for this plan is over. It has not begun; you can choose it again.";
      return "The time to pay this order was over before it was paid. You can still pay it now.";
    case "refunded":
      return (
        `This order was paid. Since then ` +
        (refundedAmount === amount ? "all" : money(refundedAmount, currency)) +
        ` of it was refunded.${pending}`
      );
    case "disputed":
      return status === "disputed"
        ? "This order was paid, and the payment is disputed: the bank will decide."
        : "This order was paid, and the bank decided the dispute for you.";
  }
}
