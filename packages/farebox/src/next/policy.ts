// The Content-Security-Policy of pages that take payments.

import { isTry } from "../server/settings.js";

export interface PolicyOptions {
  /** A new random value for each answer, in base64. Next.js gives it to its own scripts. */
  nonce: string;
  /** Further sources by directive, such as `{ "img-src": ["https://images.shop.example"] }`. */
  sources?: Readonly<Record<string, readonly string[]>> | undefined;
}

const STRIPE_JS = ["https://js.stripe.com", "https://*.js.stripe.com"];
/** Embedded Checkout. */
const CHECKOUT = "https://checkout.stripe.com";
/** Link, Stripe's wallet in the Payment Element. */
const LINK = ["https://link.com", "https://*.link.com"];
/** The frames of 3-D Secure. */
const HOOKS = "https://hooks.stripe.com";
/** Where the sandbox of a `farebox dev` is, on any port. */
const SANDBOX = ["http://127.0.0.1:*", "http://localhost:*"];

/**
 * The value of `Content-Security-Policy` for a page with `nonce`: it allows this site, and what
 * Stripe.js, Checkout, Link and 3-D Secure need. Where the site is tried with a `farebox dev`, it
 * also allows the sandbox's stand-in, and in development what Next.js does there.
 */
export function contentSecurityPolicy({ nonce, sources = {} }: PolicyOptions): string {
  if (!/^[\w+/-]{16,}={0,2}$/.test(nonce))
    throw new TypeError("`nonce` must be random and in base64, of 16 characters at least");
  const rules = rulesOf(nonce);
  for (const [name, further] of Object.entries(sources)) {
    if (![name, ...further].every((word) => /^[^\s;,]+$/.test(word)))
      throw new TypeError(`\`sources\` of ${name.slice(0, 40)} must be words without ; and ,`);
    const known = (rules[name] ?? ["'self'"]).filter((source) => source !== "'none'");
    rules[name] = [...known, ...further];
  }
  return Object.entries(rules)
    .map(([name, values]) => [name, ...values].join(" "))
    .join("; ");
}

/** A value for `nonce`. */
export const newNonce = (): string =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));

function rulesOf(nonce: string): Record<string, readonly string[]> {
  const isDevelopment = process.env.NODE_ENV === "development";
  const sandbox = isTry() ? SANDBOX : [];
  // In development, Next.js evaluates code in the page, and sets styles without a nonce.
  const evaluated = isDevelopment ? ["'unsafe-eval'"] : [];
  const styles = isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`;
  return {
    "default-src": ["'none'"],
    // Scripts with the nonce may load others, as for Stripe.js; browsers without 'strict-dynamic'
    // use the host names.
    "script-src": ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", ...STRIPE_JS, ...evaluated],
    "style-src": ["'self'", styles],
    // Stripe.js positions its frames with style attributes; these load no script.
    "style-src-attr": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", "https://*.stripe.com", ...LINK],
    "font-src": ["'self'"],
    "connect-src": ["'self'", "https://api.stripe.com", CHECKOUT, ...LINK, ...sandbox],
    "frame-src": [...STRIPE_JS, HOOKS, CHECKOUT, ...LINK, ...sandbox],
    "manifest-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
  };
}
