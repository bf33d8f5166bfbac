// The URL of a return page.

import type { Hint } from "./outcome.js";

/** `url` of the site, absolute. Only in a browser. */
export const absolute = (url: string): string => new URL(url, location.href).href;

/** The return page of an order. Stripe's parameter for the hint is `redirect_status`. */
export function returnTo(url: string, orderId: string, hint: Hint = null): string {
  const to = new URL(absolute(url));
  to.searchParams.set("order", orderId);
  if (hint) to.searchParams.set("redirect_status", hint);
  return to.href;
}

/** The page to which Checkout leads after a payment; Farebox adds the order. */
export function successUrl(url: string): string {
  const to = new URL(absolute(url));
  to.searchParams.set("redirect_status", "succeeded");
  return to.href;
}

/** The order and the hint in the URL of a return page. */
export function toldBy(search: string): { id: string | null; hint: Hint } {
  const query = new URLSearchParams(search);
  const hint = query.get("redirect_status");
  return {
    id: query.get("order") || null,
    hint: hint === "failed" || hint === "succeeded" ? hint : null,
  };
}

/** What Stripe adds to a return URL, beside its hint. */
const STRIPES = [
  "payment_intent",
  "payment_intent_client_secret",
  "setup_intent",
  "setup_intent_client_secret",
  "source_type",
];

/** `href` without the payment and its client secret; `null` where it has none. */
export function withoutSecret(href: string): string | null {
  const url = new URL(href);
  const found = STRIPES.filter((name) => url.searchParams.has(name));
  for (const name of found) url.searchParams.delete(name);
  return found.length > 0 ? url.href : null;
}

/** Takes the payment's client secret out of the page's URL and its history. */
export function hideSecret(): void {
  const clean = withoutSecret(location.href);
  if (clean === null) return;
  const state: unknown = history.state;
  history.replaceState(patched(state, clean), "", clean);
  if (!has(state, "__NA")) return;
  // The App Router of Next.js keeps the URL as well; it listens once its own effects have run.
  setTimeout(() => {
    if (location.href !== clean) return;
    const kept: unknown = history.state;
    history.replaceState(null, "", clean);
    if (!has(history.state, "__NA")) history.replaceState(kept, "", clean);
  });
}

/** The Pages Router of Next.js goes back to the URL in the state. */
function patched(state: unknown, url: string): unknown {
  if (!has(state, "__N")) return state;
  const { pathname, search, hash } = new URL(url);
  return { ...state, url: pathname + search, as: pathname + search + hash };
}

const has = (state: unknown, name: string): state is object =>
  typeof state === "object" && state !== null && name in state;
