// The Idempotency-Key of a cart's contents, and the order that they led to, stored in this browser
// and shared by its tabs. The same contents have the same key, so each effect, refresh and tab that
// starts their payment finds the same one. Changed contents get a new key, and change the order.

import { newKey } from "./key.js";
import type { Item, Order } from "./requests.js";
import { Stored } from "./stored.js";

/** What is known of a cart. */
export interface Held {
  /** The canonical form of the contents whose payment was started last. */
  readonly contents: string;
  /** The Idempotency-Key of these contents. */
  readonly key: string;
  /** The order of these or of earlier contents: the next payment changes it. */
  readonly orderId: string | null;
}

const EMPTY: Held = { contents: "", key: "", orderId: null };

const PREFIX = "farebox.";
const carts = new Map<string, Stored<Held>>();

/** The cart with this name; a site with one cart needs no name. */
export function cartNamed(name = "cart"): Stored<Held> {
  const known = carts.get(name) ?? new Stored(PREFIX + name, EMPTY, isHeld);
  carts.set(name, known);
  return known;
}

/** The items in an order that does not depend on how the cart was filled. */
export const canonical = (items: readonly Item[]): Required<Item>[] =>
  items
    .map(({ price, quantity = 1 }) => ({ price, quantity }))
    .sort((one, other) =>
      one.price === other.price
        ? one.quantity - other.quantity
        : one.price < other.price
          ? -1
          : 1,
    );

/**
 * The key of `contents`. Tabs that open at once take turns, so that they get one key, where the
 * browser has locks.
 */
export async function hold(cart: Stored<Held>, name: string, contents: string): Promise<Held> {
  const take = (): Held => {
    const held = cart.read();
    if (held.contents === contents && held.key !== "") return held;
    const taken = { contents, key: newKey(), orderId: held.orderId };
    cart.write(taken);
    return taken;
  };
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  // A page in a sandboxed frame has no locks to ask for.
  return locks ? locks.request(`farebox.${name}`, take).catch(take) : take();
}

/**
 * Notes the order that `key` led to. Contents that changed meanwhile change that order, if they
 * have none yet.
 */
export function noteOrder(cart: Stored<Held>, key: string, orderId: string): void {
  const held = cart.read();
  const isNews = held.key === key ? held.orderId !== orderId : held.key && held.orderId === null;
  if (isNews) cart.write({ ...held, orderId });
}

/** Sets a new key; without `orderId` the next payment creates a new order. */
export function rename(cart: Stored<Held>, key: string, orderId: string | null): void {
  const held = cart.read();
  if (held.key === key) cart.write({ ...held, key: newKey(), orderId });
}

/** Forgets the cart, if it belongs to `orderId`; returns whether it did. */
export function forget(cart: Stored<Held>, orderId: string): boolean {
  const isIts = cart.read().orderId === orderId;
  if (isIts) cart.write(EMPTY);
  return isIts;
}

/** The carts of this browser that led to an order. */
export function cartsOf(orderId: string): Stored<Held>[] {
  const names = new Set([...carts.keys(), ...storedCarts()]);
  const all = [...names].map((name) => cartNamed(name));
  return all.filter((cart) => cart.read().orderId === orderId);
}

/** The names in local storage. What is stored beside the carts has no order of its own. */
function storedCarts(): string[] {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    return names.map((name) => name.slice(PREFIX.length)).filter((name) => !/^refund\./.test(name));
  } catch {
    return []; // Storage is off: the carts of this page are all.
  }
}

/** The order to which this browser's cart led; `null` without one. Only in a browser. */
export const cartOrder = (name?: string): string | null => cartNamed(name).read().orderId;

/**
 * Makes an unpaid order the one of the cart: the next payment, of its items or of others, changes
 * it in place of creating another.
 */
export function resumeOrder({ orderId }: Pick<Order, "orderId">, name?: string): void {
  const cart = cartNamed(name);
  if (cart.read().orderId !== orderId) cart.write({ contents: "", key: newKey(), orderId });
}

function isHeld(value: unknown): value is Held {
  if (typeof value !== "object" || value === null) return false;
  const { contents, key, orderId } = value as Partial<Record<keyof Held, unknown>>;
  return (
    typeof contents === "string" &&
    typeof key === "string" &&
    (orderId === null || typeof orderId === "string")
  );
}
