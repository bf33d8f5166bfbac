// Usage: each export of the log counts at a meter of Stripe's, which bills it where a plan has a
// metered price.

import "server-only";
import { answer } from "farebox";
import { farebox } from "./farebox";

/** The meter's event name; without one, nothing is counted. */
const meter = process.env.EXPORTS_METER;

/**
 * Reports an export by the customer `caller`. Farebox keeps it until Stripe has it. An export
 * without Farebox's answer may not be billed.
 */
export async function countExport(caller: string): Promise<void> {
  if (!meter) return;
  const server = farebox.client({ id: "site", roles: ["server"] });
  const event = { meter, caller, value: 1, identifier: crypto.randomUUID() };
  try {
    await answer(server.POST("/api/usage", { body: { events: [event] } }));
  } catch (error) {
    console.error(`usage: ${error instanceof Error ? error.message : "unknown"}`);
  }
}
