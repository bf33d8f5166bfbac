// Starts the Checkout of a plan.

import { createCheckout, FareboxError } from "./payments";
import { successUrl, type Session, type Settled } from "./start";

/** What is chosen: the lookup key of a price, and the seats. */
export interface Choice {
  price: string;
  quantity: number;
}

/** The plan is held already. */
export type Held = { isHeld: true };

/** The key of each choice, until Farebox answers: a second click is the same request. */
const keys = new Map<string, string>();

/** Opens Stripe's page for `choice`; returns its URL. */
export const subscribeThere = (choice: Choice): Promise<{ url: string } | Settled | Held> =>
  begin(choice, "hosted", async (key, items) => {
    const cancelUrl = `${location.origin}/pricing`;
    const wanted = { items, successUrl: successUrl(), cancelUrl };
    const { url } = await createCheckout(key, wanted);
    if (url === undefined) throw new Error("hosted Checkout has a URL");
    return { url };
  });

/** Starts Checkout of `choice` in a frame of this page. */
export const subscribeHere = (choice: Choice): Promise<Session | Settled | Held> =>
  begin(choice, "embedded", async (key, items) => {
    const wanted = { items, uiMode: "embedded", successUrl: successUrl() } as const;
    const { clientSecret, publishableKey } = await createCheckout(key, wanted);
    if (clientSecret === undefined || publishableKey === undefined)
      throw new Error("embedded Checkout has a client secret and a key");
    return { clientSecret, publishableKey };
  });

async function begin<T>(
  choice: Choice,
  way: string,
  ask: (key: string, items: Choice[]) => Promise<T>,
): Promise<T | Settled | Held> {
  const name = `${way} ${choice.price} ${choice.quantity}`;
  const key = keys.get(name) ?? crypto.randomUUID();
  keys.set(name, key);
  try {
    const started = await ask(key, [choice]);
    keys.delete(name);
    return started;
  } catch (error) {
    // Without an answer, the next request is the same one.
    if (!(error instanceof FareboxError) || error.status >= 500) throw error;
    keys.delete(name);
    if (error.code === "already_subscribed") return { isHeld: true };
    if (error.orderId !== undefined) return { settled: error.orderId };
    throw error;
  }
}
