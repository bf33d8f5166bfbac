// What every request passes: calls of the functions go on to Farebox, and pages get their
// Content-Security-Policy.

import { NextResponse, type NextRequest } from "next/server";
import { auth } from "@/auth";
import { PREFIX, toFarebox } from "@/lib/farebox";
import { policy } from "@/lib/policy";
import { standIn } from "@/lib/settings";

export async function proxy(request: NextRequest): Promise<NextResponse> {
  if (!request.nextUrl.pathname.startsWith(PREFIX)) return page(request);
  // The session is read here and not renewed: an answer that renews it, and arrives after a
  // sign-out, would undo that.
  const { id, role } = (await auth())?.user ?? {};
  return toFarebox(request, id && role ? { id, role } : null);
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
