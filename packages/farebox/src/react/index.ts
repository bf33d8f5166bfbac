// Components and hooks of a shop's pages. Read in this order:
//
// - context: the settings and the texts of all components.
// - send, requests: calls to the site's own route, with patience.
// - cart, start: the Idempotency-Key of a cart, and the start of its payment.
// - checkout, hosted: the ways to pay.
// - watch, use-order: an order until its payment is known.

export {
  FareboxProvider,
  type FareboxProviderProps,
  type SomeTexts,
  type Texts,
} from "./context.js";
export { FareboxError } from "../index.js";
export { cartOrder, resumeOrder } from "./cart.js";
export {
  FareboxCheckout,
  useCheckout,
  type CheckoutOptions,
  type FareboxCheckoutProps,
} from "./checkout.js";
export {
  HostedCheckoutButton,
  useHostedCheckout,
  type Hosted,
  type HostedCheckoutButtonProps,
  type HostedOptions,
} from "./hosted.js";
export { useOrder, type WatchedOrder, type WatchOptions } from "./use-order.js";
export { isOpen, isPlan, type Hint, type OrderState, type Outcome } from "./outcome.js";
export { minorUnits, money, moment, plain } from "./money.js";
export { Notice } from "./notice.js";
export { useTrouble, type Trouble } from "./trouble.js";
export { Unreachable } from "./send.js";
export type { Doing } from "./texts.js";
