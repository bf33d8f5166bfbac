// The texts about orders, beside the package's.

import type { Schemas } from "farebox";
import { english, type Order, type OrderStatus } from "farebox/react";
import { money } from "./money";

type Awaited = Schemas["Awaited"];
export type CancelReason = Schemas["CancelReason"];
type RefundRecord = Schemas["RefundRecord"];

export type Tone = "wait" | "good" | "bad" | "note";

const STATUSES: Record<OrderStatus, [label: string, tone: Tone]> = {
  created: ["Not confirmed yet", "wait"],
  requires_action: ["Authentication required", "wait"],
  processing: ["Processing", "wait"],
  authorized: ["Authorized", "good"],
  failed: ["Payment failed", "bad"],
  canceled: ["Canceled", "bad"],
  expired: ["Expired", "note"],
  paid: ["Paid", "good"],
  partially_refunded: ["Partly refunded", "note"],
  refunded: ["Refunded", "note"],
  disputed: ["Disputed", "bad"],
  dispute_won: ["Paid", "good"],
  dispute_lost: ["Dispute lost", "bad"],
};

/** The statuses to choose from, with a label for each. */
export const STATUS_LABELS: [OrderStatus, string][] = (Object.keys(STATUSES) as OrderStatus[]).map(
  (status) => [status, status === "dispute_won" ? "Paid, dispute won" : STATUSES[status][0]],
);

export function statusWords({ status, awaiting }: Pick<Order, "status" | "awaiting">): {
  label: string;
  tone: Tone;
} {
  // A payment with `awaiting` is `requires_action` or `processing`, without a challenge of the
  // bank.
  if (awaiting) return { label: "Awaiting payment", tone: "wait" };
  const [label, tone] = STATUSES[status] ?? [status, "note"];
  return { label, tone };
}

/** What an authorized payment is, for its payer. */
export const heldWords = ({ amount, currency }: Pick<Order, "amount" | "currency">): string =>
  `Your payment of ${money(amount, currency)} is held, and is charged when the goods leave.`;

const AWAITED: Record<Awaited["kind"], string> = {
  voucher: "your voucher to be paid",
  bank_transfer: "your bank transfer",
  microdeposits: "you to confirm the small deposits to your bank account",
};

/** What the order waits for, for its payer; `now` is in milliseconds. */
export function awaitingWords({ kind, until }: Awaited, now = Date.now()): string {
  const what = AWAITED[kind] ?? "your payment";
  if (until === null) return `We are waiting for ${what}.`;
  if (until * 1000 > now) return `We are waiting for ${what}, until ${day(until)}.`;
  return (
    `We were waiting for ${what}, until ${day(until)}. ` +
    "If it was paid in time, the confirmation may take some more days."
  );
}

/** The same with what the payer still has to do. */
export const awaitingInFull = ({ kind, until }: Awaited, now = Date.now()): string =>
  until === null
    ? english.order.awaiting(kind, null, false)
    : english.order.awaiting(kind, day(until), until * 1000 <= now);

const AWAITED_BY_STAFF: Record<Awaited["kind"], string> = {
  voucher: "the customer’s voucher",
  bank_transfer: "the customer’s bank transfer",
  microdeposits: "the customer, who is to confirm small deposits",
};

/** What the order waits for, for staff. */
export const awaitingForStaff = ({ kind, until }: Awaited): string =>
  `${AWAITED_BY_STAFF[kind] ?? kind}${until === null ? "" : `, until ${day(until)}`}`;

/**
 * A moment in Unix seconds, in the reader's own time: a day alone would promise hours that there
 * may not be.
 */
export const day = (at: number) =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" }).format(at * 1000);

export const REASONS: Record<Schemas["RefundReason"], string> = {
  requested_by_customer: "Requested by customer",
  duplicate: "Duplicate",
  fraudulent: "Fraud",
};

export const CANCEL_REASONS: Record<CancelReason, string> = {
  ...REASONS,
  abandoned: "Abandoned by the customer",
};

export const REFUND_STATES: Record<RefundRecord["status"], string> = {
  requested: "Requested",
  requires_action: "Requires action by the customer",
  pending: "Pending",
  succeeded: "Refunded",
  failed: "Failed: the money returned to your account",
  canceled: "Canceled: the money stayed in your account",
  refused: "Rejected by Stripe",
};
