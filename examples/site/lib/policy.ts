// The Content-Security-Policy of every page.

/** The policy of a page with `nonce`; `standIn` is the sandbox's Stripe.js, in development. */
export function policy(nonce: string, standIn: string | undefined, isDevelopment: boolean): string {
  const sandbox = standIn ? [new URL(standIn).origin] : [];
  // In development, Next.js evaluates code in the page and connects to it.
  const scripts = isDevelopment ? ["'unsafe-eval'"] : [];
  const styles = isDevelopment ? ["'unsafe-inline'"] : [`'nonce-${nonce}'`];
  const stripe = ["https://js.stripe.com", "https://*.js.stripe.com"];
  // Embedded Checkout.
  const checkout = "https://checkout.stripe.com";
  // Link, Stripe's wallet in the Payment Element.
  const link = ["https://link.com", "https://*.link.com"];
  const rules: Record<string, string[]> = {
    "default-src": ["'none'"],
    // Scripts with the nonce may load others, as for Stripe.js; browsers without 'strict-dynamic'
    // use the host names.
    "script-src": ["'self'", `'nonce-${nonce}'`, "'strict-dynamic'", ...stripe, ...scripts],
    "style-src": ["'self'", ...styles],
    // Stripe.js positions its frames with style attributes; these load no script.
    "style-src-attr": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", "https://*.stripe.com", ...link],
    "font-src": ["'self'"],
    "connect-src": ["'self'", "https://api.stripe.com", checkout, ...link, ...sandbox],
    "frame-src": [...stripe, "https://hooks.stripe.com", checkout, ...link, ...sandbox],
    "manifest-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
  };
  return Object.entries(rules)
    .map(([name, sources]) => `${name} ${sources.join(" ")}`)
    .join("; ");
}
