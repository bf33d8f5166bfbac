//! The current state of a subscription, as far as it decides about a change, and the payment that a
//! change waits for.

use serde::Deserialize;

use super::{Redacted, Stripe, StripeError};
use crate::subscription::{has_ended, objects::List};

/// A subscription at Stripe, as far as it decides about a change.
#[derive(Clone, Debug, Deserialize)]
pub struct LiveSubscription {
    /// `sub_…`
    pub id: String,
    /// Stripe's status.
    pub status: String,
    /// Three lower-case letters.
    pub currency: String,
    /// Its items; the list may have further pages.
    pub items: List<LiveItem>,
    /// The time at which it ends, where that is scheduled.
    pub cancel_at: Option<i64>,
    /// True when it ends with the current period.
    #[serde(default)]
    pub cancel_at_period_end: bool,
    /// `charge_automatically` or `send_invoice`.
    pub collection_method: Option<String>,
    pause_collection: Option<Anything>,
    pending_update: Option<PendingUpdate>,
    /// `sub_sched_…`, while a schedule changes it later.
    pub schedule: Option<String>,
    latest_invoice: Option<LatestInvoice>,
}

/// An item of a subscription.
#[derive(Clone, Debug, Deserialize)]
pub struct LiveItem {
    /// `si_…`
    pub id: String,
    /// Its price.
    pub price: LivePrice,
    /// The quantity; `None` for a metered price.
    pub quantity: Option<i64>,
    /// The end of its current period, in Unix seconds.
    pub current_period_end: Option<i64>,
}

/// The price of an item.
#[derive(Clone, Debug, Deserialize)]
pub struct LivePrice {
    /// `price_…`
    pub id: String,
    /// `prod_…`
    pub product: String,
    /// The price of one, in minor units; `None` where tiers or fractions make it.
    pub unit_amount: Option<i64>,
    /// The billing rhythm.
    pub recurring: Option<Rhythm>,
}

/// The billing rhythm of a recurring price.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Rhythm {
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    /// The number of intervals between two invoices.
    pub interval_count: i64,
    /// `licensed`, by quantity, or `metered`, by usage.
    pub usage_type: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Anything {}

#[derive(Clone, Debug, Deserialize)]
struct PendingUpdate {
    expires_at: Option<i64>,
}

/// The latest invoice: expanded after a change, else its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum LatestInvoice {
    Expanded(OpenInvoice),
    Id(#[expect(dead_code, reason = "it tells the two apart")] String),
}

#[derive(Clone, Debug, Deserialize)]
struct OpenInvoice {
    status: Option<String>,
    amount_due: i64,
    currency: String,
    hosted_invoice_url: Option<String>,
    confirmation_secret: Option<ConfirmationSecret>,
}

#[derive(Clone, Debug, Deserialize)]
struct ConfirmationSecret {
    client_secret: Redacted,
}

/// A payment without which a change is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededPayment {
    /// The client secret with which Stripe.js completes it.
    pub client_secret: Option<Redacted>,
    /// In minor units of `currency`.
    pub amount_due: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// Stripe's page of the invoice.
    pub hosted_url: Option<String>,
    /// The time at which the change is given up, in Unix seconds.
    pub expires_at: Option<i64>,
}

impl LiveSubscription {
    /// True when it is over for good.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        has_ended(&self.status)
    }

    /// True while its payments are not collected.
    #[must_use]
    pub fn is_collection_paused(&self) -> bool {
        self.pause_collection.is_some()
    }

    /// True when a change waits for its payment.
    #[must_use]
    pub fn has_pending_change(&self) -> bool {
        self.pending_update.is_some()
    }

    /// The payment that its latest change or resumption waits for.
    pub(super) fn needed_payment(&self) -> Option<NeededPayment> {
        let Some(LatestInvoice::Expanded(invoice)) = &self.latest_invoice else {
            return None;
        };
        let waits = self.has_pending_change() || self.status == "paused";
        if invoice.status.as_deref() != Some("open") || !waits {
            return None;
        }
        let secret = invoice.confirmation_secret.as_ref();
        Some(NeededPayment {
            client_secret: secret.map(|secret| secret.client_secret.clone()),
            amount_due: invoice.amount_due,
            currency: invoice.currency.clone(),
            hosted_url: invoice.hosted_invoice_url.clone(),
            expires_at: self.pending_update.as_ref().and_then(|it| it.expires_at),
        })
    }
}

impl Stripe {
    /// The subscription with `id`, as far as it decides about a change.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn current_subscription(&self, id: &str) -> Result<LiveSubscription, StripeError> {
        self.get(format!("/subscriptions/{id}"), String::new())
            .await
    }
}
