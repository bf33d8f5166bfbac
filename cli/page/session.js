// What survives a reload of this tab: the cart, its Idempotency-Key and the order's id.
// Neither the token nor the client secret is ever kept here.

const NAME = "farebox-demo";

const EMPTY = {
  /** How many of each price: `{ mug: 1 }`; null before the first visit. */
  items: null,
  /** The Idempotency-Key of this cart, made when the cart is first sent. */
  key: null,
  /** The order that the key's request names: it must stay the same in every repetition. */
  updates: null,
  /** By caller: the refund that has no answer yet, `{ orderId, key, amount }`. */
  unanswered: {},
  /** The order that is shown. */
  orderId: null,
};

/** The kept values; read them here, change them with `keep`. */
export const kept = { ...EMPTY, ...read() };

/** Changes some of the kept values. */
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
