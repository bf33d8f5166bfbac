// A client of Farebox's routes for the site's server, and the question whether a caller may use
// something.

import type { Client } from "openapi-fetch";
import { answer, createClient, type Routes } from "../index.js";
import { callerToken, type Caller, type User } from "./caller.js";
import { settings } from "./settings.js";
import { within } from "./within.js";

/** Stands for Farebox's origin until the request is sent: only then are settings needed. */
const UNSENT = "http://farebox.invalid";

/** The timeout of a request, in milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * A typed client whose requests carry a fresh token of `caller`, such as
 * `await answer(client.GET("/api/orders", {}))`. It follows no redirect.
 *
 * A request rejects with a `SettingError` or a `CallerError` where it cannot be sent.
 */
export const createServerClient = (
  caller: Caller | (() => Caller | Promise<Caller>),
): Client<Routes> =>
  createClient({
    baseUrl: UNSENT,
    token: async () => callerToken(typeof caller === "function" ? await caller() : caller),
    fetch: send,
  });

async function send(request: Request): Promise<Response> {
  const { method, headers } = request;
  const { pathname, search } = new URL(request.url);
  const url = settings().origin + pathname + search;
  const body = method === "GET" ? null : await request.arrayBuffer();
  const init: RequestInit = { method, headers, body, redirect: "manual", cache: "no-store" };
  return within(PATIENCE_MS, (signal) => read(url, { ...init, signal }), request.signal);
}

/** The answer, with its whole body. */
async function read(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (isRedirect(response)) throw new TypeError("Farebox answered with a redirect");
  const { status, headers } = response;
  const body = await response.arrayBuffer();
  return new Response(body.byteLength > 0 ? body : null, { status, headers });
}

/** True for a redirect, also where the platform hides its status. */
export const isRedirect = ({ status, type }: Response): boolean =>
  type === "opaqueredirect" || (status >= 300 && status < 400);

/** The timeout of `can`, in milliseconds: a page waits for it. */
const PATIENCE_OF_CAN_MS = 5000;

/**
 * Whether `user` may use `entitlement`: the lookup key of a price or a feature of Stripe's, or the
 * id of a product. Farebox answers with one read of its database, also while Stripe is down.
 *
 * It is false for nobody, and where no answer arrived: the reason is in the log. It throws nothing
 * but the signals of Next.js, which make a page dynamic.
 */
export async function can(user: User | null | undefined, entitlement: string): Promise<boolean> {
  if (!user) return false;
  try {
    const params = { query: { view: "access" } };
    const client = createServerClient(user as Caller);
    const asked = (signal: AbortSignal) => client.GET("/api/subscription", { params, signal });
    const { entitlements } = await answer(within(PATIENCE_OF_CAN_MS, asked));
    if (!Array.isArray(entitlements)) throw new TypeError("the answer has no entitlements");
    return entitlements.includes(entitlement);
  } catch (error) {
    if (isSignal(error)) throw error;
    console.error(`farebox: can() is false: ${error instanceof Error ? error.message : "unknown"}`);
    return false;
  }
}

/** True for what Next.js throws for itself, such as a page that turns out to be dynamic. */
export const isSignal = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "digest" in error &&
  typeof error.digest === "string";
