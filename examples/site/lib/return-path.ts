// Where a payment comes back to.

/**
 * How a payment went, as the browser was told: the order may not have heard of it yet, and has the
 * last word.
 */
export type Hint = "failed" | "succeeded" | null;

/** The return page of an order. Stripe names the hint `redirect_status`. */
export function returnPath(orderId: string, hint: Hint = null): string {
  const query = new URLSearchParams({ order: orderId, ...(hint && { redirect_status: hint }) });
  return `/checkout/return?${query}`;
}
