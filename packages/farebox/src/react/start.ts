// Starts the payment of a cart, or of an order that the site's server signed: once at a time,
// however many effects ask for it.

import { FareboxError, type Schemas } from "../index.js";
import { canonical, cartNamed, hold, noteOrder, rename, type Held } from "./cart.js";
import { newKey } from "./key.js";
import { isTaken } from "./outcome.js";
import { createCheckout, createIntent, readOrder, type Item, type WithStripe } from "./requests.js";
import type { Stored } from "./stored.js";

/** What is bought. */
export type Wanted =
  | {
      /** What is bought; Farebox prices it. */
      items: readonly Item[];
      /** A choice among what the checkout file lists, such as `{ currency: "eur" }`. */
      choice?: Schemas["CheckoutChoice"] | undefined;
      /** The cart's name, for a site with several carts in one browser. */
      cart?: string | undefined;
      order?: undefined;
    }
  | {
      /** An order that the site's server signed: `farebox.signOrder`. */
      order: string;
      items?: undefined;
    };

/** `subscription` where the items begin one: it is no cart, and changes no order. */
export type Mode = "payment" | "subscription";

/** The order of a payment that is made, or under way, already. */
export interface Settled {
  settled: string;
}

/** A subscription of these items is held already. */
export interface AlreadySubscribed {
  isHeld: true;
}

/** A payment to be confirmed in Stripe's form. */
export type Intent = WithStripe<Schemas["Created"]> & { clientSecret: string };
/** A Checkout Session that Stripe.js shows. */
export interface Session {
  orderId: string;
  publishableKey: string;
  clientSecret: string;
  stripeJs: string | null;
}

/** Identifies the contents: the same text is the same payment. */
export function contentsOf(wanted: Wanted): string {
  if (wanted.order !== undefined) return signedContents(wanted.order);
  const { items, choice } = wanted;
  return JSON.stringify(choice ? [canonical(items), choice] : canonical(items));
}

/**
 * What a token says beside the time of its signing. A server component signs an order anew each
 * time that it is rendered, and a form in which somebody types, or pays, must not end with that.
 */
function signedContents(token: string): string {
  try {
    // Only to compare: whoever takes the order checks it.
    const payload = atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const { iat, exp, ...claims } = JSON.parse(payload) as Record<string, unknown>;
    return JSON.stringify(claims);
  } catch {
    return token;
  }
}

/** The contents and their cart: two carts with the same contents are two payments. */
const nameOf = (wanted: Wanted): string =>
  `${wanted.order === undefined ? (wanted.cart ?? "cart") : ""} ${contentsOf(wanted)}`;

const underWay = new Map<string, Promise<unknown>>();

/** `begin`, once at a time for each name: React runs effects twice in development. */
function once<T>(name: string, begin: () => Promise<T>): Promise<T> {
  const known = underWay.get(name);
  if (known) return known as Promise<T>;
  const started = begin().finally(() => underWay.delete(name));
  underWay.set(name, started);
  return started;
}

/** Starts the payment for Stripe's Payment Element. */
export const startIntent = (base: string, wanted: Wanted): Promise<Intent | Settled> =>
  once(`intent ${base} ${nameOf(wanted)}`, async () => {
    const started = await ordered(base, wanted, (key, body) => createIntent(base, key, body));
    if ("settled" in started) return started;
    const { clientSecret } = started;
    // An order of zero is paid already.
    return clientSecret === null ? { settled: started.orderId } : { ...started, clientSecret };
  });

type Urls = Pick<Schemas["CreateCheckout"], "successUrl" | "cancelUrl">;

/** Starts Checkout in a frame of the page. */
export const startEmbedded = (
  base: string,
  wanted: Wanted,
  mode: Mode,
  successUrl: string,
): Promise<Session | Settled | AlreadySubscribed> =>
  once(`embedded ${base} ${mode} ${nameOf(wanted)}`, async () => {
    const started = await opened(base, wanted, mode, { successUrl, uiMode: "embedded" });
    if (!("orderId" in started)) return started;
    const { orderId, clientSecret, publishableKey, stripeJs } = started;
    if (clientSecret === undefined || publishableKey === undefined)
      throw new Error("embedded Checkout has a client secret and a key");
    return { orderId, clientSecret, publishableKey, stripeJs };
  });

/** Opens hosted Checkout; returns its URL. */
export async function startHosted(
  base: string,
  wanted: Wanted,
  mode: Mode,
  urls: Urls,
): Promise<{ url: string } | Settled | AlreadySubscribed> {
  const started = await opened(base, wanted, mode, urls);
  if (!("orderId" in started)) return started;
  const { url } = started;
  if (url === undefined) throw new Error("hosted Checkout has a URL");
  return { url };
}

