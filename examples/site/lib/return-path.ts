// The return path of a payment.

/**
 * How a payment went, as the browser was told: the order may not have heard of it yet, and has the
 * last word.
 */
export type Hint = "failed" | "succeeded" | null;

/** The return path of an order. Stripe's parameter for the hint is `redirect_status`. */
export function returnPath(orderId: string, hint: Hint = null): string {
  const query = new URLSearchParams({ order: orderId, ...(hint && { redirect_status: hint }) });
  return `/checkout/return?${query}`;
}
