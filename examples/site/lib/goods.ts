// Descriptions of orders.

import { productOf } from "@/lib/catalogue";
import type { Order } from "@/lib/payments";

/**
 * Describes an order, such as `Harbour mug, 2 × Small sticker`; an order that the site signed has
 * its own description.
 */
export function goods({ items, description }: Pick<Order, "items" | "description">): string {
  const one = ({ price, name, quantity }: (typeof items)[number]) =>
    `${quantity > 1 ? `${quantity} × ` : ""}${productOf(price)?.name ?? name ?? price}`;
  return items.map(one).join(", ") || description || "An order";
}
