// The link to the cart, with its number of products.

"use client";

import { count, useCart } from "@/lib/cart";
import { NavLink } from "./nav-link";

export function CartLink() {
  const cart = useCart();
  const many = cart ? count(cart) : 0;
  return (
    <NavLink href="/cart">
      Cart
      {many > 0 && (
        <>
          <span className="count" aria-hidden="true">
            {many}
          </span>
          <span className="unseen"> ({many === 1 ? "1 thing" : `${many} things`})</span>
        </>
      )}
    </NavLink>
  );
}
