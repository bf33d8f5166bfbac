// The texts of plans and of refunds, in English.

import type { Schemas } from "../index.js";

/** Plans and the customer portal. */
export const planTexts = {
  portal: "Cards and receipts",
  billed: "Billed",
  /** The label of an interval in the choice of them. */
  interval: (interval: string, count: number) =>
    count === 1 ? (INTERVALS[interval] ?? interval) : `Every ${count} ${interval}s`,
  /** A price and its interval. */
  price: (amount: string, interval: string, count: number) =>
    count === 1 ? `${amount} a ${interval}` : `${amount} every ${count} ${interval}s`,
  perSeat: "for each seat",
  trial: (days: number) => `free for the first ${days} days`,
  seats: "Seats",
  wrongSeats: (most: number) => `From 1 to ${most} seats.`,
  choose: (name: string) => `Choose ${name}`,
  yours: "Your plan",
  back: "Back to the plans",
};

const INTERVALS: Readonly<Record<string, string>> = {
  day: "Daily",
  week: "Weekly",
  month: "Monthly",
  year: "Yearly",
};

type Reason = Schemas["RefundReason"];

/** Refunds, for staff. */
export const refundTexts = {
  amount: (currency: string) => `Amount, in ${currency.toUpperCase()}`,
  reason: "Why",
  reasons: {
    requested_by_customer: "Requested by customer",
    duplicate: "Duplicate",
    fraudulent: "Fraud",
  } as Readonly<Record<Reason, string>>,
  email: "Customer’s e-mail",
  ask: "Refund…",
  wrongAmount: (most: string) => `Enter an amount of up to ${most}.`,
  wrongEmail: "Enter the customer’s e-mail address.",
  question: (amount: string) => `Refund ${amount}?`,
  confirm: (amount: string) => `Refund ${amount}`,
  cancel: "Cancel",
  /** What follows from it; `email` is the address to which Stripe sends instructions. */
  effect: (orderId: string, reason: string, email: string | null) =>
    `Of order ${orderId}. ${reason}. ` +
    (email === null ? "" : `Stripe sends instructions to ${email}. `) +
    "This cannot be undone.",
  /** What is known of the refund. */
  result: (amount: string, status: Schemas["RefundStatus"]): string => RESULTS[status](amount),
  unanswered: (amount: string) =>
    `The refund of ${amount} has no response yet, so Stripe may have refunded or not. A retry ` +
    "refunds at most once. Meanwhile, you cannot start another refund of this order.",
  retry: "Retry this refund",
  notPaid: "Nothing was paid, so there is nothing to refund.",
  pending: "A refund of all that is left is pending.",
  nothingLeft: "All of it was refunded.",
};

const RESULTS: Record<Schemas["RefundStatus"], (amount: string) => string> = {
  succeeded: (amount) => `${amount} is refunded.`,
  pending: (amount) => `The refund of ${amount} is pending.`,
  requires_action: (amount) => `The refund of ${amount} waits for the customer.`,
  failed: (amount) => `The refund of ${amount} failed: the money returned to your account.`,
  canceled: (amount) => `The refund of ${amount} is canceled: the money stayed in your account.`,
};
