// Farebox's part of this site's server.

import "server-only";
import { createFarebox } from "farebox/next";
import { auth } from "@/auth";
import { store } from "./database";

/** The header in which the proxy in front of this site writes the payer's address. */
const addressHeader = process.env.CLIENT_ADDRESS_HEADER;

export const farebox = createFarebox({
  caller,
  // Guests have a session as well.
  guests: false,
  store,
  ...(addressHeader && { addressHeader }),
});

/** The signed-in caller of the request at hand. */
export async function caller() {
  const { id, role, email } = (await auth())?.user ?? {};
  return id && role ? { id, roles: [role], email } : null;
}
