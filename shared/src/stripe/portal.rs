//! Sessions of the billing portal.
//!
//! The request is written here by hand: its builder is in a crate of all of Stripe's billing, of which
//! nothing else is used.

use std::fmt;

use serde::Serialize;
use stripe::RequestStrategy;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Failure, Stripe, intents::key_of};

/// Where a customer's portal is; whoever has it can see and change what the portal shows.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PortalUrl(String);

impl fmt::Debug for PortalUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[derive(Serialize)]
struct OpenPortal<'a> {
    customer: &'a str,
    return_url: &'a str,
}

#[derive(miniserde::Deserialize)]
struct Session {
    customer: String,
    url: String,
}

impl Stripe {
    /// Opens the portal of `customer`, which leads back to `return_url`. Every call opens a session of its
    /// own, which its attempts share.
    ///
    /// # Errors
    ///
    /// [`Failure`]; [`Failure::is_about_a_missing_customer`] when there is no such customer any more.
    pub async fn open_portal(
        &self,
        customer: &str,
        return_url: &str,
    ) -> Result<PortalUrl, Failure> {
        let call = format!("{:032x}", fastrand::u128(..));
        let asked = OpenPortal {
            customer,
            return_url,
        };
        let session: Session = RequestBuilder::new(StripeMethod::Post, "/billing_portal/sessions")
            .form(&asked)
            .customize()
            .request_strategy(RequestStrategy::Idempotent(key_of(&["portal", &call])))
            .send(self)
            .await?;
        match session.customer == customer {
            true => Ok(PortalUrl(session.url)),
            false => Err(Failure::Differs("customer")),
        }
    }
}
