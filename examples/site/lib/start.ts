// Starts the payment of a cart: once for each key, however many effects call it.

import { items, noteOrder, rename, type Cart } from "./cart";
import { createCheckout, createIntent, FareboxError, type Contents, type Intent } from "./payments";

/** The order of a payment that is made already. */
export type Settled = { settled: string };

/** A session that Stripe.js shows. */
export type Session = { publishableKey: string; clientSecret: string };

/**
 * So often is a cart named anew while this page is open: a server that takes no name is not asked
 * for ever.
 */
const MOST_NAMES = 3;
let names = 0;

/**
 * `begin`, once at a time for each cart: React runs effects twice in development, and both get the
 * same result. If the server rejects the cart's key or order, the cart gets a new key, and its
 * subscribers start again.
 */
function once<T>(begin: (cart: Cart) => Promise<T>): (cart: Cart) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (cart) => {
    const known = underWay.get(cart.key);
    if (known) return known;
    const started = begin(cart).finally(() => underWay.delete(cart.key));
    underWay.set(cart.key, started);
    return started;
  };
}

/** Starts the payment of `cart` for Stripe's Payment Element. */
export const start = once(async (cart: Cart): Promise<Intent | Settled> => {
  const started = await ordered(cart, (contents) => createIntent(cart.key, contents));
  if ("settled" in started) return started;
  const { clientSecret } = started;
  // An order of zero is paid already.
  return clientSecret === null ? { settled: started.orderId } : { ...started, clientSecret };
});

/** Starts Checkout of `cart` in a frame of this page. */
export const startEmbedded = once(async (cart: Cart): Promise<Session | Settled> => {
  const started = await ordered(cart, (contents) =>
    createCheckout(cart.key, { ...contents, uiMode: "embedded", successUrl: successUrl() }),
  );
  if ("settled" in started) return started;
  const { clientSecret, publishableKey } = started;
  if (clientSecret === undefined || publishableKey === undefined)
    throw new Error("embedded Checkout has a client secret and a key");
  return { clientSecret, publishableKey };
});

/** Starts hosted Checkout of `cart`; returns its URL. */
export async function startHosted(cart: Cart): Promise<{ url: string } | Settled> {
  const urls = { successUrl: successUrl(), cancelUrl: `${location.origin}/checkout` };
  const started = await ordered(cart, (contents) =>
    createCheckout(cart.key, { ...contents, ...urls }),
  );
  if ("settled" in started) return started;
  const { url } = started;
  if (url === undefined) throw new Error("hosted Checkout has a URL");
  return { url };
}

/** The server adds the order. */
export const successUrl = () => `${location.origin}/checkout/return?redirect_status=succeeded`;

/** Stores the order of `cart`; an error that it is already paid is a result. */
async function ordered<Answer extends { orderId: string }>(
  cart: Cart,
  ask: (contents: Contents) => Promise<Answer>,
): Promise<Answer | Settled> {
  const { key, orderId } = cart;
  try {
    const answer = await ask({ items: items(cart), ...(orderId && { orderId }) });
    noteOrder(key, answer.orderId);
    return answer;
  } catch (error) {
    if (!(error instanceof FareboxError)) throw error;
    // The order is paid or being paid: from another tab, or from another cart with this key.
    if (error.orderId !== undefined) return { settled: error.orderId };
    nameAnew(cart, error.code);
    throw error;
  }
}

/** The codes of an order that takes no payment any more. */
const ENDED: readonly string[] = ["order_canceled", "order_expired"];

function nameAnew({ key, orderId }: Cart, code: string): void {
  // The order belongs to another account, does not exist on this server, or can no longer be paid.
  const isGone = (code === "not_found" && orderId !== null) || ENDED.includes(code);
  const isTaken = code === "idempotency_key_reused" || code === "order_changed";
  if ((!isGone && !isTaken) || names >= MOST_NAMES) return;
  names += 1;
  rename(key, isGone ? null : orderId);
}
