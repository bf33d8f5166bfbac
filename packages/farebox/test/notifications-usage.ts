// Handlers of a site, which only the compiler checks.

import type { Notification, NotificationOf } from "farebox";
import { createFarebox, memoryStore } from "farebox/next";
import { verifyNotification } from "farebox/server";

const farebox = createFarebox({ caller: () => null, store: memoryStore() });

export const POST = farebox.notifications({
  "order.paid": async (order, tx, message) => {
    const none: undefined = tx;
    const type: "order.paid" = message.type;
    const email: string | null | undefined = order.payer?.email;
    const lines: number[] = (order.items ?? []).map((item) => item.unitAmount * item.quantity);
    // @ts-expect-error An order has no subscription's copy.
    void order.entitlements;
    return [none, type, email, lines, order.metadata["size"], message.isLate];
  },
  "subscription.ended": ({ subscription, entitlements }) => [subscription.status, entitlements[0]],
  "invoice.refunded": ({ refund, invoiceId }) => [refund?.amount, invoiceId],
  "entitlements.changed": ({ customer, active }) => [customer, active],
  "stripe.*": (event, _, { type }) => [event.id, type satisfies `stripe.${string}`],
  default: (data: unknown, _, message) => [data, message.type],
  // @ts-expect-error There is no such type.
  "order.payed": () => {},
});

/** `type` tells the data's type. */
export function described(message: Notification): string {
  switch (message.type) {
    case "order.paid":
      return message.data.orderId;
    case "subscription.renewed":
      return message.data.subscription.id;
    case "entitlements.changed":
      return message.data.customer;
    default:
      return message.type;
  }
}

export const paid = (message: NotificationOf<"order.paid">): number => message.data.amount;

export async function verified(request: Request): Promise<string> {
  const message = await verifyNotification(request);
  return message.type === "order.paid" ? message.data.status : message.id;
}
