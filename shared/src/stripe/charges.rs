//! The charges of a payment intent.

use stripe::StripeRequest as _;
use stripe_core::charge::ListCharge;

use super::{Stripe, StripeError};
use crate::event::FailedCharge;

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

impl Stripe {
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
