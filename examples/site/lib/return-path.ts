// The return path of a payment.

export const RETURN = "/checkout/return";

/** The return path of an order. */
export const returnPath = (orderId: string) =>
  `${RETURN}?${new URLSearchParams({ order: orderId })}`;
