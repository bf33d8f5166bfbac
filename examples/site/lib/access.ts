// What the caller may use, asked by this site's server before it shows a guarded page. Farebox
// answers it with one read of its database, also while Stripe is down.

import "server-only";
import { answer, createClient } from "farebox";
import { auth } from "@/auth";
import { callerToken, type Caller } from "./farebox";
import { isSubscriber } from "./roles";
import { fareboxOrigin } from "./settings";

/** `unknown` where no answer arrived: the page stays closed then, and does not say why. */
export type Access = "open" | "closed" | "unknown";

const PATIENCE_MS = 5000;

/** Whether the signed-in caller may use one of `keys`. */
export async function access(keys: readonly string[]): Promise<Access> {
  const { id, role, email } = (await auth())?.user ?? {};
  // Guests and staff hold no subscription.
  if (!id || !role || !isSubscriber(role)) return "closed";
  try {
    const entitlements = await entitlementsOf({ id, role, email });
    return keys.some((key) => entitlements.includes(key)) ? "open" : "closed";
  } catch (error) {
    console.error(`access: ${error instanceof Error ? error.message : "unknown"}`);
    return "unknown";
  }
}

async function entitlementsOf(caller: Caller): Promise<readonly string[]> {
  const token = () => callerToken(caller);
  const farebox = createClient({ baseUrl: fareboxOrigin(), token });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const query = { view: "access" };
  const asked = farebox.GET("/api/subscription", { params: { query }, signal });
  return (await answer(asked)).entitlements;
}
