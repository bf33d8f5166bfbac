// The notifications that Farebox sends, as a discriminated union. Their types are generated from
// the `webhooks` of openapi.json, which Farebox derives from the messages that it writes.

import type { webhooks } from "./schema.js";

/** A type of message; `stripe.*` stands for every event of Stripe's that is passed on. */
export type KnownType = keyof webhooks;

type Body<Type extends KnownType> =
  webhooks[Type]["post"]["requestBody"]["content"]["application/json"];

/** The message of a type, such as `NotificationOf<"order.paid">`. */
export type NotificationOf<Type extends KnownType> = Type extends "stripe.*"
  ? { type: `stripe.${string}`; timestamp: number; data: StripeEvent }
  : Body<Type>;

/** Any message: `type` tells which. */
export type Notification = { [Type in KnownType]: NotificationOf<Type> }[KnownType];

/** An event of Stripe's, unchanged. Stripe's own package has the type of each. */
export interface StripeEvent {
  id: string;
  type: string;
  [field: string]: unknown;
}

/** The types that this version knows. The compiler holds it against openapi.json. */
const KNOWN: Record<Exclude<KnownType, "stripe.*">, true> = {
  "entitlements.changed": true,
  "invoice.action_required": true,
  "invoice.disputed": true,
  "invoice.paid": true,
  "invoice.payment_failed": true,
  "invoice.refunded": true,
  "order.authorized": true,
  "order.canceled": true,
  "order.dispute_ended": true,
  "order.dispute_lost": true,
  "order.dispute_won": true,
  "order.disputed": true,
  "order.early_fraud_warning": true,
  "order.expired": true,
  "order.inquiry_closed": true,
  "order.inquiry_opened": true,
  "order.paid": true,
  "order.payment_failed": true,
  "order.processing": true,
  "order.refund_failed": true,
  "order.refund_pending": true,
  "order.refunded": true,
  "order.released": true,
  "order.review_closed": true,
  "order.review_opened": true,
  "subscription.cancel_scheduled": true,
  "subscription.changed": true,
  "subscription.ended": true,
  "subscription.past_due": true,
  "subscription.paused": true,
  "subscription.recovered": true,
  "subscription.renewed": true,
  "subscription.resumed": true,
  "subscription.started": true,
  "subscription.trial_ending": true,
};

/** Whether this version knows a type. */
export const isKnownType = (type: string): boolean =>
  type.startsWith("stripe.") || Object.hasOwn(KNOWN, type);
