// Components and hooks of a shop's pages. Read in this order:
//
// - context: the settings and the texts of all components.
// - send, requests: calls to the site's own route, with patience.
// - cart, start: the Idempotency-Key of a cart, and the start of its payment.
// - checkout, hosted: the ways to pay.
// - watch, use-order: an order until its payment is known.
// - pricing-table, portal, refund-form: plans, the customer portal, and refunds by staff.
// - use-farebox, use-orders, use-subscriptions, use-change: the same for a site's own pages.

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
export { EmbeddedCheckout, type EmbeddedCheckoutProps } from "./embedded.js";
export { PortalButton, type PortalButtonProps } from "./portal.js";
export { PricingTable, type PlanOffer, type PricingTableProps } from "./pricing-table.js";
export { RefundForm, type RefundFormProps } from "./refund-form.js";
export { useRefund, type Refunding } from "./use-refund.js";
export { useFarebox, type FareboxCalls } from "./use-farebox.js";
export { useOrders, type ListedOrders } from "./use-orders.js";
export {
  useSubscriptions,
  type KnownSubscriptions,
  type SubscriptionsOptions,
} from "./use-subscriptions.js";
export { useChange, type Changing, type Follows, type Quoted } from "./use-change.js";
export { useOrder, type WatchedOrder, type WatchOptions } from "./use-order.js";
export { isOpen, isPlan, type Hint, type OrderState, type Outcome } from "./outcome.js";
export { minorUnits, money, moment, plain } from "./money.js";
export { Notice } from "./notice.js";
export { useTrouble, type Trouble } from "./trouble.js";
export { Unreachable } from "./send.js";
export type { Doing } from "./texts.js";
export type {
  Change,
  Changed,
  Item,
  Order,
  OrderQuery,
  OrderStatus,
  Preview,
  Subscription,
  Subscriptions,
} from "./requests.js";
export { newKey } from "./key.js";
export { Stored } from "./stored.js";
export { english } from "./english.js";
