// Calls Farebox's routes from a site, in a browser or on a server. The types of paths, bodies and
// answers are made from openapi.json (schema.d.ts), so that a route is here as soon as it is
// described there.

import type { Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

/** What a site may call: every route but the one that is Stripe's. */
export type Routes = Omit<paths, "/api/webhooks/stripe">;

/** Bodies and answers by their names, such as `Schemas["Order"]`. */
export type Schemas = components["schemas"];

/**
 * What programs tell an error by. A bank's decline code is any other word; `unknown` is no answer
 * of Farebox's.
 */
export type ErrorCode = Schemas["ErrorCode"] | "unknown" | (string & {});

export interface Settings {
  /** Where the routes are, such as `https://pay.shop.example`; the page's own origin without it. */
  baseUrl?: string;
  /** The caller's token, asked for before each request; a stranger's request goes without. */
  token?: () => string | undefined | Promise<string | undefined>;
  /** What sends requests, where it is not the platform's own `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/**
 * A client of openapi-fetch: `client.GET(path, …)` and `client.POST(path, …)` answer `{ data,
 * error, response }`. Each request carries the caller's token, and is never stored by a cache.
 */
export function createClient(settings?: Settings): Client<Routes>;

/**
 * The answer of a call, such as `await answer(client.GET(…))`.
 *
 * @throws {FareboxError} where it is not a success. A request that got no answer at all rejects as
 * `fetch` does.
 */
export function answer<Call extends { data?: unknown; error?: unknown; response: Response }>(
  call: Promise<Call>,
): Promise<NonNullable<Call["data"]>>;

/**
 * `params` of a call that is one operation however often it is sent: keep `key` until it is
 * answered.
 */
export function keyed(key: string): { header: { "Idempotency-Key": string } };

/** A new key for an operation. */
export function newKey(): string;

/** An answer that is not a success. */
export class FareboxError extends Error {
  constructor(response: Response, body: unknown);
  readonly name: "FareboxError";
  /** The status of the answer. */
  readonly status: number;
  readonly code: ErrorCode;
  /** The order that is paid already, or being paid: lead the payer to it. */
  readonly orderId: string | undefined;
  /** Finds the cause in Farebox's log. */
  readonly requestId: string | undefined;
  /**
   * Seconds after which the same request, with the same key, may be sent again; where that helps.
   */
  readonly retryAfter: number | undefined;
}
