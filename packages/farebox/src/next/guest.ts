// Guests: a random id in a cookie that no script reads. Whoever has the cookie has the guest's
// orders.

import { isTry } from "../server/settings.js";

/** What of a request says whose it is. */
export interface Asked {
  headers: Pick<Headers, "get">;
  url?: string;
}

const NAME = "farebox_guest";
/** A browser takes a cookie of this name only from this host and by HTTPS. */
const SECURE_NAME = `__Host-${NAME}`;
const HOUR_MS = 60 * 60 * 1000;
const YEAR_S = 365 * 24 * 60 * 60;
/** The form of an id: 24 bytes in base64url. */
const ID = /^[A-Za-z0-9_-]{32}$/;
const UUID_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The id of the guest whose cookie came with the request; undefined for a malformed one. */
export function guestIn(asked: Asked): string | undefined {
  const name = isSecure(asked) ? SECURE_NAME : NAME;
  for (const pair of (asked.headers.get("cookie") ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value !== undefined && ID.test(value)) return value;
  }
  return undefined;
}

/** The `Set-Cookie` that makes the browser the guest `id`, for a year. */
export function guestCookie(id: string, asked: Asked): string {
  const secure = isSecure(asked);
  const name = secure ? SECURE_NAME : NAME;
  const scope = `Path=/; Max-Age=${YEAR_S}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  return `${name}=${id}; ${scope}`;
}

/**
 * The cookie that ends the guest of a browser. One with `__Host-` goes only by a cookie that is
 * Secure itself, which deleting it by Next.js's own function is not.
 */
export function endedGuest(asked: Asked) {
  const secure = isSecure(asked);
  const name = secure ? SECURE_NAME : NAME;
  const scope = { path: "/", httpOnly: true, sameSite: "lax", secure, maxAge: 0 } as const;
  return { name, value: "", ...scope };
}

/** The guest's own `Cookie` pair, for the rest of the same request. */
export const guestPair = (id: string, asked: Asked): string =>
  guestCookie(id, asked).split(";", 1)[0] as string;

/** A new guest's id. */
export const newGuest = (): string => encoded(crypto.getRandomValues(new Uint8Array(24)));

/**
 * The id of the guest whose first request has this `Idempotency-Key`. Two such requests at once are
 * one guest, as React's Strict Mode sends them. Only a random key, a UUID of version 4, may name a
 * guest; with another the id is random. It does so within an hour alone: the browser keeps a cart's
 * key, and whoever finds it there later must not become its guest.
 */
export async function guestOf(idempotencyKey: string | null, siteKey: Uint8Array<ArrayBuffer>) {
  if (idempotencyKey === null || !UUID_4.test(idempotencyKey)) return newGuest();
  const key = await hmac(siteKey, "farebox guest id 2");
  const hour = Math.floor(Date.now() / HOUR_MS);
  return encoded((await hmac(key, `${hour} ${idempotencyKey}`)).subarray(0, 24));
}

async function hmac(secret: Uint8Array<ArrayBuffer>, text: string) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
}

const encoded = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");

/**
 * True where the cookie must come by HTTPS: always in production. A site that is tried by HTTP on
 * its developer's machine has no HTTPS.
 */
function isSecure({ headers, url }: Asked): boolean {
  const forwarded = headers.get("x-forwarded-proto")?.split(",", 1)[0]?.trim();
  if (forwarded === "https" || url?.startsWith("https:")) return true;
  return process.env.NODE_ENV === "production" && !isTry();
}
