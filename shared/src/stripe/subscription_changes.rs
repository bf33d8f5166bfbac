//! Changes subscriptions, and previews what a change costs.
//!
//! The requests are written by hand, as in `subscriptions`. Each step of an operation has an
//! idempotency key of its own, made of the operation: a repeat after a lost answer is no second
//! change.

use serde::{Deserialize, Serialize, Serializer};
use stripe_client_core::{RequestBuilder, StripeMethod};

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

#[derive(Clone, Deserialize)]
struct ConfirmationSecret {
    client_secret: String,
}

impl std::fmt::Debug for ConfirmationSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
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
    fn needed_payment(&self) -> Option<NeededPayment> {
        let Some(LatestInvoice::Expanded(invoice)) = &self.latest_invoice else {
            return None;
        };
        let waits = self.has_pending_change() || self.status == "paused";
        if invoice.status.as_deref() != Some("open") || !waits {
            return None;
        }
        let secret = invoice.confirmation_secret.as_ref();
        Some(NeededPayment {
            client_secret: secret.map(|secret| Redacted::new(secret.client_secret.clone())),
            amount_due: invoice.amount_due,
            currency: invoice.currency.clone(),
            hosted_url: invoice.hosted_invoice_url.clone(),
            expires_at: self.pending_update.as_ref().and_then(|it| it.expires_at),
        })
    }
}

/// Another price or quantity of an item.
#[derive(Clone, Debug, Serialize)]
pub struct ItemChange<'a> {
    /// `si_…`
    pub id: &'a str,
    /// `price_…`, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<&'a str>,
    /// The quantity, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
}

/// A change of a subscription, in Stripe's parameters.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SubscriptionUpdate<'a> {
    /// The changed item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<[ItemChange<'a>; 1]>,
    /// What becomes of the rest of the current period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proration_behavior: Option<&'a str>,
    /// What happens when the payment does not succeed at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_behavior: Option<&'a str>,
    /// True when it ends with the current period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_at_period_end: Option<bool>,
    /// Empty: no end is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_at: Option<&'a str>,
    /// The pause in the collection of payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_collection: Option<PauseCollection<'a>>,
}

/// A pause in the collection of payments, or its end.
#[derive(Clone, Debug)]
pub enum PauseCollection<'a> {
    /// Payments are collected again.
    End,
    /// They are not collected.
    Start {
        /// What happens to invoices meanwhile.
        behavior: &'a str,
        /// The time at which it ends by itself, in Unix seconds.
        resumes_at: Option<i64>,
    },
}

impl Serialize for PauseCollection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Start<'a> {
            behavior: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            resumes_at: Option<i64>,
        }
        match *self {
            Self::End => serializer.serialize_str(""),
            Self::Start {
                behavior,
                resumes_at,
            } => Start {
                behavior,
                resumes_at,
            }
            .serialize(serializer),
        }
    }
}

/// A change to preview; the fields are those of [`SubscriptionUpdate`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct PreviewedChange<'a> {
    /// The changed item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<[ItemChange<'a>; 1]>,
    /// What becomes of the rest of the current period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proration_behavior: Option<&'a str>,
    /// True when it ends with the current period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_at_period_end: Option<bool>,
    /// Empty: no end is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_at: Option<&'a str>,
    /// `now`: a paused subscription resumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_at: Option<&'a str>,
}

/// An invoice that does not exist, and would.
#[derive(Clone, Debug, Deserialize)]
pub struct PreviewedInvoice {
    /// In minor units of `currency`.
    pub amount_due: i64,
    /// The sum of its lines with tax and discounts; negative for a credit.
    pub total: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// Its lines; the list may have further pages.
    pub lines: List<PreviewedLine>,
}

/// A line of a previewed invoice.
#[derive(Clone, Debug, Deserialize)]
pub struct PreviewedLine {
    /// Stripe's text.
    pub description: Option<String>,
    /// In minor units; negative for a credit.
    pub amount: i64,
    /// The quantity.
    pub quantity: Option<i64>,
    /// The billed period.
    pub period: LinePeriod,
    parent: Option<LineParent>,
    pricing: Option<LinePricing>,
}

/// The billed period of a line, in Unix seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct LinePeriod {
    /// Its start.
    pub start: i64,
    /// Its end.
    pub end: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct LineParent {
    subscription_item_details: Option<Prorated>,
    invoice_item_details: Option<Prorated>,
}

