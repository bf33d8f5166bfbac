// The checkout of the cart, embedded or hosted.

"use client";

import Link from "next/link";
import { useState } from "react";
import { count, displayed, type Cart } from "@/lib/cart";
import { CURRENCY, PRODUCTS } from "@/lib/catalogue";
import { useCart } from "@/lib/hooks";
import { money } from "@/lib/money";
import { Art } from "./art";
import { EmptyCart } from "./cart-view";
import { HostedCheckout } from "./hosted-checkout";
import { PayHere } from "./pay-here";
import { Waiting } from "./waiting";

const WAYS = [
  ["here", "Card or wallet, on this page"],
  ["stripe", "On Stripe’s page"],
] as const;

type Way = (typeof WAYS)[number][0];

export function Checkout({ standIn }: { standIn: string | undefined }) {
  const cart = useCart();
  const [way, setWay] = useState<Way>("here");
  if (!cart) return <Waiting what="your cart" />;
  if (count(cart) === 0) return <EmptyCart />;
  return (
    <div className="desk">
      <Summary cart={cart} />
      <div>
        <fieldset className="ways">
          <legend>How do you want to pay?</legend>
          {WAYS.map(([value, label]) => (
            <label key={value}>
              <input
                type="radio"
                name="way"
                value={value}
                checked={way === value}
                onChange={() => setWay(value)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        {way === "here" ? (
          <PayHere cart={cart} standIn={standIn} />
        ) : (
          <HostedCheckout cart={cart} />
        )}
      </div>
    </div>
  );
}

function Summary({ cart }: { cart: Cart }) {
  const lines = PRODUCTS.filter(({ price }) => cart.lines[price]);
  return (
    <section className="summary" aria-label="Order summary">
      <ul className="lines">
        {lines.map(({ price, name, amount }) => (
          <li key={price} className="line">
            <Art of={price} />
            <div>
              {name}
              <span>
                {cart.lines[price]} × {money(amount, CURRENCY)}
              </span>
            </div>
            <span>{money(amount * (cart.lines[price] ?? 0), CURRENCY)}</span>
          </li>
        ))}
      </ul>
      <p className="total">
        Total <span>{money(displayed(cart), CURRENCY)}</span>
      </p>
      <Link href="/cart">Change</Link>
    </section>
  );
}
