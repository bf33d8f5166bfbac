//! Changes subscriptions: the parameters of a change, and its requests.
//!
//! The requests are written by hand, as in `subscriptions`. Each step of an operation has an
//! idempotency key of its own, made of the operation: a repeat after a lost answer is no second
//! change.

use serde::{Serialize, Serializer};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{
    Stripe, StripeError,
    answers::read,
    current_subscription::{LiveSubscription, NeededPayment},
};

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
