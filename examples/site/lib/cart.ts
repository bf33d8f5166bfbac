// The cart: stored in this browser, and shared by its tabs.
//
// `key` names the contents: it is made when they change, in the same write. So every effect,
// refresh and tab that starts the payment of these contents sends the same Idempotency-Key, and
// finds the same payment.

import { productOf } from "./catalogue";
import type { Order } from "./payments";
import { Stored } from "./stored";

export interface Cart {
  /** The quantity of each price. */
  lines: Readonly<Record<string, number>>;
  /** The Idempotency-Key of these contents. */
  key: string;
  /**
   * The order of the cart's earlier contents: the next payment changes this order in place of
   * creating another.
   */
  orderId: string | null;
}

const MOST_OF_ONE = 20;
const EMPTY: Cart = { lines: {}, key: "", orderId: null };

export const cart = new Stored<Cart>("shop.cart", EMPTY, isCart);

/** Sets the quantity of a price. */
export function put(price: string, quantity: number): void {
  const { lines, orderId } = cart.read();
  const most = Math.min(MOST_OF_ONE, Math.max(0, quantity));
  if ((lines[price] ?? 0) === most) return;
  const others = Object.entries(lines).filter(([name]) => name !== price);
  const changed = most > 0 ? [...others, [price, most] as const] : others;
  cart.write({ lines: Object.fromEntries(changed), key: crypto.randomUUID(), orderId });
}

export const add = (price: string) => put(price, (cart.read().lines[price] ?? 0) + 1);

/**
 * Notes the order that `key` led to. Contents that changed meanwhile change that order, if they
 * have none yet.
 */
export function noteOrder(key: string, orderId: string): void {
  const held = cart.read();
  const isNews =
    held.key === key ? held.orderId !== orderId : held.orderId === null && count(held) > 0;
  if (isNews) cart.write({ ...held, orderId });
}

/** Sets a new key; without `orderId` the next payment creates a new order. */
export function rename(key: string, orderId: string | null): void {
  const held = cart.read();
  if (held.key === key) cart.write({ ...held, key: crypto.randomUUID(), orderId });
}

/** Replaces the cart by an unpaid order. */
export function resume({ orderId, items }: Pick<Order, "orderId" | "items">): void {
  const lines = Object.fromEntries(
    items.flatMap(({ price, quantity }) => (price ? [[price, quantity]] : [])),
  );
  cart.write({ lines, key: crypto.randomUUID(), orderId });
}

/** Empties the cart, if it belongs to `orderId`. */
export function clearOf(orderId: string): void {
  if (cart.read().orderId === orderId) cart.write(EMPTY);
}

export const count = ({ lines }: Cart) =>
  Object.values(lines).reduce((sum, quantity) => sum + quantity, 0);

/** The total for display; the server computes the price. */
export const displayed = ({ lines }: Cart) =>
  Object.entries(lines).reduce(
    (sum, [price, quantity]) => sum + (productOf(price)?.amount ?? 0) * quantity,
    0,
  );

/** The items in the form of the API. */
export const items = ({ lines }: Cart) =>
  Object.entries(lines).map(([price, quantity]) => ({ price, quantity }));

function isCart(value: unknown): value is Cart {
  if (typeof value !== "object" || value === null) return false;
  const { lines, key, orderId } = value as Partial<Record<keyof Cart, unknown>>;
  if (typeof key !== "string" || (orderId !== null && typeof orderId !== "string")) return false;
  if (typeof lines !== "object" || lines === null) return false;
  return Object.entries(lines).every(
    ([price, quantity]) => productOf(price) && Number.isInteger(quantity),
  );
}
