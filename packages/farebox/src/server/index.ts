// What the site's server needs of Farebox, without Next.js: tokens, signed orders, a client, and
// what a caller may use. It has the site's keys, so no browser can import it.

export { callerToken, CallerError, type Caller, type User } from "./caller.js";
export { can, createServerClient } from "./client.js";
export { OrderError } from "./order-claims.js";
export {
  signOrder,
  type SignedDetails,
  type SignedLine,
  type SignedOrder,
  type SignedShipping,
  type SignOptions,
  type TaxSettings,
} from "./order.js";
export { SettingError } from "./settings.js";
export { NotificationError } from "../notifications/errors.js";
export {
  verifyNotification,
  type RawRequest,
  type VerifiedNotification,
} from "../notifications/verified.js";
