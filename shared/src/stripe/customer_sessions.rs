//! Customer sessions: the access of the site's form to a customer's saved payment methods.
//!
//! The request is written by hand: its builder is in a crate of which nothing else is used.

use std::time::Duration;

use serde::Serialize;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Redacted, Stripe, StripeError, keys::one_call};

/// The longest wait for a session: a payer can pay without saved cards.
const DEADLINE: Duration = Duration::from_secs(3);

#[derive(miniserde::Deserialize)]
struct CustomerSession {
    customer: String,
    client_secret: Redacted,
}

#[derive(Serialize)]
struct Open<'a> {
    customer: &'a str,
    components: Components<'a>,
}

#[derive(Serialize)]
struct Components<'a> {
    payment_element: PaymentElement<'a>,
}

#[derive(Serialize)]
struct PaymentElement<'a> {
    enabled: bool,
    features: Features<'a>,
}

#[derive(Serialize)]
struct Features<'a> {
    payment_method_redisplay: &'a str,
    payment_method_remove: &'a str,
    payment_method_save: &'a str,
    payment_method_save_usage: &'a str,
}

/// The Payment Element shows the saved payment methods whose payers agreed, lets them be removed,
/// and has a box to save another one.
const PAYMENT_ELEMENT: PaymentElement<'static> = PaymentElement {
    enabled: true,
    features: Features {
        payment_method_redisplay: "enabled",
        payment_method_remove: "enabled",
        payment_method_save: "enabled",
        payment_method_save_usage: "off_session",
    },
};

impl Stripe {
    /// Opens a session of `customer` for the Payment Element, which lasts half an hour; returns its
    /// secret for Stripe.js. `None`, with a warning, where Stripe does not open one in time: a
    /// payment does not wait for it.
    pub async fn open_customer_session(&self, customer: &str) -> Option<Redacted> {
        let brief = self.clone().with_deadline(DEADLINE);
        match brief.customer_session(customer).await {
            Ok(session) => Some(session.client_secret),
            Err(failure) => {
                tracing::warn!(
                    customer.id = customer,
                    cause = %failure,
                    "Stripe opens no customer session: the payer's form shows no saved cards"
                );
                None
            }
        }
    }

    async fn customer_session(&self, customer: &str) -> Result<CustomerSession, StripeError> {
        let asked = Open {
            customer,
            components: Components {
                payment_element: PAYMENT_ELEMENT,
            },
        };
        let request = RequestBuilder::new(StripeMethod::Post, "/customer_sessions").form(&asked);
        let key = ["customer session", &one_call()];
        let session: CustomerSession = self.make(request, &key).await?;
        match session.customer == customer {
            true => Ok(session),
            false => Err(StripeError::Differs("customer")),
        }
    }
}
