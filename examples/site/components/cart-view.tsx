// The lines of the cart, with steppers.

"use client";

import Link from "next/link";
import { displayed, put, useCart } from "@/lib/cart";
import { CURRENCY, PRODUCTS, type Product } from "@/lib/catalogue";
import { money } from "@/lib/money";
import { Art } from "./art";
import { Waiting } from "./waiting";

export function CartView() {
  const cart = useCart();
  if (!cart) return <Waiting what="your cart" />;
  const lines = PRODUCTS.filter(({ price }) => cart[price]);
  if (lines.length === 0) return <EmptyCart />;
  return (
    <>
      <ul className="lines">
        {lines.map((product) => (
          <Line key={product.price} product={product} quantity={cart[product.price] ?? 0} />
        ))}
      </ul>
      <p className="total">
        <span>Total</span>
        <output>{money(displayed(cart), CURRENCY)}</output>
      </p>
      <p className="after">
        <Link className="button wide" href="/checkout">
          Check out
        </Link>
      </p>
    </>
  );
}

export function EmptyCart() {
  return (
    <div className="empty">
      <p>Your cart is empty.</p>
      <Link className="button" href="/">
        Browse the shop
      </Link>
    </div>
  );
}

function Line({
  product: { price, name, amount },
  quantity,
}: {
  product: Product;
  quantity: number;
}) {
  return (
    <li className="line">
      <Art of={price} />
      <div>
        <b>{name}</b>
        <span>{money(amount, CURRENCY)}</span>
      </div>
      <div className="stepper" role="group" aria-label={`Quantity of ${name}`}>
        <button
          type="button"
          aria-label={`One ${name} less`}
          onClick={() => put(price, quantity - 1)}
        >
          −
        </button>
        <output aria-live="polite">{quantity}</output>
        <button
          type="button"
          aria-label={`One ${name} more`}
          onClick={() => put(price, quantity + 1)}
        >
          +
        </button>
      </div>
    </li>
  );
}
