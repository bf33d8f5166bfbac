// Calls Farebox's routes from a site, in a browser or on a server. The types of paths, bodies and
// responses are generated from openapi.json (schema.d.ts).

import type { Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

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
export function createClient(settings?: Settings): Client<Routes>;

/**
 * The data of a successful response, such as `await answer(client.GET(…))`.
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

/** A new Idempotency-Key. */
export function newKey(): string;

/** An error response. */
export class FareboxError extends Error {
  constructor(response: Response, body: unknown);
  readonly name: "FareboxError";
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
}
