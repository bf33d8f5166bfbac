// The texts about orders and errors.

import { money } from "./money";
import {
  FareboxError,
  Unreachable,
  type Awaited,
  type CancelReason,
  type Order,
  type Reason,
  type RefundRecord,
  type Status,
} from "./payments";

export type Tone = "wait" | "good" | "bad" | "note";

const STATUSES: Record<Status, [label: string, tone: Tone]> = {
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
export const STATUS_LABELS: [Status, string][] = (Object.keys(STATUSES) as Status[]).map(
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

const AWAITED_NEXT: Record<Awaited["kind"], string> = {
  voucher: "Once it is paid, there is nothing else to do.",
  bank_transfer: "Once it is sent, there is nothing else to do.",
  microdeposits: "Once they are confirmed, there is nothing else to do.",
};

/** What the payer still has to do. */
export const awaitingNext = ({ kind, until }: Awaited, now = Date.now()): string =>
  until === null || until * 1000 > now ? (AWAITED_NEXT[kind] ?? "") : "";

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

export const REASONS: Record<Reason, string> = {
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

const REFUSALS: Record<string, string> = {
  unauthenticated: "You are signed out. Sign in to continue.",
  forbidden: "Your account may not do this.",
  not_found: "This order does not exist.",
  order_already_paid: "This order is paid already.",
  payment_processing:
    "A payment of this order is under way, so the order cannot change until that ends.",
  order_expired:
    "The time to pay this order is over. Your cart is saved: try again, and a new order starts.",
  order_not_authorized: "No payment of this order waits for its capture.",
  capture_exceeds_authorized: "This exceeds the authorized amount.",
  capture_limit: "This exceeds your account’s limit for one capture or for one day.",
  refund_limit: "This exceeds your account’s limit for one refund or for one day.",
  refund_exceeds_paid: "This exceeds the rest of the payment.",
  order_not_paid: "Nothing was paid for this order yet.",
  order_disputed: "The bank holds the money until it decides the dispute.",
  refund_in_full_only: "A payment like this is refunded in full or not at all.",
  refund_needs_email:
    "Stripe needs the customer’s e-mail address to ask for a bank account. Enter one, and refund " +
    "again.",
  refund_refused: "Stripe rejected the refund of this payment.",
  already_subscribed: "You have this plan already.",
  subscription_ended: "This plan has ended, and can no longer change. You can choose a plan again.",
  subscription_changing:
    "An earlier change of this plan waits for its payment. Make that payment, or wait until the " +
    "change is given up.",
};

export interface Trouble {
  text: string;
  /** The error code and the request's id, for support. */
  code: string;
  /** True when no function responded. */
  isUnreachable: boolean;
}

/** The page's operation during an error. */
export type Doing =
  | "start"
  | "payment"
  | "orders"
  | "list"
  | "find"
  | "capture"
  | "cancel"
  | "refund"
  | "portal"
  | "subscribe"
  | "plan"
  | "preview"
  | "change";

/**
 * The state of the money after each operation, if no response confirms it.
 */
const UNKNOWN: Record<Doing, string> = {
  start: "Your cart is saved, and trying again does not charge you twice.",
  payment:
    "So we do not know the result of your payment yet. It may have gone through: do not pay " +
    "again. This page keeps checking.",
  orders: "So your orders cannot be shown.",
  list: "So the orders cannot be shown.",
  find: "So the order cannot be shown.",
  capture:
    "So it is not known whether the payment was captured. To capture the same amount again " +
    "captures it once.",
  cancel: "So it is not known whether the order was canceled. To cancel it again does no harm.",
  refund: "So it is not known whether the refund was made.",
  portal: "So the customer portal cannot be opened.",
  subscribe: "No plan begins before you confirm it on Stripe’s form. You can try again.",
  plan: "So the plan cannot be shown.",
  preview: "So the cost of the change is not known. Nothing changed.",
  change: "So it is not known whether the plan changed. To send the same again changes it once.",
};

/** Errors that leave the result open. */
const CAUSES: Record<string, string> = {
  in_progress: "The same request is still in progress.",
  unavailable: "Payments are briefly not available.",
  internal: "Something went wrong on our side.",
};

export function trouble(error: unknown, doing: Doing): Trouble {
  const open = (cause: string) => `${cause} ${UNKNOWN[doing]}`;
  if (error instanceof Unreachable) {
    const isOffline = typeof navigator !== "undefined" && !navigator.onLine;
    const text = open(
      isOffline ? "You are offline." : "Our payment service does not respond at the moment.",
    );
    return { text, code: isOffline ? "offline" : "unreachable", isUnreachable: true };
  }
  if (error instanceof FareboxError) {
    const own = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    const cause = CAUSES[error.code] ?? (error.status >= 500 ? CAUSES.internal : undefined);
    const isPlan = doing === "plan" || doing === "preview" || doing === "change";
    const refusal =
      isPlan && error.code === "not_found" ? "This plan does not exist." : REFUSALS[error.code];
    const known =
      error.code === "too_many_payments" ? tooMany(error.retryAfter, doing) : refusal;
    const text = cause ? open(cause) : (known ?? `${own.replace(/\.$/, "")}.`);
    return {
      text,
      code: [error.code, error.requestId].filter(Boolean).join(" · "),
      isUnreachable: false,
    };
  }
  return { text: open("Something went wrong in this page."), code: "page", isUnreachable: false };
}

/**
 * The message of a rate limit; `wait` is the longest wait in seconds. An honest payer may read it,
 * so it accuses nobody.
 */
function tooMany(wait: number | undefined, doing: Doing): string {
  const when = wait === undefined ? "later" : within(wait);
  const saved = doing === "subscribe" ? "" : ", and your cart is saved";
  return (
    "Many payments were started here recently, so a new one has to wait. None was started now" +
    `${saved}: try again ${when}.`
  );
}

function within(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return "in a minute";
  return minutes <= 90 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}
