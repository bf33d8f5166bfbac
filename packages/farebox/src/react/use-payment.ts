// Starts a payment when a page shows it.

"use client";

import type { Stripe } from "@stripe/stripe-js";
import { useCallback, useEffect, useState } from "react";
import { useLatest, usePageShown } from "./hooks.js";
import type { AlreadySubscribed, Settled } from "./start.js";
import { stripeOf } from "./stripe.js";

/** What Stripe.js takes. */
interface Secret {
  publishableKey: string;
  clientSecret: string;
  stripeJs: string | null;
}

/** A payment of the contents `name`. */
export type Payment<T> =
  | { started: T; stripe: Stripe }
  | { error: unknown }
  | Settled
  | AlreadySubscribed;

/**
 * The payment that `start` starts for the contents `name`; `null` until then, or without a name.
 * `again` starts it anew. Where its order is paid elsewhere in the meantime, `settled` is called.
 */
export function usePayment<T extends Secret>(
  name: string | null,
  start: () => Promise<T | Settled | AlreadySubscribed>,
  settled: (orderId: string) => void,
): { payment: Payment<T> | null; again: () => void } {
  const [attempt, setAttempt] = useState(0);
  const [known, setKnown] = useState<{ name: string; payment: Payment<T> } | null>(null);
  const latest = useLatest({ start, settled });

  useEffect(() => {
    if (name === null) return undefined;
    let isCurrent = true;
    void begin(latest.current.start).then((payment) => {
      if (!isCurrent) return;
      setKnown({ name, payment });
      if ("settled" in payment) latest.current.settled(payment.settled);
    });
    return () => {
      isCurrent = false;
    };
  }, [name, attempt, latest]);

  const again = useCallback(() => {
    setKnown(null);
    setAttempt((attempt) => attempt + 1);
  }, []);
  // The page was not told how the payment went while it was in the browser's memory.
  usePageShown(again);
  return { payment: known?.name === name ? known.payment : null, again };
}

async function begin<T extends Secret>(
  start: () => Promise<T | Settled | AlreadySubscribed>,
): Promise<Payment<T>> {
  try {
    const started = await start();
    if ("settled" in started || "isHeld" in started) return started;
    return { started, stripe: await stripeOf(started.publishableKey, started.stripeJs) };
  } catch (error) {
    return { error };
  }
}
