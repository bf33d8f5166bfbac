// Starts the payment of a cart: one request for each name of its contents, however many effects ask for it.

import { items, noteOrder, rename, type Cart } from "./cart";
import { keepOrder } from "./kept-orders";
import { createIntent, FareboxError, type Intent } from "./payments";

/** What a cart came to: a payment to be made, or an order whose payment was made already. */
export type Started = { intent: Intent } | { settled: string };

/** So often is a cart named anew while this page is open: a server that takes no name is not asked for ever. */
const MOST_NAMES = 3;
let names = 0;

const underWay = new Map<string, Promise<Started>>();

/**
 * The payment of `cart`. React runs effects twice while one develops, and both get the same answer. When the
 * server does not take the cart's name or order any more, the cart is named anew, and whoever watches it starts again.
 */
export function start(cart: Cart): Promise<Started> {
  const known = underWay.get(cart.key);
  if (known) return known;
  const started = begin(cart).finally(() => underWay.delete(cart.key));
  underWay.set(cart.key, started);
  return started;
}

async function begin(cart: Cart): Promise<Started> {
  const { key, orderId } = cart;
  try {
    const intent = await createIntent(key, { items: items(cart), ...(orderId && { orderId }) });
    keepOrder(intent.orderId);
    noteOrder(key, intent.orderId);
    return { intent };
  } catch (error) {
    if (!(error instanceof FareboxError)) throw error;
    const isSettled = error.code === "order_already_paid" || error.code === "payment_processing";
    if (isSettled && orderId) return { settled: orderId };
    nameAnew(cart, error.code);
    throw error;
  }
}

function nameAnew({ key, orderId }: Cart, code: string): void {
  // Another account's order, one of a server that forgot it, or one that can no longer be paid.
  const isGone = (code === "not_found" && orderId !== null) || code === "order_canceled";
  const isTaken = code === "idempotency_key_reused" || code === "order_changed";
  if ((!isGone && !isTaken) || names >= MOST_NAMES) return;
  names += 1;
  rename(key, isGone ? null : orderId);
}