function opened(
  base: string,
  wanted: Wanted,
  mode: Mode,
  more: Urls & Pick<Schemas["CreateCheckout"], "uiMode">,
): Promise<WithStripe<Schemas["CheckoutCreated"]> | Settled | AlreadySubscribed> {
  const ask = (key: string | undefined, body: Contents) =>
    createCheckout(base, key, { ...body, ...more });
  return mode === "payment"
    ? ordered(base, wanted, ask)
    : subscribed(wanted, `${more.uiMode ?? "hosted"} ${base}`, ask);
}

type Contents = Pick<Schemas["CreateCheckout"], "items" | "order" | "orderId" | "choice">;

type Ask<T> = (key: string | undefined, contents: Contents) => Promise<T>;

/**
 * So often is a cart named anew while its payment starts: a server that takes no name is not asked
 * for ever.
 */
const MOST_NAMES = 3;

/** Stores the order of a cart; an error that it is already paid is a result. */
async function ordered<T extends { orderId: string }>(
  base: string,
  wanted: Wanted,
  ask: Ask<T>,
): Promise<T | Settled> {
  if (wanted.order !== undefined) {
    const { order } = wanted;
    return ask(undefined, { order }).catch(settledOr);
  }
  const cart = cartNamed(wanted.cart);
  for (let names = 1; ; names += 1) {
    const held = await hold(cart, wanted.cart ?? "cart", contentsOf(wanted));
    try {
      const answer = await ask(held.key, contents(wanted, held.orderId));
      noteOrder(cart, held.key, answer.orderId);
      return answer;
    } catch (error) {
      const paid = await paidBefore(base, held, error);
      const isRenamed = !paid && names < MOST_NAMES && nameAnew(cart, held, error);
      if (isRenamed) continue;
      const settled = paid ?? settledOr(error);
      noteOrder(cart, held.key, settled.settled);
      return settled;
    }
  }
}

function contents(wanted: Wanted & { items: readonly Item[] }, orderId: string | null): Contents {
  const { items, choice } = wanted;
  return { items: canonical(items), ...(choice && { choice }), ...(orderId && { orderId }) };
}

/** The order that is paid or being paid: from another tab, or from another cart with this key. */
function settledOr(error: unknown): Settled {
  if (error instanceof FareboxError && error.orderId !== undefined)
    return { settled: error.orderId };
  throw error;
}

/**
 * The order of a guest who has signed in since: it is not the user's to change, but they may have
 * paid it.
 *
 * @throws {Unreachable} where that is not known: another order could be a second payment.
 */
async function paidBefore(base: string, held: Held, error: unknown): Promise<Settled | null> {
  const isGone = error instanceof FareboxError && error.code === "not_found";
  if (!isGone || held.orderId === null) return null;
  return (await isPaidOrder(base, held.orderId)) ? { settled: held.orderId } : null;
}

/**
 * Whether an order is paid, or being paid; one that is not found is not.
 *
 * @throws {Unreachable} where that is not known.
 */
export async function isPaidOrder(base: string, id: string): Promise<boolean> {
  try {
    return isTaken(await readOrder(base, id, { refresh: true }));
  } catch (error) {
    if (error instanceof FareboxError && error.code === "not_found") return false;
    throw error;
  }
}

/** The codes of an order that takes no payment any more. */
const ENDED: readonly string[] = ["order_canceled", "order_expired"];

/** Whether the cart got a new name, with which it is sent again. */
function nameAnew(cart: Stored<Held>, { key, orderId }: Held, error: unknown): boolean {
  if (!(error instanceof FareboxError) || error.orderId !== undefined) return false;
  const { code } = error;
  // The order belongs to another account, does not exist on this server, or can no longer be paid.
  const isGone = (code === "not_found" && orderId !== null) || ENDED.includes(code);
  const isTaken = code === "idempotency_key_reused" || code === "order_changed";
  if (!isGone && !isTaken) return false;
  rename(cart, key, isGone ? null : orderId);
  return true;
}

/** The key of each choice of a plan, until Farebox answers: a second click is the same request. */
const keys = new Map<string, string>();

async function subscribed<T>(
  wanted: Wanted,
  way: string,
  ask: Ask<T>,
): Promise<T | Settled | AlreadySubscribed> {
  const name = `${way} ${contentsOf(wanted)}`;
  const key = keys.get(name) ?? newKey();
  keys.set(name, key);
  try {
    const started = await (wanted.order === undefined
      ? ask(key, contents(wanted, null))
      : ask(undefined, { order: wanted.order }));
    keys.delete(name);
    return started;
  } catch (error) {
    // Without an answer, the next request is the same one.
    const isAnswered = error instanceof FareboxError && error.status < 500;
    if (!isAnswered || error.code === "in_progress") throw error;
    keys.delete(name);
    if (error.code === "already_subscribed") return { isHeld: true };
    return settledOr(error);
  }
}
