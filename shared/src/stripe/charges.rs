//! The charges of a payment intent, and its invoice.

use stripe::StripeRequest as _;
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_core::{
    charge::{ListCharge, RetrieveCharge},
    payment_intent::RetrievePaymentIntent,
};

use super::{Stripe, StripeError};
use crate::event::{FailedCharge, PaidCharge, PaidInvoice};

/// Stripe's largest page, the newest first: as many failed charges as an order keeps.
const PAGE: i64 = 100;

#[derive(miniserde::Deserialize)]
struct Page {
    data: Vec<Listed>,
}

#[derive(miniserde::Deserialize)]
struct Listed {
    id: String,
    created: i64,
    status: Option<String>,
}

/// A payment intent with its charge, which was asked for with it.
#[derive(miniserde::Deserialize)]
struct WithCharge {
    latest_charge: Option<PaidCharge>,
}

impl Stripe {
    /// The charge with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn charge(&self, id: &str) -> Result<PaidCharge, StripeError> {
        let request = RetrieveCharge::new(id).build();
        request.customize().send(self).await
    }

    /// The invoice with `id`, with its payments. The request is written by hand: its builder is in
    /// a crate of which nothing else is used.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn invoice(&self, id: &str) -> Result<PaidInvoice, StripeError> {
        let request = RequestBuilder {
            query: Some("expand[]=payments".to_owned()),
            ..RequestBuilder::new(StripeMethod::Get, format!("/invoices/{id}"))
        };
        request.customize().send(self).await
    }

    /// The latest charge of `intent`; empty where there is none.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn charge_of_intent(&self, intent: &str) -> Result<PaidCharge, StripeError> {
        let request = RetrievePaymentIntent::new(intent).expand(["latest_charge".to_owned()]);
        let found: WithCharge = request.build().customize().send(self).await?;
        Ok(found.latest_charge.unwrap_or_default())
    }

    /// The newest failed charges of `intent`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return them.
    pub async fn failed_charges(&self, intent: &str) -> Result<Vec<FailedCharge>, StripeError> {
        let list = ListCharge::new().payment_intent(intent).limit(PAGE);
        let page: Page = list.build().customize().send(self).await?;
        let failed = |charge: &Listed| charge.status.as_deref() == Some("failed");
        let charges = page.data.into_iter().filter(failed);
        Ok(charges
            .map(|Listed { id, created, .. }| FailedCharge { id, created })
            .collect())
    }
}
