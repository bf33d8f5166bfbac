// Orders that the site's server signs.

import { SignJWT } from "jose";
import { KEYS } from "./processes.mjs";

/** The token of Ada's `order`. */
export const signed = (order) =>
  new SignJWT(order)
    .setProtectedHeader({ alg: "HS256" })
    .setAudience("farebox:order")
    .setSubject("demo-ada")
    .setIssuedAt()
    .setExpirationTime("15m")
    .sign(new TextEncoder().encode(KEYS.FAREBOX_SITE_KEY));
