// Turns an unpaid order into the cart, and opens the checkout.

"use client";

import { useRouter } from "next/navigation";
import { count, resume } from "@/lib/cart";
import { productOf } from "@/lib/catalogue";
import { useCart } from "@/lib/hooks";
import type { Order } from "@/lib/payments";

export function PayNow({ order, children }: { order: Order; children: string }) {
  const router = useRouter();
  const cart = useCart();
  const isInCart = cart?.orderId === order.orderId;
  const isSold = order.items.length > 0 && order.items.every(({ price }) => productOf(price));
  if (!cart || (!isInCart && !isSold)) return null;

  function pay() {
    if (!isInCart) resume(order);
    router.push("/checkout");
  }

  return (
    <>
      <button type="button" onClick={pay}>
        {children}
      </button>
      {!isInCart && count(cart) > 0 && (
        <small>This order replaces your cart.</small>
      )}
    </>
  );
}
