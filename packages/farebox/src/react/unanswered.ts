// A refund without a response: Stripe may have refunded or not. It keeps its amount and its
// Idempotency-Key, in all tabs and through reloads: a retry sends the same request, and no other
// refund of the order can start.

import { FareboxError, type ErrorCode, type Schemas } from "../index.js";
import { Stored } from "./stored.js";

export interface Unanswered {
  orderId: string;
  amount: number;
  reason: Schemas["RefundReason"];
  /**
   * Where Stripe asks the customer where the money is to go; kept, because it belongs to what the
   * key names.
   */
  instructionsEmail?: string;
  /** The Idempotency-Key. */
  key: string;
}

/**
 * The refund of `orderId` that `account` asked for and has no answer to: a key is its account's
 * alone.
 */
export const unansweredOf = (account: string, orderId: string) =>
  new Stored<Unanswered | null>(`farebox.refund.${account}.${orderId}`, null, isUnanswered);

/** Errors that are final: Stripe did not refund, and no earlier request with this key did. */
const REFUSALS: readonly ErrorCode[] = [
  "invalid_request",
  "amount_too_small",
  "idempotency_key_reused",
  "order_disputed",
  "order_not_paid",
  "refund_exceeds_paid",
  "refund_in_full_only",
  "refund_limit",
  "refund_needs_email",
  "refund_refused",
];
/**
 * These were said before the refund was looked at: of an earlier request under its key they say
 * nothing.
 */
const UNASKED: readonly ErrorCode[] = ["unauthenticated", "forbidden", "not_found"];

/**
 * Whether `error` settles that the refund was not made; `isFirst` where it was not asked for
 * before.
 */
export const isRefused = (error: unknown, isFirst: boolean): boolean =>
  error instanceof FareboxError &&
  (REFUSALS.includes(error.code) || (isFirst && UNASKED.includes(error.code)));

function isUnanswered(value: unknown): value is Unanswered | null {
  if (typeof value !== "object" || value === null) return false;
  const {
    orderId,
    amount,
    reason,
    key,
    instructionsEmail = "",
  } = value as Partial<Record<keyof Unanswered, unknown>>;
  return (
    Number.isInteger(amount) &&
    [orderId, reason, key, instructionsEmail].every((text) => typeof text === "string")
  );
}
