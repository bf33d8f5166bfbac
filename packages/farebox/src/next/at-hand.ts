// The request at hand, of which Next.js knows without being told.

import type { Asked } from "./guest.js";

/** The request at hand, in a server component, a server action or a route of the App Router. */
export async function atHand(): Promise<Asked> {
  const { headers } = await import("next/headers.js");
  return { headers: await headers() };
}

/** The request at hand; none outside of the App Router. */
export const atHandIfAny = (): Promise<Asked | undefined> => atHand().catch(noneOutside);

/**
 * Waits until there is a request: what follows may differ between requests, so that a build must
 * not keep it in a static page.
 */
export async function requested(): Promise<void> {
  const { connection } = await import("next/server.js");
  await Promise.resolve().then(connection).catch(noneOutside);
}

/** What Next.js throws inside of a request makes a page dynamic, or says what is not allowed. */
function noneOutside(error: unknown): undefined {
  if (error instanceof Error && error.message.includes("outside a request scope")) return undefined;
  throw error;
}
