// Turns an unpaid order into the cart, and opens the checkout.

"use client";

import { cartOrder, type Order } from "farebox/react";
import { useRouter } from "next/navigation";
import { count, resume, useCart } from "@/lib/cart";
import { productOf } from "@/lib/catalogue";

export function PayNow({ order, children }: { order: Order; children: string }) {
  const router = useRouter();
  const cart = useCart();
  if (!cart) return null;
  const isInCart = count(cart) > 0 && cartOrder() === order.orderId;
  const isSold = order.items.length > 0 && order.items.every(({ price }) => productOf(price));
  if (!isInCart && !isSold) return null;

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
