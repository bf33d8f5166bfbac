// What the caller may use, asked by this site's server before it shows a guarded page. Farebox
// answers it with one read of its database, also while Stripe is down.

import "server-only";
import { answer } from "farebox";
import { auth } from "@/auth";
import { farebox } from "./farebox";
import { isSubscriber } from "./roles";

/** `unknown` where no answer arrived: the page stays closed then, and does not say why. */
export type Access = "open" | "closed" | "unknown";

/** Whether the signed-in caller may use one of `keys`. */
export async function access(keys: readonly string[]): Promise<Access> {
  // Guests and staff hold no subscription.
  if (!isSubscriber((await auth())?.user?.role)) return "closed";
  try {
    const params = { query: { view: "access" } };
    const signal = AbortSignal.timeout(5000);
    const asked = farebox.client().GET("/api/subscription", { params, signal });
    const { entitlements } = await answer(asked);
    return keys.some((key) => entitlements.includes(key)) ? "open" : "closed";
  } catch (error) {
    console.error(`access: ${error instanceof Error ? error.message : "unknown"}`);
    return "unknown";
  }
}
