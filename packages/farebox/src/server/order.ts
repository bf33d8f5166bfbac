// Orders that the site's server signs: their contents, and who pays. The browser sends the token as
// `order` to `create-intent` or `create-checkout`, beside the caller's own.

import { SignJWT } from "jose/jwt/sign";
import { checked, type Caller } from "./caller.js";
import { checkOrder } from "./order-claims.js";
import { settings } from "./settings.js";

/** How tax is computed where Stripe Tax does. */
export interface TaxSettings {
  /** A tax code of Stripe's, `txcd_…`. */
  taxCode?: string | undefined;
  taxBehavior?: "inclusive" | "exclusive" | "unspecified" | undefined;
}

/** One line of an order. */
export interface SignedLine extends TaxSettings {
  /** 1 to 250 characters. */
  name: string;
  /** The price of one, in minor units. */
  amount: number;
  /** 1 to 10,000. */
  quantity: number;
}

/** The recipient of the goods, with Stripe's own field names. */
export interface SignedShipping {
  name: string;
  phone?: string | undefined;
  address: {
    line1: string;
    line2?: string | undefined;
    city?: string | undefined;
    state?: string | undefined;
    postal_code?: string | undefined;
    /** Two upper-case letters, such as `DE`. */
    country?: string | undefined;
  };
}

/** What an order says beside its amount. */
export interface SignedDetails extends TaxSettings {
  /** The site's id of the order: 1 to 64 letters, digits, `-` and `_`. */
  orderId: string;
  /** Three lower-case letters, such as `usd`. */
  currency: string;
  /** For the receipt: 1 to 1000 characters. */
  description?: string | undefined;
  /** Where Stripe sends the receipt. */
  email?: string | undefined;
  /** Who buys: 1 to 256 characters. */
  name?: string | undefined;
  shipping?: SignedShipping | undefined;
  /** The end of the text on the payer's card statement: at most 22 characters. */
  statementDescriptorSuffix?: string | undefined;
  /** At most 45 keys. */
  metadata?: Record<string, string> | undefined;
  /** Saves the payment method of a caller who is a customer. */
  setupFutureUsage?: "on_session" | "off_session" | undefined;
  /** Charges a saved payment method at once, in the payer's absence. */
  offSession?: boolean | undefined;
  /** With `offSession`: the saved payment method to charge, `pm_…`. */
  paymentMethod?: string | undefined;
  /** `manual` only authorizes the payment. */
  captureMethod?: "automatic" | "manual" | undefined;
  /** The Unix time after which the order may not be paid. */
  expiresAt?: number | undefined;
  /** A whole number, higher for each version of the order. */
  version?: number | undefined;
  /** The order's previous owner: the `sub` of a guest who signed in, `guest-…`. */
  previousSub?: string | undefined;
  /** Options of Checkout Sessions, as in checkout.json. */
  checkout?: Record<string, unknown> | undefined;
}

/**
 * An order to sign, with its `amount` in minor units (`1999` is 19.99), or with `lines`, whose sum
 * is the amount.
 */
export type SignedOrder = SignedDetails &
  (
    | { amount: number; lines?: never }
    | { lines: readonly SignedLine[]; amount?: number | undefined }
  );

export interface SignOptions {
  /** The seconds for which the browser can send the token; 15 minutes by default. */
  expiresIn?: number | undefined;
}

const MINUTES_15 = 15 * 60;

/**
 * Signs `order` for `caller`, whose own token must come with it.
 *
 * Of two versions of an unpaid order the later counts: by `version` if both have one, or else by
 * the second of signing.
 *
 * @throws {OrderError} that names the wrong field, as Farebox would.
 * @throws {CallerError} for a caller whom Farebox would refuse.
 * @throws {SettingError} where FAREBOX_SITE_KEY is missing or wrong.
 */
export async function signOrder(
  order: SignedOrder,
  caller: Caller,
  { expiresIn = MINUTES_15 }: SignOptions = {},
): Promise<string> {
  checkOrder(order);
  if (!Number.isSafeInteger(expiresIn) || expiresIn < 1)
    throw new RangeError("`expiresIn` must be a whole number of seconds");
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ ...order })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience("farebox:order")
    .setSubject(checked(caller).id)
    .setIssuedAt(now)
    .setExpirationTime(now + expiresIn)
    .sign(settings().siteKey);
}
