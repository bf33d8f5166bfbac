// A cookie comes with requests that other sites cause as well. They must not pay or refund by it.

import { Refusal } from "./refusal.js";

/**
 * Checks that a page of this site sent the request, by `Sec-Fetch-Site`, or else by `Origin`. A
 * browser lets no other site set either, nor `X-Forwarded-Host`.
 *
 * @throws {Refusal} where another site sent it, or nothing says who did.
 */
export function checkOwnPage(headers: Headers): void {
  const site = headers.get("sec-fetch-site");
  const isOwn = site === null ? isOwnOrigin(headers) : site === "same-origin";
  if (!isOwn) throw new Refusal(403, "forbidden", "the request comes from another site");
}

function isOwnOrigin(headers: Headers): boolean {
  const origin = headers.get("origin");
  if (origin === null || !URL.canParse(origin)) return false;
  const { host } = new URL(origin);
  return host !== "" && [headers.get("x-forwarded-host"), headers.get("host")].includes(host);
}
