//! The types of events, in one place: what is acted on, what an endpoint has to be subscribed to,
//! and what is asked for where events are listed.

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

/// The types among them that an endpoint is to be subscribed to. The others tell nothing that these
/// do not, or nothing about how these payments are made.
pub const NEEDED: [&str; 21] = [
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

/// The types among them that are asked for where Stripe lists events, since it filters by twenty at
/// most: that a payer has to act is of no interest any more when a list shows it.
pub static LISTED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let is_listed = |kind: &&str| *kind != "payment_intent.requires_action";
    NEEDED.into_iter().filter(is_listed).collect()
});
