// Adds one product to the cart.

"use client";

import { add, useCart } from "@/lib/cart";

export function AddButton({ price, name }: { price: string; name: string }) {
  const cart = useCart();
  const many = cart?.[price] ?? 0;
  return (
    <>
      <button type="button" onClick={() => add(price)} disabled={cart === null}>
        Add<span className="unseen"> {name} to the cart</span>
        {many > 0 && <span aria-hidden="true"> · {many}</span>}
      </button>
      <span role="status" className="unseen">
        {many > 0 ? `${many} of ${name} in the cart` : ""}
      </span>
    </>
  );
}
