// The notifications that Farebox sends.

const TYPES = ["order.paid", "order.processing", "order.payment_failed", "order.authorized",
  "order.released", "order.canceled", "order.expired", "order.refund_pending", "order.refunded",
  "order.refund_failed", "order.disputed", "order.dispute_won", "order.dispute_lost",
  "order.dispute_ended", "order.inquiry_opened", "order.inquiry_closed",
  "order.early_fraud_warning", "order.review_opened", "order.review_closed",
  "subscription.started", "subscription.trial_ending", "subscription.renewed",
  "subscription.changed", "subscription.past_due", "subscription.recovered",
  "subscription.cancel_scheduled", "subscription.resumed", "subscription.paused",
  "subscription.ended", "invoice.paid", "invoice.payment_failed", "invoice.action_required",
  "invoice.refunded", "invoice.disputed", "entitlements.changed"] as const;
export type KnownType = (typeof TYPES)[number] | "stripe.*";
export type NotificationOf<T extends KnownType> = { type: T; timestamp: number; data: any };
export type Notification = { [T in KnownType]: NotificationOf<T> }[KnownType];
export const isKnownType = (type: string): boolean =>
  type.startsWith("stripe.") || (TYPES as readonly string[]).includes(type);
