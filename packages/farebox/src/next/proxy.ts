// For proxy.ts, which is middleware.ts in Next.js 15: sets the guest's cookie with the first page,
// and the pages' Content-Security-Policy. It needs no key, and runs in the Edge runtime as well.
// `farebox/proxy` is this module, without what routes need.

import { NextResponse, type NextRequest } from "next/server.js";
import { guestCookie, guestIn, guestPair, newGuest } from "./guest.js";
import { contentSecurityPolicy, newNonce, type PolicyOptions } from "./policy.js";

export { contentSecurityPolicy, newNonce, type PolicyOptions };

export interface ProxyOptions {
  /** Whether visitors get a guest's cookie; by default true. */
  guests?: boolean | undefined;
  /** Sets the pages' Content-Security-Policy, with a new nonce each; by default there is none. */
  contentSecurityPolicy?: boolean | Omit<PolicyOptions, "nonce"> | undefined;
}

/** A `proxy` or `middleware` of Next.js. */
export type Proxy = (request: NextRequest) => NextResponse;

/**
 * Returns the whole of a proxy.ts: `export const proxy = createProxy()`. To combine it with a proxy
 * of the site's own, call `withGuest` there.
 */
export function createProxy(options: ProxyOptions = {}): Proxy {
  const { guests = true, contentSecurityPolicy: policy = false } = options;
  const page = (headers: Headers) =>
    policy ? withPolicy(headers, policy === true ? {} : policy) : next(headers);
  return (request) => (guests ? withGuest(request, page) : page(new Headers(request.headers)));
}

/**
 * Gives the browser a guest's cookie where it has none. `proceed` gets the request's headers, with
 * that cookie, and returns the answer; by default `NextResponse.next`.
 *
 * An answer that sets the cookie is private: a cache would hand out one guest to many visitors.
 */
export function withGuest<Answer extends Response = NextResponse>(
  request: Request,
  proceed: (headers: Headers) => Answer = next as unknown as (headers: Headers) => Answer,
): Answer {
  const headers = new Headers(request.headers);
  // A form of another site comes without the cookie that the browser has, and would replace it.
  if (request.method !== "GET" || guestIn(request) !== undefined) return proceed(headers);
  const guest = newGuest();
  const others = headers.get("cookie");
  const own = guestPair(guest, request);
  headers.set("cookie", others ? `${own}; ${others}` : own);
  const response = proceed(headers);
  response.headers.append("set-cookie", guestCookie(guest, request));
  response.headers.set("cache-control", "private, no-cache");
  return response;
}

const next = (headers: Headers): NextResponse => NextResponse.next({ request: { headers } });

/** Next.js finds the nonce in the request's policy. */
function withPolicy(headers: Headers, options: Omit<PolicyOptions, "nonce">): NextResponse {
  const policy = contentSecurityPolicy({ ...options, nonce: newNonce() });
  headers.set("content-security-policy", policy);
  const response = next(headers);
  response.headers.set("content-security-policy", policy);
  return response;
}
