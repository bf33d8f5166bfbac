// The name of a refund: kept until it is answered, so that whoever tries again after a lost answer or a reload
// sends the same one, and the money goes back once.

import type { Reason } from "./payments";

export interface Wanted {
  orderId: string;
  amount: number;
  reason: Reason;
}

const place = ({ orderId, amount, reason }: Wanted) => `shop.refund.${orderId}.${amount}.${reason}`;

/** The name of this refund; the same until it is `forgotten`. */
export function keyOf(wanted: Wanted): string {
  const known = sessionStorage.getItem(place(wanted));
  if (known) return known;
  const key = crypto.randomUUID();
  sessionStorage.setItem(place(wanted), key);
  return key;
}

/** It was answered: the next one of the same amount is another. */
export const forget = (wanted: Wanted) => sessionStorage.removeItem(place(wanted));
