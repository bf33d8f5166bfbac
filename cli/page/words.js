// The page's texts about money, statuses and declines.

const NO_DECIMALS = new Set(
  "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "),
);
const THREE_DECIMALS = new Set("bhd jod kwd omr tnd".split(" "));

/** `1500` and `usd` as `$15.00`; the amount is in Stripe's minor units. */
export function money(amount, currency) {
  const decimals = NO_DECIMALS.has(currency) ? 0 : THREE_DECIMALS.has(currency) ? 3 : 2;
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(
    amount / 10 ** decimals,
  );
}

const STATUSES = {
  created: ["Created", "wait", "The order waits for a payment."],
  requires_action: ["Requires action", "wait", "The bank waits for your approval."],
  processing: ["Processing", "wait", "The bank is still working on the payment."],
  authorized: ["Authorized", "wait", "The bank holds the money until staff capture or release it."],
  failed: ["Not paid", "bad", "The payment failed. The same order can be paid with another card."],
  canceled: ["Canceled", "bad", "The order was canceled, and can no longer be paid."],
  expired: ["Expired", "bad", "The time to pay is over. A new payment opens the order again."],
  paid: ["Paid", "good", "The signed webhook arrived: the order is paid."],
  partially_refunded: ["Partly refunded", "note", "Part of the payment was refunded."],
  refunded: ["Refunded", "note", "The whole payment was refunded."],
  disputed: ["Disputed", "bad", "The payer disputes the payment at the bank."],
  dispute_won: ["Dispute won", "good", "The bank decided the dispute for the shop."],
  dispute_lost: ["Dispute lost", "bad", "The bank decided the dispute for the payer."],
};

/** The badge's label, its tone and a sentence for an order's status. */
export function status(name) {
  const [label, tone, text] = STATUSES[name] ?? [name, "note", "The order changed."];
  return { label, tone, text };
}

/** What makes an order's total: the labels and amounts; none for its goods alone. */
export function parts({ amounts, currency }) {
  const { subtotal, discount, shipping, tax, total } = amounts;
  if (!discount && !shipping && !tax) return [];
  const isAdded = subtotal - discount + shipping + tax === total;
  return [
    ["Subtotal", subtotal],
    ["Discount", -discount],
    ["Shipping", shipping],
    [isAdded ? "Tax" : "Tax, in the total", tax],
    ["Total", total],
  ].map(([label, amount]) => [label, money(amount, currency)]);
}

/** The refunded part of an order. */
export const partly = ({ amount, refundedAmount, currency }) =>
  `${money(refundedAmount, currency)} of ${money(amount, currency)} was refunded.`;

/** A refund that has not reached the payer yet. */
export const pending = ({ refundPendingAmount, currency }) =>
  `A refund of ${money(refundPendingAmount, currency)} is pending: the payer does not have the ` +
  `money yet.`;

const DECLINES = {
  insufficient_funds: "Not enough money on this card.",
  expired_card: "This card has expired.",
  incorrect_cvc: "The security code of this card is wrong.",
  invalid_cvc: "A security code has three or four digits.",
  incorrect_number: "This card number is wrong.",
  invalid_number: "This card number is wrong.",
  invalid_expiry_month: "This expiry date is wrong.",
  invalid_expiry_year: "This expiry date is wrong.",
  processing_error: "The bank could not process this card now.",
  authentication_required: "The bank requires your authentication.",
  payment_intent_authentication_failure: "The bank could not confirm that it is you.",
  test_mode_live_card: "This is a live card. Only test cards work here.",
  payment_intent_unexpected_state: "This payment already has a result: see the order below.",
};

/** The reason for a decline, for the payer, and its code. */
export function decline({ code, decline_code: reason }) {
  const known = DECLINES[reason] ?? DECLINES[code] ?? "The bank declined this card.";
  const ends =
    code === "payment_intent_unexpected_state" || code === "payment_intent_authentication_failure";
  return {
    text: ends ? known : `${known} Try another: the order stays open.`,
    code: reason ?? code ?? "card_declined",
  };
}

const REFUSALS = {
  order_already_paid: "This order is paid already; nothing was charged again.",
  payment_processing: "A payment of this order is under way; it cannot change until that ends.",
  order_canceled: "This order was canceled. Start a new one.",
  order_expired: "The time to pay this order is over. Start a new one.",
  in_progress: "The same payment is being prepared right now. Try again in a moment.",
  unavailable:
    "Payments are briefly not available. The cart is kept. Try again: nothing is charged twice.",
  internal: "Something went wrong on the server. Its log has the reason, under this request id.",
};

/** The reason that Farebox rejected a request, with its code and request id. */
export function refusal({ code, message, requestId }) {
  const own = message.charAt(0).toUpperCase() + message.slice(1);
  const text = REFUSALS[code] ?? own.replace(/([^.])$/, "$1.");
  return { text, code: requestId ? `${code} · ${requestId}` : code };
}

/** A refund with an unknown result. */
export const UNANSWERED =
  "No response arrived, so Stripe may have refunded or not. The next click repeats the same " +
  "request with the same key: it refunds once.";

const NO_TOKEN = "no valid token";

/** A sentence about the decision on a refund, and a note for each check. */
export function verdict({ person, role, amount, currency, answer }, { allowed, why }, limit) {
  const sought = money(amount, currency);
  const most =
    limit && amount > limit
      ? `${money(limit, currency)} is their role's limit per request`
      : "their role's daily limit leaves less";
  const notes = { who: person, role: `${role}: yes`, reach: "any order", limit: sought };
  if (why === "not_permitted") notes.role = `${role}: no`;
  if (why === "not_owner" || why === "not_there") notes.reach = "no such order";
  const denials = {
    not_permitted: `Denied. The token of ${person} is valid, but their role has no permission ` +
      `refund:create. Farebox did not read the order.`,
    not_owner:
      "Denied, as for an order that does not exist: the order is not theirs, and their role " +
      "covers only their own.",
    not_there: "Denied: the order does not exist.",
    limit: `Denied. ${person} can refund any order, but not ${sought}: ${most}. Farebox did not ` +
      `call Stripe.`,
  };
  const unknown = `Denied: the caller is not authenticated (${why}).`;
  if (!allowed)
    return {
      text: denials[why] ?? unknown,
      notes: why in denials ? notes : { ...notes, who: NO_TOKEN },
    };
  return { text: done(person, sought, answer), notes };
}

function done(person, sought, answer) {
  const allowed = `Allowed. ${person}'s role can refund any order, and ${sought} is within its ` +
    `limit`;
  if (answer.status === 200 && answer.code === "succeeded")
    return `${allowed}: Stripe refunded it once.`;
  if (answer.status === 200) return `${allowed}: Stripe's refund is ${answer.code}.`;
  return answer.status >= 500
    ? `Allowed. ${UNANSWERED}`
    : `Allowed, but it failed. ${refusal(answer).text}`;
}
