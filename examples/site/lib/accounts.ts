// The demo accounts. A real shop has them in a database, with passwords or another factor.

import "server-only";
import { createHash } from "node:crypto";
import { isStaff, type Role } from "./roles";
import { hasDemoAccounts } from "./settings";

export interface Account {
  id: string;
  name: string;
  role: Role;
  /** A short description. */
  what: string;
  /** Where Stripe sends receipts, if anywhere. */
  email?: string;
}

const DEMO: Account[] = [
  { id: "demo-ada", name: "Ada", role: "customer", what: "buys, and sees her orders" },
  { id: "demo-sam", name: "Sam", role: "support", what: "finds any order" },
  { id: "demo-fin", name: "Fin", role: "finance", what: "finds, captures, cancels, refunds" },
];

const GUEST = "guest-";

/** The accounts to choose from, if the site has demo accounts. */
export const demoAccounts = () => (hasDemoAccounts() ? DEMO : []);

/**
 * A new guest; `null` when `email` is neither empty nor an address. The id is random, because the
 * session's owner owns the guest's orders.
 */
export function newGuest(email: string): Account | null {
  if (email !== "" && !ADDRESS.test(email)) return null;
  return { ...guest(GUEST + crypto.randomUUID()), ...(email && { email }) };
}

/** The form of an address that Farebox takes. */
const ADDRESS = /^(?=.{3,254}$)[^\s@]+@[^\s@]+$/;

/**
 * The account with this id as it is now. It may have another role than at its sign-in, or be gone.
 */
export const accountOf = (id: string): Account | undefined =>
  id.startsWith(GUEST) ? guest(id) : demoAccounts().find((account) => account.id === id);

/** The names of staff, by their aliases in refund records. */
export const staffNames = (): Record<string, string> =>
  Object.fromEntries(
    demoAccounts()
      .filter(({ role }) => isStaff(role))
      .map(({ id, name }) => [aliasOf(id), name]),
  );

const guest = (id: string): Account => ({ id, name: "Guest", role: "guest", what: "" });

/**
 * The alias under which Farebox logs and records a caller: of SHA-256 over both parts, each after
 * its length.
 */
function aliasOf(id: string): string {
  const hash = createHash("sha256");
  for (const part of ["caller", id]) {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(Buffer.byteLength(part)));
    hash.update(length).update(part);
  }
  return hash.digest("hex").slice(0, 24);
}
