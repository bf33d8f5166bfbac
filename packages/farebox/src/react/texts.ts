// The texts of the components, in English. A site replaces any of them by `texts` of
// <FareboxProvider>; amounts and times come to them as they are shown, in the site's `locale`.

import type { Schemas } from "../index.js";

/** The words of all components. */
export const commonTexts = {
  busy: "One moment…",
  again: "Try again",
  loading: (what: string) => `Loading ${what}…`,
};

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

/** Each code of a refusal has a text, or else the message of the error. */
const refusals: Readonly<Record<string, string>> = {
  unauthenticated: "You are signed out. Sign in to continue.",
  forbidden: "Your account may not do this.",
  not_found: "This order does not exist.",
  order_already_paid: "This order is paid already.",
  payment_processing:
    "A payment of this order is under way, so the order cannot change until that ends.",
  order_canceled: "This order was canceled, and can no longer be paid.",
  order_changed: "This order has changed since this page was opened. Load the page again.",
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
  too_many_requests: "Too many requests were sent lately. Try again later.",
};

/** Errors. */
export const errorTexts = {
  offline: "You are offline.",
  unreachable: "Our payment service does not respond at the moment.",
  page: "Something went wrong in this page.",
  stripe:
    "The payment form of Stripe could not be loaded. Check your network, or whether something " +
    "blocks js.stripe.com.",
  /** Errors that leave the result open. */
  causes: {
    in_progress: "The same request is still in progress.",
    unavailable: "Payments are briefly not available.",
    internal: "Something went wrong on our side.",
  } as Readonly<Record<string, string>>,
  /** The state of the money after each operation, if no response confirms it. */
  open: {
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
  } as Readonly<Record<Doing, string>>,
  refusals,
  /** `not_found` of a subscription. */
  noPlan: "This plan does not exist.",
  /**
   * A rate limit; `minutes` is the longest wait, where it is known. An honest payer may read it, so
   * it accuses nobody.
   */
  tooMany: (minutes: number | undefined, doing: Doing): string => {
    const saved = doing === "subscribe" ? "" : ", and your cart is saved";
    return (
      "Many payments were started here recently, so a new one has to wait. None was started now" +
      `${saved}: try again ${minutes === undefined ? "later" : within(minutes)}.`
    );
  },
  /** A code without a text: the message is Farebox's, in English. */
  other: (message: string, _code: string): string =>
    `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, "")}.`,
};

function within(minutes: number): string {
  if (minutes <= 1) return "in a minute";
  return minutes <= 90 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}

/** Declined payments, for the payer. None mentions a lost or stolen card. */
export const declineTexts = {
  /** By Stripe's decline code, or else its error code. */
  reasons: {
    insufficient_funds: "There is not enough money on this card.",
    expired_card: "This card has expired.",
    incorrect_cvc: "The security code of this card is wrong.",
    incorrect_number: "The number of this card is wrong.",
    processing_error: "The bank could not process this card just now.",
    payment_intent_authentication_failure: "Your bank could not confirm that it is you.",
  } as Readonly<Record<string, string>>,
  declined: "The bank declined this card.",
  next: "Nothing was charged: try another card.",
  unknown:
    "Stripe did not confirm the payment, so it may have gone through or not. Your orders will " +
    "show the result; pressing Pay again does not charge you twice.",
};

/** The checkouts. */
export const checkoutTexts = {
  form: "the payment form",
  frame: "Stripe’s Checkout",
  pay: (amount: string) => `Pay ${amount}`,
  priceChanged: (amount: string) => `The price has changed: it is ${amount} now.`,
  settled: "This order is paid, or its payment is under way. One moment…",
  hosted: "Continue to Stripe",
  already: "You have this plan already, so nothing new was started.",
};

type AwaitedKind = Schemas["AwaitedKind"];

/** The state of an order, for its payer. */
export const orderTexts = {
  reading: "One moment: we look up your order.",
  noOrder: "This URL contains no order.",
  titles: {
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
  },
  open: (isPlan: boolean): string =>
    isPlan
      ? "We have no confirmed payment for this plan, so it has not begun. If you have just paid, " +
        "stay here: this page updates when the payment is confirmed. Otherwise, you can choose " +
        "the plan again."
      : "We have no confirmed payment for this order. If you have just paid, stay here: this " +
        "page updates when the payment is confirmed. Otherwise, you can pay now.",
  /** `until` is the last moment, and `isPast` whether it is over. */
  awaiting: (kind: AwaitedKind, until: string | null, isPast: boolean): string => {
    const what = awaited[kind] ?? "your payment";
    if (until === null) return `We are waiting for ${what}. ${awaitedNext[kind] ?? ""}`.trim();
    return isPast
      ? `We were waiting for ${what}, until ${until}. ` +
          "If it was paid in time, the confirmation may take some more days."
      : `We are waiting for ${what}, until ${until}. ${awaitedNext[kind] ?? ""}`.trim();
  },
  /** `isLong` after a long wait. */
  processing: (isLong: boolean): string =>
    isLong
      ? "We are still waiting for the confirmation of your payment. You can close this page: " +
        "your orders will show the result."
      : "We are waiting for the confirmation of your payment.",
  authorized: (amount: string) =>
    `Your payment of ${amount} is held, and is charged when the goods leave.`,
  paid: (isPlan: boolean) => (isPlan ? "Your plan has begun." : "Your order is paid."),
  // A later attempt may have succeeded: its webhook has not arrived then.
  failed: (isPlan: boolean): string =>
    "The last known payment failed, and none is confirmed yet. If you have just paid again, stay " +
    "here: this page updates when the payment is confirmed. Otherwise, you can " +
    (isPlan
      ? "choose the plan again; it never begins twice."
      : "pay the same order with another card; you are never charged twice."),
  canceled: "This order was canceled, and can no longer be paid.",
  expired: (isPlan: boolean): string =>
    isPlan
      ? "The time to pay for this plan is over. It has not begun; you can choose it again."
      : "The time to pay this order was over before it was paid. You can still pay it now.",
  /** `amount` is `null` where all of it was refunded. */
  refunded: (amount: string | null) =>
    `This order was paid. Since then ${amount ?? "all"} of it was refunded.`,
  refundPending: (amount: string) => `A refund of ${amount} is pending.`,
  disputed: "This order was paid, and the payment is disputed: the bank will decide.",
  disputeLost: "This order was paid, and the bank decided the dispute for you.",
};

const awaited: Record<AwaitedKind, string> = {
  voucher: "your voucher to be paid",
  bank_transfer: "your bank transfer",
  microdeposits: "you to confirm the small deposits to your bank account",
};

const awaitedNext: Record<AwaitedKind, string> = {
  voucher: "Once it is paid, there is nothing else to do.",
  bank_transfer: "Once it is sent, there is nothing else to do.",
  microdeposits: "Once they are confirmed, there is nothing else to do.",
};
