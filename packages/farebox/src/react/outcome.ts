// What is known of an order's payment, for its payer.

import type { Order, OrderStatus } from "./requests.js";
import { money, moment } from "./money.js";
import type { orderTexts } from "./texts.js";

/** The state of a payment, in full. */
export type Outcome =
  /** No payment is known. */
  | "open"
  /** A voucher, a bank transfer or small deposits: it takes days. */
  | "awaiting"
  | "processing"
  | "authorized"
  | "paid"
  | "failed"
  | "canceled"
  | "expired"
  | "refunded"
  | "disputed";

/** What a page does by. `unknown` is the state without an answer. */
export type OrderState =
  | "waiting"
  | "paid"
  | "authorized"
  | "failed"
  | "expired"
  | "canceled"
  | "refunded"
  | "disputed"
  | "unknown";

/**
 * How a payment went, as the browser was told by Stripe's `redirect_status`: the order may not have
 * heard of it yet, and has the last word.
 */
export type Hint = "failed" | "succeeded" | null;

const OPEN: readonly OrderStatus[] = ["created", "requires_action", "processing", "failed"];

/** Whether a payment can still change the order. */
export const isOpen = (status: OrderStatus): boolean => OPEN.includes(status);

/** Whether the goods are owed, or will be once the payment under way arrives: the cart is done. */
export const isTaken = ({ status, awaiting }: Order): boolean =>
  Boolean(awaiting) ||
  status === "processing" ||
  (!isOpen(status) && status !== "canceled" && status !== "expired");

/** Whether an order begins a subscription. */
export const isPlan = ({ items }: Pick<Order, "items">): boolean =>
  items.some(({ recurring }) => recurring !== undefined);

const ENDS: Partial<Record<OrderStatus, Outcome>> = {
  authorized: "authorized",
  canceled: "canceled",
  expired: "expired",
  processing: "processing",
  disputed: "disputed",
  dispute_lost: "disputed",
  refunded: "refunded",
  partially_refunded: "refunded",
};

export function outcomeOf({ status, awaiting }: Order, hint: Hint): Outcome {
  if (awaiting) return "awaiting";
  const end = ENDS[status];
  if (end) return end;
  if (!isOpen(status)) return "paid";
  if (hint === "failed") return "failed";
  // After a declined card, the order stays `failed` until the webhook of the second card.
  if (hint === "succeeded") return "processing";
  return status === "failed" ? "failed" : "open";
}

export const stateOf = (outcome: Outcome): OrderState =>
  outcome === "open" || outcome === "awaiting" || outcome === "processing" ? "waiting" : outcome;

interface Shown {
  locale: string;
  /** Whether the payer has waited for long. */
  isLong: boolean;
  /** In milliseconds. */
  now: number;
}

/** States only known facts: while the order is open, another payment of it may be in progress. */
export function messageOf(
  outcome: Outcome,
  order: Order,
  texts: typeof orderTexts,
  { locale, isLong, now }: Shown,
): string {
  const amount = (minor: number) => money(minor, order.currency, locale);
  const { awaiting, refundPendingAmount: pending, refundedAmount } = order;
  const withPending = (text: string) =>
    pending > 0 ? `${text} ${texts.refundPending(amount(pending))}` : text;
  switch (outcome) {
    case "open":
    case "failed":
    case "expired":
      return texts[outcome](isPlan(order));
    case "awaiting": {
      if (!awaiting) return "";
      const { kind, until } = awaiting;
      const shown = until === null ? null : moment(until, locale);
      return texts.awaiting(kind, shown, until !== null && until * 1000 <= now);
    }
    case "processing":
      return texts.processing(isLong);
    case "authorized":
      return texts.authorized(amount(order.amount));
    case "paid":
      return withPending(texts.paid(isPlan(order)));
    case "canceled":
      return texts.canceled;
    case "refunded":
      return withPending(
        texts.refunded(refundedAmount === order.amount ? null : amount(refundedAmount)),
      );
    case "disputed":
      return order.status === "disputed" ? texts.disputed : texts.disputeLost;
  }
}
