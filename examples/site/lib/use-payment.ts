// Starts the payment of the cart when a page shows it.

"use client";

import type { Stripe } from "@stripe/stripe-js";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import type { Cart } from "./cart";
import { returnPath } from "./return-path";
import type { Settled } from "./start";
import { stripeOf } from "./stripe";
import { trouble, type Trouble } from "./words";

/** What Stripe.js takes. */
interface Secret {
  publishableKey: string;
  clientSecret: string;
}

/** The payment of the contents with `key`. */
type Payment<T> = { key: string } & ({ started: T; stripe: Stripe } | { trouble: Trouble });

/**
 * The payment that `start` starts for `cart`; `null` until then. `again` starts it anew. A payment
 * that was made in the meantime leads to its order.
 */
export function usePayment<T extends Secret>(
  cart: Cart,
  standIn: string | undefined,
  start: (cart: Cart) => Promise<T | Settled>,
): { payment: Payment<T> | null; again: () => void } {
  const router = useRouter();
  const [attempt, setAttempt] = useState(0);
  const [payment, setPayment] = useState<Payment<T> | null>(null);
  const { key } = cart;

  useEffect(() => {
    let isCurrent = true;
    begin(cart, standIn, start).then((now) => {
      if (!isCurrent) return;
      if ("settled" in now) router.replace(returnPath(now.settled, "succeeded"));
      else setPayment({ key, ...now });
    });
    return () => {
      isCurrent = false;
    };
    // The key identifies the contents: the same key is the same cart.
  }, [key, attempt, standIn, start, router]);

  const again = () => {
    setPayment(null);
    setAttempt(attempt + 1);
  };
  return { payment: payment?.key === key ? payment : null, again };
}

async function begin<T extends Secret>(
  cart: Cart,
  standIn: string | undefined,
  start: (cart: Cart) => Promise<T | Settled>,
): Promise<Settled | { started: T; stripe: Stripe } | { trouble: Trouble }> {
  try {
    const started = await start(cart);
    if ("settled" in started) return started;
    const stripe = await stripeOf(started.publishableKey, standIn).catch(() => null);
    return stripe ? { started, stripe } : { trouble: NO_SCRIPT };
  } catch (error) {
    return { trouble: trouble(error, "start") };
  }
}

/** Stripe's script did not load: blocked, or offline. */
export const NO_SCRIPT: Trouble = {
  text:
    "The payment form of Stripe could not be loaded. Check your network, or whether something " +
    "blocks js.stripe.com.",
  code: "stripe_js",
  isUnreachable: false,
};
