// The checkout of the cart: in this page, or on Stripe's.

"use client";

import Link from "next/link";
import { useState } from "react";
import { count, displayed, type Cart } from "@/lib/cart";
import { CURRENCY, PRODUCTS } from "@/lib/catalogue";
import { useCart } from "@/lib/hooks";
import { money } from "@/lib/money";
import { Art } from "./art";
import { EmptyCart } from "./cart-view";
import { EmbeddedCheckout } from "./embedded-checkout";
import { HostedCheckout } from "./hosted-checkout";
import { PayHere } from "./pay-here";
import { Waiting } from "./waiting";

const WAYS = [
  ["here", "Card or wallet, on this page"],
  ["embedded", "Stripe’s Checkout, in this page"],
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
      <Summary cart={cart} isWhole={way === "here"} />
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
        {way === "here" && <PayHere cart={cart} standIn={standIn} />}
        {way === "embedded" && <EmbeddedCheckout cart={cart} standIn={standIn} />}
        {way === "stripe" && <HostedCheckout cart={cart} />}
      </div>
    </div>
  );
}

/** `isWhole` where nothing can be added to the price of the goods. */
function Summary({ cart, isWhole }: { cart: Cart; isWhole: boolean }) {
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
        {isWhole ? "Total" : "Subtotal"} <span>{money(displayed(cart), CURRENCY)}</span>
      </p>
      {!isWhole && (
        <p className="small">
          Stripe’s Checkout takes codes, adds shipping and tax where there are any, and shows the
          total before you pay.
        </p>
      )}
      <Link href="/cart">Change</Link>
    </section>
  );
}
