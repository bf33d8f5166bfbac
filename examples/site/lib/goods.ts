// What an order is for, in words.

import { productOf } from "@/lib/catalogue";
import type { ListedOrder } from "@/lib/payments";

/** Such as `Harbour mug, 2 × Small sticker`; what the site wrote into an order that it signed. */
export function goods({ items, description }: Pick<ListedOrder, "items" | "description">): string {
  const one = ({ price, quantity }: (typeof items)[number]) =>
    `${quantity > 1 ? `${quantity} × ` : ""}${productOf(price)?.name ?? price}`;
  return items.map(one).join(", ") || description || "An order";
}
