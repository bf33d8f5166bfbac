//! The types of events, in one place: those that are processed, those that an endpoint must
//! subscribe to, and those that are listed.

use std::sync::LazyLock;

/// Every type of event that may move an order, at every version of Stripe's API.
pub const ACTED_ON: [&str; 26] = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refund.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.partially_funded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "review.closed",
    "review.opened",
];

/// The types among them that an endpoint must subscribe to. The others repeat these, or do not
/// concern these payments.
pub const NEEDED: [&str; 22] = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "radar.early_fraud_warning.created",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "review.closed",
    "review.opened",
];

/// The types among them that are listed at Stripe, which filters by twenty at most. A payer's
/// required action, and a payment that began, are known once their order is refreshed or they end.
pub static LISTED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let is_listed = |kind: &&str| {
        ![
            "payment_intent.requires_action",
            "payment_intent.processing",
        ]
        .contains(kind)
    };
    NEEDED.into_iter().filter(is_listed).collect()
});

/// The types after which a subscription is fetched again, and that an endpoint must subscribe to
/// where the shop has subscriptions. Stripe lists them in a query of their own.
pub const OF_SUBSCRIPTIONS: [&str; 15] = [
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "entitlements.active_entitlement_summary.updated",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.voided",
];