#[derive(Clone, Debug, Deserialize)]
struct Prorated {
    #[serde(default)]
    proration: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct LinePricing {
    price_details: Option<PriceDetails>,
}

#[derive(Clone, Debug, Deserialize)]
struct PriceDetails {
    price: Option<String>,
}

impl PreviewedLine {
    /// True for a part of a period.
    #[must_use]
    pub fn is_proration(&self) -> bool {
        let parent = self.parent.as_ref();
        let of = |parent: &LineParent| {
            let details = [
                &parent.subscription_item_details,
                &parent.invoice_item_details,
            ];
            details.into_iter().flatten().any(|one| one.proration)
        };
        parent.is_some_and(of)
    }

    /// `price_…`
    #[must_use]
    pub fn price(&self) -> Option<&str> {
        let pricing = self.pricing.as_ref()?;
        pricing.price_details.as_ref()?.price.as_deref()
    }
}

#[derive(Serialize)]
struct Preview<'a> {
    subscription: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview_mode: Option<&'a str>,
    subscription_details: &'a PreviewedChange<'a>,
}

/// The answer to a change is wanted with the payment that it needs.
#[derive(Serialize)]
struct WithPayment<'a, T> {
    #[serde(flatten)]
    params: &'a T,
    expand: [&'static str; 1],
}

#[derive(Serialize)]
struct Nothing {}

const PAYMENT: &str = "latest_invoice.confirmation_secret";

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

    /// Changes the subscription with `id`; returns the payment without which Stripe does not. A
    /// repeat of `operation` changes nothing more.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not.
    pub async fn update_subscription(
        &self,
        id: &str,
        params: &SubscriptionUpdate<'_>,
        operation: &[&str],
    ) -> Result<Option<NeededPayment>, StripeError> {
        self.change(format!("/subscriptions/{id}"), params, operation)
            .await
    }

    /// Resumes the paused subscription with `id`; returns the payment without which Stripe does
    /// not.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not.
    pub async fn resume_subscription(
        &self,
        id: &str,
        operation: &[&str],
    ) -> Result<Option<NeededPayment>, StripeError> {
        let path = format!("/subscriptions/{id}/resume");
        self.change(path, &Nothing {}, operation).await
    }

    /// Cancels the subscription with `id` now, and pays nothing back. One that ended stays as it
    /// is.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not.
    pub async fn cancel_subscription(&self, id: &str) -> Result<(), StripeError> {
        let path = format!("/subscriptions/{id}");
        let request = RequestBuilder::new(StripeMethod::Delete, path);
        match self.call(&request, None).await {
            Ok(_) => Ok(()),
            // The answer of an earlier attempt may be lost.
            Err(failure @ StripeError::Refused(_)) if !failure.is_auth() => {
                match self.current_subscription(id).await?.has_ended() {
                    true => Ok(()),
                    false => Err(failure),
                }
            }
            Err(failure) => Err(failure),
        }
    }

    /// The invoice that `change` of the subscription with `id` would make: the next one, or, where
    /// `is_recurring`, that of a whole period after it. `None` where there would be none.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn preview_invoice(
        &self,
        id: &str,
        change: &PreviewedChange<'_>,
        is_recurring: bool,
    ) -> Result<Option<PreviewedInvoice>, StripeError> {
        let params = Preview {
            subscription: id,
            preview_mode: is_recurring.then_some("recurring"),
            subscription_details: change,
        };
        let request = RequestBuilder::new(StripeMethod::Post, "/invoices/create_preview");
        let call = super::keys::one_call();
        let key = super::keys::key_of(&["preview", &call], 0);
        match self.call(&request.form(&params), Some(&key)).await {
            Ok(answer) => read(&answer).map(Some),
            Err(StripeError::Refused(refusal))
                if refusal.code.as_deref() == Some("invoice_upcoming_none") =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    async fn change<T: Serialize>(
        &self,
        path: String,
        params: &T,
        operation: &[&str],
    ) -> Result<Option<NeededPayment>, StripeError> {
        let form = WithPayment {
            params,
            expand: [PAYMENT],
        };
        let request = RequestBuilder::new(StripeMethod::Post, path).form(&form);
        let answer = self.send(&request, operation).await?;
        let subscription: LiveSubscription = read(&answer)?;
        Ok(subscription.needed_payment())
    }
}

/// Reads an answer of Stripe.
pub(super) fn read<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<T, StripeError> {
    serde_json::from_slice(answer).map_err(|error| StripeError::Undecodable(error.to_string()))
}
