// The cart's contents: stored in this browser, and shared by its tabs. The package keeps the
// Idempotency-Key of the contents, and the order that they led to.

"use client";

import { resumeOrder, Stored, type Order } from "farebox/react";
import { useSyncExternalStore } from "react";
import { productOf } from "./catalogue";

/** The quantity of each price. */
export type Cart = Readonly<Record<string, number>>;

const MOST_OF_ONE = 20;
const EMPTY: Cart = {};

const cart = new Stored<Cart>("shop.cart", EMPTY, isCart);

/** The cart; `null` until hydration. */
export const useCart = () => useSyncExternalStore(cart.subscribe, cart.read, cart.initially);

/** Sets the quantity of a price. */
export function put(price: string, quantity: number): void {
  const { [price]: _, ...others } = cart.read();
  const most = Math.min(MOST_OF_ONE, Math.max(0, quantity));
  cart.write(most > 0 ? { ...others, [price]: most } : others);
}

export const add = (price: string) => put(price, (cart.read()[price] ?? 0) + 1);

export const empty = () => cart.write(EMPTY);

/** Replaces the cart by an unpaid order. */
export function resume(order: Order): void {
  cart.write(
    Object.fromEntries(
      order.items.flatMap(({ price, quantity }) => (price ? [[price, quantity]] : [])),
    ),
  );
  resumeOrder(order);
}

export const count = (cart: Cart) =>
  Object.values(cart).reduce((sum, quantity) => sum + quantity, 0);

/** The total for display; Farebox computes the price. */
export const displayed = (cart: Cart) =>
  Object.entries(cart).reduce(
    (sum, [price, quantity]) => sum + (productOf(price)?.amount ?? 0) * quantity,
    0,
  );

/** The items in the form of the API. */
export const items = (cart: Cart) =>
  Object.entries(cart).map(([price, quantity]) => ({ price, quantity }));

function isCart(value: unknown): value is Cart {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).every(
    ([price, quantity]) => productOf(price) && Number.isInteger(quantity),
  );
}
