// The typed HTTP client of Farebox's routes, for browsers and servers. The types of paths, bodies
// and responses are generated from openapi.json (schema.ts).

import createFetchClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { KnownType, Notification, NotificationOf, StripeEvent } from "./events.js";

/** The routes for a site: all except Stripe's webhook. */
export type Routes = Omit<paths, "/api/webhooks/stripe">;

/** Bodies and responses by name, such as `Schemas["Order"]`. */
export type Schemas = components["schemas"];

/**
 * What programs tell an error by. A bank's decline code is any other word; `unknown` is no answer
 * of Farebox's.
 */
export type ErrorCode = Schemas["ErrorCode"] | "unknown" | (string & {});

export interface Settings {
  /** The origin of the routes, such as `https://pay.shop.example`; by default the page's own. */
  baseUrl?: string;
  /** Returns the caller's token for each request; without a token, the request is anonymous. */
  token?: () => string | undefined | Promise<string | undefined>;
  /** Sends the requests, in place of the platform's `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/**
 * A client of openapi-fetch: `client.GET(path, …)` and `client.POST(path, …)` resolve with `{ data,
 * error, response }`. Each request carries the caller's token, and is never stored by a cache.
 */
export function createClient({ baseUrl = "", token, fetch }: Settings = {}): Client<Routes> {
  const client = createFetchClient<Routes>({
    baseUrl,
    cache: "no-store",
    ...(fetch && { fetch }),
  });
  client.use({
    async onRequest({ request }) {
      const caller = await token?.();
      if (caller !== undefined) request.headers.set("Authorization", `Bearer ${caller}`);
      return request;
    },
  });
  return client;
}

/**
 * The data of a successful response, such as `await answer(client.GET(…))`.
 *
 * @throws {FareboxError} where it is not a success. A request that got no answer at all rejects as
 * `fetch` does.
 */
export async function answer<
  Call extends { data?: unknown; error?: unknown; response: Response },
>(call: Promise<Call>): Promise<NonNullable<Call["data"]>> {
  const { data, error, response } = await call;
  if (!response.ok || data === undefined || data === null) throw new FareboxError(response, error);
  return data;
}

/**
 * `params` of a call that is one operation however often it is sent: keep `key` until it is
 * answered.
 */
export const keyed = (key: string): { header: { "Idempotency-Key": string } } => ({
  header: { "Idempotency-Key": key },
});

/** A new Idempotency-Key. */
export const newKey = (): string => crypto.randomUUID();

/** An error response. */
export class FareboxError extends Error {
  override readonly name = "FareboxError";
  /** The response's status. */
  readonly status: number;
  readonly code: ErrorCode;
  /** The order that is already paid or being paid: redirect the payer to it. */
  readonly orderId: string | undefined;
  /** The request's id in Farebox's log. */
  readonly requestId: string | undefined;
  /**
   * Seconds after which the same request, with the same key, may be sent again; where that helps.
   */
  readonly retryAfter: number | undefined;

  constructor(response: Response, body: unknown) {
    const told = toldIn(body);
    super(told?.message ?? `Farebox did not respond: ${response.status}`);
    this.status = response.status;
    this.code = told?.code ?? "unknown";
    this.orderId = told?.orderId;
    this.requestId = told?.requestId ?? response.headers.get("x-request-id") ?? undefined;
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds;
  }
}

interface Told {
  code: string;
  message: string;
  requestId: string;
  orderId?: string;
}

/** Parses the body of a Farebox error; a gateway's error has another form. */
function toldIn(body: unknown): Told | undefined {
  if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
  const { error } = body;
  if (typeof error !== "object" || error === null) return undefined;
  const isTold = "code" in error && "message" in error && "requestId" in error;
  return isTold ? (error as Told) : undefined;
}
