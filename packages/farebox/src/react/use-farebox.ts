// Farebox's routes for pages of a site's own: each call has patience, and is safe to repeat.

"use client";

import { useMemo } from "react";
import type { Schemas } from "../index.js";
import { useSettings } from "./context.js";
import {
  cancel,
  capture,
  changeSubscription,
  exportOrders,
  listOrders,
  openPortal,
  previewChange,
  readCustomer,
  readOrder,
  readSubscriptions,
  refund,
  type Change,
  type OrderQuery,
} from "./requests.js";
import { absolute } from "./return-url.js";

/**
 * Calls of Farebox's routes for the caller. Each rejects with a `FareboxError` where Farebox
 * refuses it, and with `Unreachable` without an answer: then it may have taken effect. `useTrouble`
 * tells either.
 */
export type FareboxCalls = ReturnType<typeof callsAt>;

export function useFarebox(): FareboxCalls {
  const { basePath } = useSettings();
  return useMemo(() => callsAt(basePath), [basePath]);
}

const callsAt = (base: string) => ({
  /** Reads an order; with `refresh`, Farebox asks Stripe for its payment before. */
  order: (id: string, options?: { refresh?: boolean; signal?: AbortSignal }) =>
    readOrder(base, id, options),
  /** Reads a page of orders, the newest first: the caller's own, and for staff everybody's. */
  orders: (query: OrderQuery = {}, signal?: AbortSignal) => listOrders(base, query, signal),
  /** Reads all pages of such a list as CSV, with one header row. */
  exportOrders: (query: OrderQuery = {}) => exportOrders(base, query),
  /** Cancels an unpaid order, and for staff an authorized one; a repeated call cancels once. */
  cancel: (wanted: Schemas["CancelOrder"]) => cancel(base, wanted),
  /** Captures an authorized order, once; what is left of it is released. */
  capture: (wanted: Schemas["CaptureOrder"]) => capture(base, wanted),
  /** Refunds an order. Keep `key` with its contents until it is answered: it refunds once. */
  refund: (key: string, wanted: Schemas["RefundOrder"]) => refund(base, key, wanted),
  /** Reads the caller's data at Stripe, or for staff those of another. */
  customer: (query?: { id?: string; order?: string }) => readCustomer(base, query),
  /** Opens the customer portal; its URL is for this caller, at once. */
  portal: ({ returnUrl, ...wanted }: Schemas["OpenPortal"]) =>
    openPortal(base, { ...wanted, returnUrl: absolute(returnUrl) }),
  /** Reads the caller's subscriptions, or for staff those of `owner`. */
  subscriptions: (options?: { owner?: string; refresh?: boolean; signal?: AbortSignal }) =>
    readSubscriptions(base, options),
  /** Changes a subscription. Keep `key` with the change until it is answered. */
  change: (key: string, id: string, change: Change) => changeSubscription(base, key, id, change),
  /** What a change would cost; nothing changes. */
  preview: (id: string, change: Change) => previewChange(base, id, change),
});
