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
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_data: Option<FlowData<'a>>,
}

/// The one change to which the portal leads straight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalFlow<'a> {
    /// The end of this subscription, `sub_…`.
    Cancel(&'a str),
    /// Another plan for this subscription, `sub_…`.
    Change(&'a str),
    /// Another payment method.
    PaymentMethod,
}

#[derive(Serialize)]
struct FlowData<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    after_completion: AfterCompletion<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_cancel: Option<OfSubscription<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_update: Option<OfSubscription<'a>>,
}

#[derive(Serialize)]
struct AfterCompletion<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    redirect: Redirect<'a>,
}

#[derive(Serialize)]
struct Redirect<'a> {
    return_url: &'a str,
}

#[derive(Serialize)]
struct OfSubscription<'a> {
    subscription: &'a str,
}

impl<'a> PortalFlow<'a> {
    /// The flow in Stripe's parameters; after it, the browser returns to `return_url`.
    fn data(self, return_url: &'a str) -> FlowData<'a> {
        let of = |subscription| Some(OfSubscription { subscription });
        let (kind, subscription_cancel, subscription_update) = match self {
            Self::Cancel(id) => ("subscription_cancel", of(id), None),
            Self::Change(id) => ("subscription_update", None, of(id)),
            Self::PaymentMethod => ("payment_method_update", None, None),
        };
        FlowData {
            kind,
            after_completion: AfterCompletion {
                kind: "redirect",
                redirect: Redirect { return_url },
            },
            subscription_cancel,
            subscription_update,
        }
    }
}

#[derive(miniserde::Deserialize)]
struct Session {
    customer: String,
    url: Redacted,
}

impl Stripe {
    /// Opens the portal of `customer`, or one flow of it, which leads back to `return_url`; returns
    /// its URL.
    ///
    /// Every call opens a session of its own, which its attempts share.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_about_a_missing_customer`] when the customer no longer
    /// exists, [`StripeError::PortalNotConfigured`] when the portal has no settings at Stripe,
    /// [`StripeError::FlowRefused`] when those do not allow the flow.
    pub async fn open_portal(
        &self,
        customer: &str,
        return_url: &str,
        flow: Option<PortalFlow<'_>>,
    ) -> Result<Redacted, StripeError> {
        let asked = OpenPortal {
            customer,
            return_url,
            flow_data: flow.map(|flow| flow.data(return_url)),
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
            Err(StripeError::Refused(refusal)) if refusal.is_about_a_flow() => {
                Err(StripeError::FlowRefused)
            }
            Err(failure) => Err(failure),
        }
    }
}
