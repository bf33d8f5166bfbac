// What browsers may call of Farebox. Stripe calls `webhook` at its own address, and nobody calls
// `health` or `usage` from a page.

import { Refusal } from "./refusal.js";

/** A route of Farebox's. */
export interface Route {
  /** Its path below `/api/`. */
  name: string;
  methods: readonly string[];
  /** True where a guest's first request may be: it starts a payment. */
  startsPayment?: boolean;
  /** True where a user also finds what they began as the guest of this browser. */
  findsGuests?: boolean;
}

const ROUTES: readonly Route[] = [
  { name: "cancel", methods: ["POST"] },
  { name: "capture", methods: ["POST"] },
  { name: "create-checkout", methods: ["POST"], startsPayment: true },
  { name: "create-intent", methods: ["POST"], startsPayment: true },
  { name: "customer", methods: ["GET"] },
  { name: "order", methods: ["GET"], findsGuests: true },
  { name: "orders", methods: ["GET"] },
  { name: "portal", methods: ["POST"] },
  { name: "refund", methods: ["POST"] },
  { name: "subscription", methods: ["GET", "POST"] },
];

/**
 * The route with exactly this name. Nothing else of a request's path is used, so no path leads
 * elsewhere.
 *
 * @throws {Refusal} where there is none, or it has another method.
 */
export function routeOf(name: string | undefined, method: string): Route {
  const route = ROUTES.find((route) => route.name === name);
  if (!route) throw new Refusal(404, "not_found", "this function does not exist");
  if (route.methods.includes(method)) return route;
  const message = `send it with ${route.methods.join(" or ")}`;
  throw new Refusal(405, "method_not_allowed", message, undefined, {
    allow: route.methods.join(", "),
  });
}
