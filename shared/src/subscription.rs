//! Subscriptions: the stored copy of each, what changed between two copies, and what a caller may
//! use by them; pure.
//!
//! The truth is Stripe's. Farebox fetches a subscription whenever an event may have changed it, and
//! compares the copy before with the copy after: no state comes from an event's body.
//!
//! Read in this order: [`objects`] are Stripe's; a [`Subscription`] is the copy; [`change`]
//! compares two; [`access`] tells what a caller may use; [`notification`] tells the site.

pub mod access;
pub mod change;
pub mod notification;
pub mod objects;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    access::{BillingAccount, Grace},
    change::{Reason, SubscriptionEvent, changes},
};
use crate::ids::CallerId;

/// The most invoices of a subscription that a copy holds, the latest first.
pub const INVOICES: usize = 10;

/// The copy of a subscription at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// `sub_…`
    pub id: String,
    /// The caller whose it is.
    pub owner: CallerId,
    /// `cus_…`
    pub customer: String,
    /// Stripe's status; an unknown one gives no access.
    pub status: String,
    /// What is subscribed to.
    pub items: Vec<Item>,
    /// Three lower-case letters.
    pub currency: String,
    /// The current period, from the items; `None` for one without items.
    pub period: Option<Period>,
    /// The time at which it ends, where that is scheduled, in Unix seconds.
    pub cancel_at: Option<i64>,
    /// True when it ends with the current period.
    pub cancel_at_period_end: bool,
    /// The end of its trial, in Unix seconds.
    pub trial_end: Option<i64>,
    /// The pause in its collection of payments, if it has one.
    pub pause: Option<Pause>,
    /// The time at which it was created, in Unix seconds.
    pub created: i64,
    /// The time at which it ended, in Unix seconds.
    pub ended_at: Option<i64>,
    /// The time since which an invoice is unpaid, in Unix seconds, while it is `past_due`.
    pub past_due_since: Option<i64>,
    /// `in_…`, the latest invoice.
    pub latest_invoice: Option<String>,
    /// The latest invoices, the latest first: at most [`INVOICES`].
    pub invoices: Vec<Invoice>,
    /// `sub_sched_…`, while a schedule changes it later.
    pub schedule: Option<String>,
    /// The start of the latest period of whose beginning the site was notified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_period: Option<i64>,
    /// The end of the trial of which the site was notified that it is near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_ending_notified: Option<i64>,
}

/// One price of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubscriptionItem)]
pub struct Item {
    /// `si_…`
    pub id: String,
    /// `price_…`
    pub price: String,
    /// The price's lookup key.
    pub lookup_key: Option<String>,
    /// `prod_…`
    pub product: String,
    /// The product's name.
    pub product_name: Option<String>,
    /// The quantity, such as seats; `None` for a metered price.
    pub quantity: Option<i64>,
    /// The price of one, in minor units; `None` where tiers or fractions make it.
    pub unit_amount: Option<i64>,
    /// `day`, `week`, `month` or `year`.
    pub interval: Option<String>,
    /// The number of intervals between two invoices.
    pub interval_count: Option<i64>,
}

/// A period of service, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its start.
    pub start: i64,
    /// Its end.
    pub end: i64,
}

/// A pause in the collection of payments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// `keep_as_draft`, `mark_uncollectible` or `void`: what happens to invoices meanwhile.
    pub behavior: String,
    /// The time at which it ends by itself, in Unix seconds.
    pub resumes_at: Option<i64>,
}

/// An invoice of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// `in_…`
    pub id: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: String,
    /// Stripe's reason for it, such as `subscription_cycle`.
    pub billing_reason: Option<String>,
    /// The amount due, in minor units of `currency`.
    pub amount_due: i64,
    /// The paid amount, in minor units.
    pub amount_paid: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// The time at which it was created, in Unix seconds.
    pub created: i64,
    /// The time at which it was finalized, in Unix seconds.
    pub finalized_at: Option<i64>,
    /// Stripe's page of it; who has the address can see and pay it.
    pub hosted_url: Option<String>,
    /// The time of the next attempt to collect it, in Unix seconds.
    pub next_attempt: Option<i64>,
    /// The number of attempts to collect it.
    pub attempts: i64,
    /// The number of attempts at the latest one that waits for the payer, such as for 3-D Secure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_required_at: Option<i64>,
}

impl Invoice {
    /// True when it waits for money.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == "open"
    }

    /// True when it is paid.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status == "paid"
    }
}

/// True of Stripe's status of a subscription that is over for good.
#[must_use]
pub fn has_ended(status: &str) -> bool {
    matches!(status, "canceled" | "incomplete_expired")
}

impl Subscription {
    /// True when it began: its first invoice was paid, or its trial started.
    #[must_use]
    pub fn has_started(&self) -> bool {
        !matches!(self.status.as_str(), "incomplete" | "incomplete_expired")
    }

    /// True when it is over for good.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        has_ended(&self.status)
    }

    /// True when no payment is missing.
    #[must_use]
    pub fn is_in_good_standing(&self) -> bool {
        matches!(self.status.as_str(), "active" | "trialing")
    }

    /// The time at which it ends by schedule, in Unix seconds.
    #[must_use]
    pub fn scheduled_end(&self) -> Option<i64> {
        let at_period_end = self.cancel_at_period_end.then_some(self.period);
        let end = self.cancel_at.or(at_period_end.flatten().map(|p| p.end));
        end.filter(|_| !self.has_ended())
    }

    /// True while payments are not collected, or service is paused for lack of a payment method.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.pause.is_some() || self.status == "paused"
    }

    /// The latest invoice.
    #[must_use]
    pub fn latest_invoice(&self) -> Option<&Invoice> {
        let id = self.latest_invoice.as_ref()?;
        self.invoices.iter().find(|invoice| invoice.id == *id)
    }
}
