// What the pages say about orders and about what went wrong, in plain words.

import { FareboxError, Unreachable, type Reason, type RefundRecord, type Status } from "./payments";

export type Tone = "wait" | "good" | "bad" | "note";

const STATUSES: Record<Status, [label: string, tone: Tone]> = {
  created: ["Not paid yet", "wait"],
  requires_action: ["The bank asks", "wait"],
  processing: ["Processing", "wait"],
  failed: ["Not paid", "bad"],
  canceled: ["Canceled", "bad"],
  paid: ["Paid", "good"],
  partially_refunded: ["Partly refunded", "note"],
  refunded: ["Refunded", "note"],
  disputed: ["Disputed", "bad"],
  dispute_won: ["Paid", "good"],
  dispute_lost: ["Dispute lost", "bad"],
};

export function statusWords(status: Status): { label: string; tone: Tone } {
  const [label, tone] = STATUSES[status] ?? [status, "note"];
  return { label, tone };
}

export const REASONS: Record<Reason, string> = {
  requested_by_customer: "The customer asked",
  duplicate: "Paid twice",
  fraudulent: "Fraud",
};

export const REFUND_STATES: Record<RefundRecord["status"], string> = {
  requested: "Under way",
  requires_action: "Waits for the customer",
  pending: "On its way, not there yet",
  succeeded: "Given back",
  failed: "Failed: the money is here again",
  canceled: "Canceled: the money is here",
  refused: "Refused by Stripe",
};

const REFUSALS: Record<string, string> = {
  unauthenticated: "You are signed out. Sign in, and try again.",
  forbidden: "Your account may not do this.",
  not_found: "There is no such order.",
  refund_limit: "This is more than your account may refund in one go or in one day.",
  refund_exceeds_paid: "Less than that is left of the payment.",
  order_not_paid: "Nothing was paid for this order yet.",
  order_disputed: "The bank has the money until it decides the dispute.",
  refund_in_full_only: "A payment like this is given back in full or not at all.",
  refund_needs_email: "Stripe has to ask the customer where the money is to go, and has no address of theirs.",
  refund_refused: "Stripe does not give this payment back.",
  in_progress: "The same is being done right now. Try again in a moment.",
  unavailable: "Payments are briefly not available. Nothing was charged; try again.",
  internal: "Something went wrong on our side. Nothing was charged.",
};

export interface Trouble {
  text: string;
  /** For whoever helps: the code and the request's id. */
  code: string;
  /** Whether no function answered at all. */
  isUnreachable: boolean;
}

export function trouble(error: unknown): Trouble {
  if (error instanceof Unreachable) {
    const isOffline = typeof navigator !== "undefined" && !navigator.onLine;
    const text = isOffline
      ? "You are offline. Nothing was charged; this page goes on when you are back."
      : "Our payment service does not answer at the moment. Nothing was charged.";
    return { text, code: isOffline ? "offline" : "unreachable", isUnreachable: true };
  }
  if (error instanceof FareboxError) {
    const own = error.message.charAt(0).toUpperCase() + error.message.slice(1);
    const known = error.code === "too_many_payments" ? tooMany(error.retryAfter) : REFUSALS[error.code];
    const text = known ?? `${own.replace(/\.$/, "")}.`;
    return { text, code: [error.code, error.requestId].filter(Boolean).join(" · "), isUnreachable: false };
  }
  return { text: "Something went wrong in this page. Reload it, and try again.", code: "page", isUnreachable: false };
}

/** `wait` is in seconds, at the most; an honest payer of a busy shop may read this, so it accuses nobody. */
function tooMany(wait: number | undefined): string {
  const when = wait === undefined ? "later" : within(wait);
  return `Many payments were started here lately, so a new one has to wait. Nothing was charged, and your cart is kept: try again ${when}.`;
}

function within(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return "in a minute";
  return minutes <= 90 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}
