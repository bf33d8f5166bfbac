// Which orders can be canceled.

import type { Order, OrderStatus } from "farebox/react";

const UNPAID: readonly OrderStatus[] = ["created", "requires_action", "failed"];

/** Whether the payer can cancel the order: nothing is paid, and no payment is under way. */
export const isCancelable = ({ status, awaiting }: Order) => !awaiting && UNPAID.includes(status);

/** Whether staff can; they also release an authorized payment, and end an expired order. */
export const isCancelableByStaff = (order: Order) =>
  isCancelable(order) || order.status === "authorized" || order.status === "expired";
