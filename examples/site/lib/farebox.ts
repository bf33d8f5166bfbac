// Proxies /api/payments/ to Farebox, and adds the caller's token. The browser never receives that
// token, so no script can steal it.

import "server-only";
import { SignJWT } from "jose";
import { NextResponse, type NextRequest } from "next/server";
import type { Role } from "./roles";
import { addressHeader, fareboxOrigin, Missing, siteKey } from "./settings";

/** The path of the functions on this site. */
export const PREFIX = "/api/payments/";

/**
 * What the browser calls, and how. Stripe calls `webhook` at its own address, and nobody does from
 * here.
 */
const FUNCTIONS: Record<string, readonly string[]> = {
  "create-intent": ["POST"],
  "create-checkout": ["POST"],
  cancel: ["POST"],
  capture: ["POST"],
  order: ["GET"],
  orders: ["GET"],
  portal: ["POST"],
  refund: ["POST"],
  subscription: ["GET", "POST"],
};

/** The forwarded request headers. Cookies belong to this site, and are not forwarded. */
const PASSED_ON = [
  "accept",
  "content-length",
  "content-type",
  "idempotency-key",
  "transfer-encoding",
  "user-agent",
];

/**
 * Where the functions read the payer's address, with
 * FAREBOX_CLIENT_ADDRESS=header:x-client-address.
 */
const PAYERS_ADDRESS = "x-client-address";

/** The signed-in caller. */
export interface Caller {
  id: string;
  role: Role;
  /** Where Stripe sends the receipts of their payments. */
  email: string | null | undefined;
}

/** Forwards the request, or returns an error in Farebox's format. */
export async function toFarebox(
  request: NextRequest,
  caller: Caller | null,
): Promise<NextResponse> {
  const name = request.nextUrl.pathname.slice(PREFIX.length);
  const methods = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!methods) return refuse(404, "not_found", "this function does not exist");
  if (!methods.includes(request.method))
    return refuse(405, "method_not_allowed", `send it with ${methods.join(" or ")}`);
  if (request.method !== "GET" && !isOwnPage(request))
    return refuse(403, "forbidden", "the request comes from another site");
  if (!caller) return refuse(401, "unauthenticated", "sign in first");
  try {
    const target = new URL(`/api/${name}${request.nextUrl.search}`, fareboxOrigin());
    const headers = new Headers();
    for (const passed of PASSED_ON) {
      const value = request.headers.get(passed);
      if (value !== null) headers.set(passed, value);
    }
    const written = addressHeader();
    const address = written && request.headers.get(written);
    if (address) headers.set(PAYERS_ADDRESS, address);
    headers.set("authorization", `Bearer ${await callerToken(caller)}`);
    return NextResponse.rewrite(target, { request: { headers } });
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.error(`payments: ${error.message}`);
    return refuse(503, "not_configured", "FAREBOX_ORIGIN or FAREBOX_SITE_KEY is not set");
  }
}

/** Signs a token for `caller`, valid for a minute; each request gets a new one. */
export function callerToken({ id, role, email }: Caller): Promise<string> {
  return new SignJWT({ roles: [role], ...(email && { email }) })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience("farebox")
    .setSubject(id)
    .setIssuedAt()
    .setExpirationTime("1m")
    .sign(siteKey());
}

/**
 * The session's cookie comes with requests that other sites cause; they must not pay or refund by
 * it.
 */
function isOwnPage({ headers }: NextRequest): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  return origin !== null && URL.canParse(origin) && new URL(origin).host === headers.get("host");
}

function refuse(status: number, code: string, message: string): NextResponse {
  const headers = { "cache-control": "no-store" };
  return NextResponse.json({ error: { code, message, requestId: "" } }, { status, headers });
}
