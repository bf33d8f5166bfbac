// The accounts of the demo. A shop of your own has them in a database, with passwords or another proof.

import type { Role } from "./roles";

export interface Account {
  id: string;
  name: string;
  role: Role;
  /** What they are here for, in a few words. */
  what: string;
}

const DEMO: Account[] = [
  { id: "demo-ada", name: "Ada", role: "customer", what: "buys, and sees her orders" },
  { id: "demo-sam", name: "Sam", role: "support", what: "finds any order" },
  { id: "demo-fin", name: "Fin", role: "finance", what: "finds any order, and refunds" },
];

/** Those that can be chosen, where the site has them. */
export const demoAccounts = () => DEMO;

/** A guest: whoever holds the session has the guest's orders, so the id cannot be guessed. */
export const newGuest = (): Account => ({ id: `guest-${crypto.randomUUID()}`, name: "Guest", role: "guest", what: "" });
