// Loads Stripe.js when a payment begins: once for each publishable key.

import type { loadStripe as LoadStripe, Stripe } from "@stripe/stripe-js";
// Without the script that the package's main file adds on import. The types of this file name
// another one without its extension, so they are given here.
import * as pure from "@stripe/stripe-js/pure/index.mjs";

const { loadStripe } = pure as unknown as { loadStripe: typeof LoadStripe };

const loaded = new Map<string, Promise<Stripe>>();

/** Stripe's script did not load: blocked, or offline. */
export class NoStripe extends Error {
  override readonly name = "NoStripe";
}

/**
 * Stripe.js with a publishable key. `standIn` is the address of the sandbox's script, which a page
 * on this machine loads in its place.
 *
 * @throws {NoStripe}
 */
export function stripeOf(publishableKey: string, standIn: string | null): Promise<Stripe> {
  const known = loaded.get(publishableKey);
  if (known) return known;
  const loading = load(publishableKey, standIn);
  loaded.set(publishableKey, loading);
  // A failed load is retried at the next call.
  loading.catch(() => loaded.delete(publishableKey));
  return loading;
}

async function load(publishableKey: string, standIn: string | null): Promise<Stripe> {
  try {
    // Stripe's loader uses an existing `window.Stripe`.
    if (standIn !== null && isTrusted(standIn) && !window.Stripe) await addScript(standIn);
    const stripe = await loadStripe(publishableKey);
    if (stripe) return stripe;
  } catch {
    // Told below.
  }
  throw new NoStripe("Stripe.js does not load");
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Whether both the page and the script are on this machine: no deployment loads a stand-in. */
export function isTrusted(standIn: string, page: string = location.hostname): boolean {
  if (!URL.canParse(standIn)) return false;
  const { protocol, hostname } = new URL(standIn);
  return LOOPBACK.test(page) && LOOPBACK.test(hostname) && /^https?:$/.test(protocol);
}

function addScript(src: string): Promise<void> {
  return new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src });
    script.addEventListener("load", () => done());
    script.addEventListener("error", () => failed(new Error(`${src} does not load`)));
    document.head.append(script);
  });
}
