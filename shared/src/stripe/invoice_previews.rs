//! Previews the invoice that a change of a subscription would make.

use serde::{Deserialize, Serialize};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Stripe, StripeError, answers::read, keys, subscription_changes::ItemChange};
use crate::subscription::objects::List;

/// A change to preview; the fields are those of [`SubscriptionUpdate`](super::SubscriptionUpdate).
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

impl Stripe {
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
        let call = keys::one_call();
        let key = keys::key_of(&["preview", &call], 0);
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
}
