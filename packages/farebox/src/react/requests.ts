// Farebox's routes as functions. `base` is the path of the site's route, such as `/api/payments`.

import type { Routes, Schemas } from "../index.js";
import { dataOf, parse, send, Unreachable } from "./send.js";

export type Item = Schemas["Item"];
export type Order = Schemas["Order"];
export type OrderStatus = Schemas["OrderStatus"];
export type Subscription = Schemas["CheckedSubscription"];
export type Subscriptions = Schemas["Subscriptions"];
/** A change of a subscription: another plan or quantity, its end, a pause, or that it goes on. */
export type Change = Omit<Schemas["ChangeSubscription"], "id" | "preview">;
export type Changed = Schemas["SubscriptionChanged"];
export type Preview = Schemas["SubscriptionPreview"];
/** The filter of a list, and the place where a page begins. */
export type OrderQuery = NonNullable<Routes["/api/orders"]["get"]["parameters"]["query"]>;

/** An answer that Stripe.js takes, and the address of the sandbox's stand-in for it. */
export type WithStripe<T> = T & { stripeJs: string | null };

/** Starts a payment for Stripe's Payment Element; a signed order needs no `key`. */
export const createIntent = (
  base: string,
  key: string | undefined,
  body: Schemas["CreateIntent"],
) => withStripe<Schemas["Created"]>(base, "create-intent", key, body);

/** Opens Checkout, which leads back to one of the URLs with `order` added. */
export const createCheckout = (
  base: string,
  key: string | undefined,
  body: Schemas["CreateCheckout"],
) => withStripe<Schemas["CheckoutCreated"]>(base, "create-checkout", key, body);

async function withStripe<T>(
  base: string,
  path: string,
  key: string | undefined,
  body: object,
): Promise<WithStripe<T>> {
  const answer = await send(base, path, { key, body });
  return { ...parse<T>(answer), stripeJs: answer.headers.get("x-farebox-stripe-js") };
}

/** Reads an order; with `refresh`, Farebox asks Stripe for its payment before. */
export const readOrder = (
  base: string,
  id: string,
  { refresh, signal }: { refresh?: boolean; signal?: AbortSignal } = {},
) => dataOf<Order>(base, "order", { query: { id, refresh: refresh || undefined }, signal });

/** Reads a page of orders, the newest first: the caller's own, and for staff everybody's. */
export const listOrders = (base: string, query: OrderQuery, signal?: AbortSignal) =>
  dataOf<Schemas["Orders"]>(base, "orders", { query, signal });

/** Reads all pages of such a list as CSV, with one header row. */
export async function exportOrders(base: string, query: OrderQuery): Promise<string> {
  let rows = "";
  for (let cursor: string | undefined; ; ) {
    const page = { ...query, limit: 100, cursor };
    const { text, headers } = await send(base, "orders", { query: page, accept: "text/csv" });
    // All but the first page repeat the header row.
    rows += rows === "" ? text : text.slice(text.indexOf("\n") + 1);
    cursor = /[?&]cursor=([\w-]+)/.exec(headers.get("link") ?? "")?.[1];
    if (cursor === undefined) return rows;
  }
}

/** Refunds an order; without an `amount`, all that is left. */
export const refund = (base: string, key: string, body: Schemas["RefundOrder"]) =>
  dataOf<Schemas["RefundCreated"]>(base, "refund", { key, body });

/** Captures an authorized order, once; what is left of it is released. */
export const capture = (base: string, body: Schemas["CaptureOrder"]) =>
  dataOf<Order>(base, "capture", { body });

/** Cancels an unpaid order, and for staff an authorized one. */
export const cancel = (base: string, body: Schemas["CancelOrder"]) =>
  dataOf<Order>(base, "cancel", { body });

/** Reads the caller's data at Stripe, or for staff those of another. */
export const readCustomer = (base: string, query: { id?: string; order?: string } = {}) =>
  dataOf<Schemas["Customer"]>(base, "customer", { query });

/** Opens the customer portal, which links back to `returnUrl`. */
export const openPortal = (base: string, body: Schemas["OpenPortal"]) =>
  dataOf<Schemas["PortalOpened"]>(base, "portal", { body });

/**
 * Reads the caller's subscriptions, or for staff those of `owner`; with `refresh`, Farebox asks
 * Stripe before.
 */
export const readSubscriptions = (
  base: string,
  { owner, refresh, signal }: { owner?: string; refresh?: boolean; signal?: AbortSignal } = {},
) =>
  dataOf<Subscriptions>(base, "subscription", {
    query: { owner, refresh: refresh || undefined },
    signal,
  });

/** Changes a subscription. */
export const changeSubscription = (base: string, key: string, id: string, change: Change) =>
  dataOf<Changed>(base, "subscription", { key, body: { id, ...change } });

/** Answers what a change would cost; nothing changes. */
export async function previewChange(base: string, id: string, change: Change): Promise<Preview> {
  const body = { id, ...change, preview: true };
  const { preview } = await dataOf<Changed>(base, "subscription", { body });
  if (!preview) throw new Unreachable();
  return preview;
}
