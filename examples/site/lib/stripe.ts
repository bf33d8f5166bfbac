// Loads Stripe.js when a payment begins.

import { loadStripe } from "@stripe/stripe-js/pure";
import type { Stripe } from "@stripe/stripe-js";

const loaded = new Map<string, Promise<Stripe | null>>();

/**
 * Stripe.js with a publishable key. `standIn` is the sandbox's script, which development has in its
 * place.
 */
export function stripeOf(
  publishableKey: string,
  standIn: string | undefined,
): Promise<Stripe | null> {
  const known = loaded.get(publishableKey);
  if (known) return known;
  const loading = load(publishableKey, standIn);
  loaded.set(publishableKey, loading);
  // A failed load is retried at the next call.
  loading.catch(() => loaded.delete(publishableKey));
  return loading;
}

async function load(publishableKey: string, standIn: string | undefined): Promise<Stripe | null> {
  // Stripe's loader uses an existing `window.Stripe`.
  if (standIn) await addScript(standIn);
  return loadStripe(publishableKey);
}

function addScript(src: string): Promise<void> {
  return new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src });
    script.addEventListener("load", () => done());
    script.addEventListener("error", () => failed(new Error(`${src} does not load`)));
    document.head.append(script);
  });
}
