// Descriptions of orders.

import type { Order } from "farebox/react";
import { productOf } from "@/lib/catalogue";

/**
 * Describes an order, such as `Harbour mug, 2 × Small sticker`; an order that the site signed has
 * its own description.
 */
export function goods({ items, description }: Pick<Order, "items" | "description">): string {
  const one = ({ price, name, quantity }: (typeof items)[number]) =>
    `${quantity > 1 ? `${quantity} × ` : ""}${productOf(price)?.name ?? name ?? price}`;
  return items.map(one).join(", ") || description || "An order";
}
