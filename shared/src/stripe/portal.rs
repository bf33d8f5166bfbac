//! Sessions of the billing portal.
//!
//! The request is written by hand: its builder is in a crate for the whole of Stripe Billing, of
//! which nothing else is used.

use serde::Serialize;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Redacted, Stripe, StripeError, keys::one_call};

#[derive(Serialize)]
struct OpenPortal<'a> {
    customer: &'a str,
    return_url: &'a str,
}

#[derive(miniserde::Deserialize)]
struct Session {
    customer: String,
    url: Redacted,
}

impl Stripe {
    /// Opens the portal of `customer`, which leads back to `return_url`; returns its URL.
    ///
    /// Every call opens a session of its own, which its attempts share.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_about_a_missing_customer`] when the customer no longer
    /// exists, [`StripeError::PortalNotConfigured`] when the portal has no settings at Stripe.
    pub async fn open_portal(
        &self,
        customer: &str,
        return_url: &str,
    ) -> Result<Redacted, StripeError> {
        let asked = OpenPortal {
            customer,
            return_url,
        };
        let request =
            RequestBuilder::new(StripeMethod::Post, "/billing_portal/sessions").form(&asked);
        let call = one_call();
        let key = ["portal", &call];
        let session: Result<Session, StripeError> = self.make(request, &key).await;
        match session {
            Ok(session) if session.customer == customer => Ok(session.url),
            Ok(_) => Err(StripeError::Differs("customer")),
            // For a wrong customer or URL, Stripe would name the parameter.
            Err(StripeError::Refused(refusal)) if refusal.names_nothing() => {
                Err(StripeError::PortalNotConfigured)
            }
            Err(failure) => Err(failure),
        }
    }
}
