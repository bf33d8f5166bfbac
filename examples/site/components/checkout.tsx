// The checkout of the cart: in this page, or on Stripe's.

"use client";

import { EmbeddedCheckout, FareboxCheckout, HostedCheckoutButton } from "farebox/react";
import Link from "next/link";
import { useState } from "react";
import { count, displayed, items, useCart, type Cart } from "@/lib/cart";
import { CURRENCY, PRODUCTS } from "@/lib/catalogue";
import { money } from "@/lib/money";
import { RETURN } from "@/lib/return-path";
import { Art } from "./art";
import { EmptyCart } from "./cart-view";
import { Waiting } from "./waiting";

const WAYS = [
  ["here", "Card or wallet, on this page"],
  ["embedded", "Stripe’s Checkout, in this page"],
  ["stripe", "On Stripe’s page"],
] as const;

type Way = (typeof WAYS)[number][0];

export function Checkout() {
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
        {way === "here" && (
          <FareboxCheckout
            items={items(cart)}
            shownAmount={displayed(cart)}
            returnUrl={RETURN}
          />
        )}
        {way === "embedded" && <EmbeddedCheckout items={items(cart)} returnUrl={RETURN} />}
        {way === "stripe" && (
          <div className="payment">
            <p>Stripe’s page takes the payment and brings you back here.</p>
            <HostedCheckoutButton items={items(cart)} successUrl={RETURN} className="wide" />
          </div>
        )}
      </div>
    </div>
  );
}

/** `isWhole` where nothing can be added to the price of the goods. */
function Summary({ cart, isWhole }: { cart: Cart; isWhole: boolean }) {
  const lines = PRODUCTS.filter(({ price }) => cart[price]);
  return (
    <section className="summary" aria-label="Order summary">
      <ul className="lines">
        {lines.map(({ price, name, amount }) => (
          <li key={price} className="line">
            <Art of={price} />
            <div>
              {name}
              <span>
                {cart[price]} × {money(amount, CURRENCY)}
              </span>
            </div>
            <span>{money(amount * (cart[price] ?? 0), CURRENCY)}</span>
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
