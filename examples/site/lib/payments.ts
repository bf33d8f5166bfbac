// Requests to the functions from the browser, by the client generated from openapi.json. Each is
// safe to repeat: a GET, or an idempotent POST. This site's server adds the token.

import {
  answer,
  createClient,
  FareboxError,
  keyed,
  type Routes,
  type Schemas,
} from "farebox";

export { FareboxError } from "farebox";

export type Contents = { items: Schemas["Item"][]; orderId?: string };
export type Started = Schemas["Created"];
/** A payment to be confirmed: an order of zero has none. */
export type Intent = Started & { clientSecret: string };
export type Order = Schemas["Order"];
export type Awaited = Schemas["Awaited"];
export type CancelReason = Schemas["CancelReason"];
export type Reason = Schemas["RefundReason"];
export type RefundRecord = Schemas["RefundRecord"];
export type Status = Schemas["OrderStatus"];
export type Subscription = Schemas["CheckedSubscription"];
export type Subscriptions = Schemas["Subscriptions"];
/** A change of a subscription: another plan or quantity, its end, a pause, or that it goes on. */
export type Change = Omit<Schemas["ChangeSubscription"], "id" | "preview">;
export type Changed = Schemas["SubscriptionChanged"];
export type Preview = Schemas["SubscriptionPreview"];
/** The filter of a list, and the place where a page begins. */
export type OrderQuery = NonNullable<Routes["/api/orders"]["get"]["parameters"]["query"]>;

/** No function responded: the network or the functions are down. */
export class Unreachable extends Error {
  override message = "the payment service does not respond";
}

const PATIENCE_MS = 20_000;
const MOST_TRIES = 4;
const LONGEST_WAIT_S = 5;

const farebox = createClient({ fetch: throughThisSite });

/** Starts a payment of a cart for Stripe's Payment Element. */
export const createIntent = (key: string, contents: Contents): Promise<Started> =>
  patiently(() =>
    answer(farebox.POST("/api/create-intent", { params: keyed(key), body: contents })),
  );

/** Reads an order; with `refresh`, Farebox asks Stripe for its payment before. */
export const readOrder = (
  id: string,
  signal?: AbortSignal,
  { refresh = false }: { refresh?: boolean } = {},
): Promise<Order> =>
  patiently(() => {
    const query = { id, ...(refresh && { refresh }) };
    return answer(farebox.GET("/api/order", { params: { query }, ...(signal && { signal }) }));
  }, signal);

/** Reads a page of orders, the newest first: the caller's own, and for staff everybody's. */
export const listOrders = (query: OrderQuery, signal: AbortSignal): Promise<Schemas["Orders"]> =>
  patiently(
    () =>
      // A response is JSON unless the request prefers CSV.
      answer(farebox.GET("/api/orders", { params: { query }, signal })) as Promise<
        Schemas["Orders"]
      >,
    signal,
  );

/** Reads all pages of such a list as CSV, with one header row. */
export async function exportOrders(query: OrderQuery): Promise<string> {
  let rows = "";
  for (let cursor: string | undefined; ; ) {
    const page = { ...query, limit: 100, ...(cursor && { cursor }) };
    const { text, next } = await patiently(() => csvPage(page));
    // All but the first page repeat the header row.
    rows += rows === "" ? text : text.slice(text.indexOf("\n") + 1);
    if (next === undefined) return rows;
    cursor = next;
  }
}

/** One page, and the cursor of the next one, from the header `Link`. */
async function csvPage(query: OrderQuery): Promise<{ text: string; next: string | undefined }> {
  const headers = { accept: "text/csv" };
  const asked = { params: { query }, headers, parseAs: "text" } as const;
  const { data, error, response } = await farebox.GET("/api/orders", asked);
  if (!response.ok || data === undefined) throw new FareboxError(response, error);
  const next = /[?&]cursor=([\w-]+)/.exec(response.headers.get("link") ?? "");
  return { text: data, next: next?.[1] };
}

/** Refunds an order; without an `amount`, all that is left. */
export const refund = (
  key: string,
  wanted: Schemas["RefundOrder"],
): Promise<Schemas["RefundCreated"]> =>
  patiently(() => answer(farebox.POST("/api/refund", { params: keyed(key), body: wanted })));

/** Captures an authorized order, once; what is left of it is released. */
export const capture = (wanted: Schemas["CaptureOrder"]): Promise<Order> =>
  patiently(() => answer(farebox.POST("/api/capture", { body: wanted })));

/** Cancels an unpaid order, and for staff an authorized one. */
export const cancel = (wanted: Schemas["CancelOrder"]): Promise<Order> =>
  patiently(() => answer(farebox.POST("/api/cancel", { body: wanted })));

/** Opens Checkout for a cart, which leads back to one of the URLs with `order` added. */
export const createCheckout = (
  key: string,
  wanted: Schemas["CreateCheckout"],
): Promise<Schemas["CheckoutCreated"]> =>
  patiently(() =>
    answer(farebox.POST("/api/create-checkout", { params: keyed(key), body: wanted })),
  );

/** Opens the customer portal, which links back to `returnUrl`. */
export const openPortal = (returnUrl: string): Promise<Schemas["PortalOpened"]> =>
  patiently(() => answer(farebox.POST("/api/portal", { body: { returnUrl } })));

/**
 * Reads the caller's subscriptions, or for staff those of `owner`; with `refresh`, Farebox asks
 * Stripe before.
 */
export const readSubscriptions = (
  { owner, refresh = false }: { owner?: string | undefined; refresh?: boolean } = {},
  signal?: AbortSignal,
): Promise<Subscriptions> =>
  patiently(() => {
    const query = { ...(owner && { owner }), ...(refresh && { refresh }) };
    const asked = { params: { query }, ...(signal && { signal }) };
    return answer(farebox.GET("/api/subscription", asked));
  }, signal);

/** Changes a subscription. */
export const changeSubscription = (key: string, id: string, change: Change): Promise<Changed> =>
  patiently(() => {
    const body = { id, ...change };
    return answer(farebox.POST("/api/subscription", { params: keyed(key), body }));
  });

/** Answers what a change would cost; nothing changes. */
export const previewChange = async (id: string, change: Change): Promise<Preview> => {
  const body = { id, ...change, preview: true };
  const { preview } = await patiently(() => answer(farebox.POST("/api/subscription", { body })));
  if (!preview) throw new Unreachable();
  return preview;
};

/**
 * The functions are under /api/payments/ of this site, so that their calls need no CORS and carry
 * its session.
 */
async function throughThisSite(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  const body = method === "GET" ? null : await request.text();
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]);
  return fetch(pathname.replace(/^\/api\//, "/api/payments/") + search, {
    method,
    headers,
    body,
    signal,
    cache: "no-store",
  });
}

/** Retries after `Retry-After`, until `signal` aborts. */
async function patiently<T>(ask: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (signal?.aborted) throw error;
      // An error in another format is not from the functions.
      if (!(error instanceof FareboxError) || ["unknown", "not_configured"].includes(error.code))
        throw new Unreachable();
      const wait = error.retryAfter ?? Infinity;
      if (tries === MOST_TRIES || wait > LONGEST_WAIT_S) throw error;
      await new Promise((done) => setTimeout(done, wait * 1000));
    }
  }
}
