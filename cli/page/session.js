// State that survives a reload of this tab: the cart, its Idempotency-Key and the order's id.
// Tokens and client secrets are never stored.

const NAME = "farebox-demo";

const EMPTY = {
  /** The quantity of each price: `{ mug: 1 }`; null before the first visit. */
  items: null,
  /** The Idempotency-Key of this cart, created when the cart is first sent. */
  key: null,
  /** The order id in the key's request: it must be the same in every retry. */
  updates: null,
  /** By caller: the refund without a response, `{ orderId, key, amount }`. */
  unanswered: {},
  /** The order of the subscription that Checkout was opened for. */
  subscribing: null,
  /** The order on display. */
  orderId: null,
};

/** The stored values; change them with `keep`. */
export const kept = { ...EMPTY, ...read() };

/** Changes some of the stored values. */
export function keep(changes) {
  Object.assign(kept, changes);
  try {
    sessionStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // Storage is off: the page works, a reload forgets.
  }
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(NAME)) ?? {};
  } catch {
    return {};
  }
}
