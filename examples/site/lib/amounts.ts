// The parts of an order's total.

import type { Order } from "farebox/react";

type Part = [label: string, amount: number];

/**
 * The rows of an order's amounts; the last one is its total. Before the payment, Checkout may still
 * add tax and shipping, and take a discount off.
 */
export function amountRows({
  amounts,
  paidAt,
  status,
}: Pick<Order, "amounts" | "paidAt" | "status">): Part[] {
  const { subtotal, total } = amounts;
  const parts = addedParts(amounts);
  const isFinal = paidAt !== null || status === "authorized";
  if (parts.length === 0 && subtotal === total)
    return [[isFinal ? "Total" : "Price of the goods", total]];
  return [["Subtotal", subtotal], ...parts, [totalLabel(amounts), total]];
}

/** What the order has beside its goods. */
export function addedParts({ subtotal, discount, shipping, tax, total }: Order["amounts"]): Part[] {
  const isAdded = subtotal - discount + shipping + tax === total;
  const parts: Part[] = [
    ["Discount", -discount],
    ["Shipping", shipping],
    [isAdded ? "Tax" : "Tax, in the total", tax],
  ];
  return parts.filter(([, amount]) => amount !== 0);
}

/** Stripe may have received another amount than was authorized: then the parts do not add up. */
function totalLabel({ subtotal, discount, shipping, tax, total }: Order["amounts"]): string {
  const untaxed = subtotal - discount + shipping;
  return total >= untaxed && total <= untaxed + tax ? "Total" : "Received instead";
}
