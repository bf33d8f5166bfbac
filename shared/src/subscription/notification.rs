//! What the site is notified of: the whole copy, and what the caller may use.

use serde::Serialize;
use utoipa::ToSchema;

use super::{BillingAccount, Grace, Invoice, Item, Pause, Subscription};
use crate::{
    event::{Dispute, Payer, Refund},
    message_types::message_types,
};

/// A subscription, as the site sees it. Times are Unix seconds, amounts in minor units of
/// `currency`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscription)]
pub struct SubscriptionView {
    /// `sub_…`
    pub id: String,
    /// Stripe's status: `trialing`, `active`, `past_due`, `unpaid`, `paused`, `canceled`,
    /// `incomplete` or `incomplete_expired`.
    pub status: String,
    /// The prices and quantities.
    pub items: Vec<Item>,
    /// Three lower-case letters.
    pub currency: String,
    /// The end of the current period: the next payment, unless it ends.
    pub current_period_end: Option<i64>,
    /// The time at which it ends, where that is scheduled.
    pub cancel_at: Option<i64>,
    /// True when it ends with the current period.
    pub cancel_at_period_end: bool,
    /// The end of its trial.
    pub trial_end: Option<i64>,
    /// The pause in the collection of payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// True while a change is scheduled, such as another price from the next period on.
    pub has_scheduled_change: bool,
    /// The time at which it was created.
    pub created_at: i64,
    /// The time at which it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<i64>,
    /// The time since which a payment is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub past_due_since: Option<i64>,
    /// The latest invoice.
    pub latest_invoice: Option<InvoiceView>,
}

/// An invoice, as the site sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invoice)]
pub struct InvoiceView {
    /// `in_…`
    pub id: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: String,
    /// Stripe's reason for it, such as `subscription_cycle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_reason: Option<String>,
    /// The amount due.
    pub amount_due: i64,
    /// The paid amount.
    pub amount_paid: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// The time at which it was created.
    pub created_at: i64,
    /// Stripe's page of it, on which it can be paid.
    pub hosted_url: Option<String>,
    /// The time of the next attempt to collect it.
    pub next_attempt: Option<i64>,
}

impl From<&Invoice> for InvoiceView {
    fn from(invoice: &Invoice) -> Self {
        Self {
            id: invoice.id.clone(),
            status: invoice.status.clone(),
            billing_reason: invoice.billing_reason.clone(),
            amount_due: invoice.amount_due,
            amount_paid: invoice.amount_paid,
            currency: invoice.currency.clone(),
            created_at: invoice.created,
            hosted_url: invoice.hosted_url.clone(),
            next_attempt: invoice.next_attempt,
        }
    }
}

impl From<&Subscription> for SubscriptionView {
    fn from(of: &Subscription) -> Self {
        Self {
            id: of.id.clone(),
            status: of.status.clone(),
            items: of.items.clone(),
            currency: of.currency.clone(),
            current_period_end: of.period.map(|period| period.end),
            cancel_at: of.cancel_at,
            cancel_at_period_end: of.cancel_at_period_end,
            trial_end: of.trial_end,
            pause: of.pause.clone(),
            has_scheduled_change: of.schedule.is_some(),
            created_at: of.created,
            ended_at: of.ended_at,
            past_due_since: of.past_due_since,
            latest_invoice: of.latest_invoice().map(InvoiceView::from),
        }
    }
}

/// The data of a notification about a subscription or an invoice of one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionData {
    /// `sub_…`
    pub subscription_id: String,
    /// The version of the copy; a higher one is later.
    pub version: i64,
    /// The caller.
    pub customer: String,
    /// The copy.
    pub subscription: SubscriptionView,
    /// The invoice that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub invoice: Option<InvoiceView>,
    /// What the caller may use.
    #[serde(flatten)]
    pub access: AccessData,
    /// Who pays, as Stripe has them, unless `FAREBOX_PAYER=omit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payer: Option<Payer>,
}

message_types! {
    /// A notification about money of an invoice that goes back to the payer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum ReversalEvent {
        /// A refund of an invoice, once for each of its statuses.
        Refunded = "invoice.refunded",
        /// A dispute of an invoice's payment, once for each of its statuses.
        Disputed = "invoice.disputed",
    }
}

/// The data of a notification about money of an invoice that goes back to the payer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReversalData {
    /// `sub_…`
    pub subscription_id: String,
    /// The version of the copy.
    pub version: i64,
    /// The caller.
    pub customer: String,
    /// `in_…`
    pub invoice_id: String,
    /// The invoice, while it is among the latest of its subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub invoice: Option<InvoiceView>,
    /// The refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refund: Option<RefundView>,
    /// The dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dispute: Option<DisputeView>,
    /// The copy.
    pub subscription: SubscriptionView,
    /// What the caller may use.
    #[serde(flatten)]
    pub access: AccessData,
}

/// A refund of an invoice, as the site sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = InvoiceRefund)]
pub struct RefundView {
    /// `re_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// Stripe's status.
    #[schema(required)]
    pub status: Option<String>,
}

impl From<&Refund> for RefundView {
    fn from(refund: &Refund) -> Self {
        Self {
            id: refund.id.clone(),
            amount: refund.amount,
            currency: refund.currency.clone(),
            status: refund.status.clone(),
        }
    }
}

/// A dispute of an invoice's payment, as the site sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InvoiceDispute)]
pub struct DisputeView {
    /// `dp_…`
    pub id: String,
    /// In minor units of `currency`.
    #[schema(required)]
    pub amount: Option<i64>,
    /// Three lower-case letters.
    #[schema(required)]
    pub currency: Option<String>,
    /// Stripe's status.
    pub status: String,
    /// The bank's reason.
    #[schema(required)]
    pub reason: Option<String>,
    /// The deadline for evidence, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub evidence_due_by: Option<i64>,
}

impl From<&Dispute> for DisputeView {
    fn from(dispute: &Dispute) -> Self {
        let due_by = dispute.evidence_details.as_ref();
        let due_by = due_by.and_then(|evidence| evidence.due_by);
        Self {
            id: dispute.id.clone(),
            amount: dispute.amount,
            currency: dispute.currency.clone(),
            status: dispute.status.clone(),
            reason: dispute.reason.clone(),
            evidence_due_by: due_by.filter(|at| *at > 0),
        }
    }
}

/// What a caller may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccessData {
    /// The keys of what they may use, in alphabetical order.
    pub entitlements: Vec<String>,
    /// True when a subscription is live.
    pub active: bool,
}

/// The data of `entitlements.changed`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntitlementsData {
    /// The version of the caller's billing account; a higher one is later.
    pub version: i64,
    /// The caller.
    pub customer: String,
    /// What they may use now.
    #[serde(flatten)]
    pub access: AccessData,
}

impl AccessData {
    /// What the caller of `account` may use at `now` (Unix seconds).
    #[must_use]
    pub fn of(account: &BillingAccount, now: i64, grace: Grace) -> Self {
        let access = account.access(now, grace);
        let entitlements = access.entitlements.into_iter();
        Self {
            entitlements: entitlements.map(str::to_owned).collect(),
            active: access.is_active,
        }
    }
}
