// Middleware of every request: forwards function calls to Farebox, and sets the pages'
// Content-Security-Policy.

import { NextResponse, type NextRequest } from "next/server";
import { auth } from "@/auth";
import { PREFIX, toFarebox } from "@/lib/farebox";
import { policy } from "@/lib/policy";
import { standIn } from "@/lib/settings";

export async function proxy(request: NextRequest): Promise<NextResponse> {
  if (!request.nextUrl.pathname.startsWith(PREFIX)) return page(request);
  // Reads the session without renewing it: a renewal that arrives after a sign-out would undo it.
  const { id, role, email } = (await auth())?.user ?? {};
  return toFarebox(request, id && role ? { id, role, email } : null);
}

export const config = { matcher: ["/((?!api/auth/|_next/static/|_next/image/).*)"] };

/**
 * A nonce for this answer alone. Next.js finds it in the request's policy, and gives it to its own
 * scripts.
 */
function page(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64");
  const rules = policy(nonce, standIn(), process.env.NODE_ENV === "development");
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", rules);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", rules);
  return response;
}
