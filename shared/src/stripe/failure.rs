//! The reasons why a call to Stripe fails.
//!
//! Stripe's own messages stay out: one for a restricted key quotes the key and the account. The
//! request id finds the message in Stripe's dashboard.

use hyper::StatusCode;
use serde::Deserialize;

use super::meters;

use crate::{
    cause::Cause,
    checkout::CheckoutOptions,
    error::{Error, payer_code},
    secrets::{Missing, Unreadable},
};

/// The reason why a call returned no usable answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StripeError {
    /// The bank declined. `code` is the decline code, or Stripe's code where there is none.
    #[error("the bank declined with {code} (request {})", or_none(.request_id))]
    Declined {
        /// Such as `insufficient_funds`; `generic_decline` where Stripe gave no code.
        code: String,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
    },
    /// Stripe rejected the request, and would reject it again.
    #[error("Stripe refused: {0}")]
    Refused(ApiError),
    /// Stripe did not answer in time, or the answer was not Stripe's.
    #[error("Stripe gave no usable answer (status {status:?}, request {})", or_none(.request_id))]
    Unanswered {
        /// The status received, if any.
        status: Option<u16>,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
        /// The cause.
        #[source]
        cause: Cause,
    },
    /// Stripe stored a failure under the request's key, and replays it for a day. That key is used
    /// up, and whether it created an object is unknown. The next key may create it, after a look at
    /// what exists.
    #[error("Stripe replays a failure (status {status}, request {})", or_none(.request_id))]
    Replayed {
        /// The stored status.
        status: u16,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
    },
    /// The answer lacks the fields in use.
    #[error("Stripe's answer cannot be read: {0}")]
    Undecodable(String),
    /// The answer does not match the request; the text names the difference.
    #[error("Stripe's answer has another {0} than the request")]
    Differs(&'static str),
    /// The object is not Farebox's to change; the text names it.
    #[error("the {0} was not made by Farebox")]
    Foreign(&'static str),
    /// A price of the order has another amount by now: the shop may change those in further
    /// currencies.
    #[error("a price of the order has another amount at Stripe by now")]
    Repriced,
    /// The billing portal has no settings in this mode: nobody has saved them in Stripe's dashboard
    /// yet.
    #[error("the billing portal's settings were never saved in this mode")]
    PortalNotConfigured,
    /// The billing portal's settings do not allow the flow.
    #[error("the billing portal's settings do not allow this flow")]
    FlowRefused,
    /// There is no key to call Stripe with.
    #[error(transparent)]
    NoKey(#[from] Missing),
    /// The database has no deployment id, and every created object names one.
    #[error("the database has no deployment id yet")]
    NoDeployment,
    /// The key to call Stripe with cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// Stripe's error, without its message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// Stripe's `type`, such as `invalid_request_error`.
    pub kind: Option<String>,
    /// Stripe's `code`, such as `resource_missing`.
    pub code: Option<String>,
    /// The parameter at fault.
    pub param: Option<String>,
    /// Stripe's `Request-Id`.
    pub request_id: Option<String>,
}

impl ApiError {
    /// Returns true when a parameter is wrong: the request would be rejected with any key.
    #[must_use]
    pub fn is_about_the_request(&self) -> bool {
        self.status == 400 && self.kind.as_deref() == Some("invalid_request_error")
    }

    /// Returns true when no parameter is named: something that the request depends on is missing.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.is_about_the_request() && self.code.is_none() && self.param.is_none()
    }

    /// Returns true when Stripe rejected a price of a Checkout Session: it, or its product, was
    /// archived.
    #[must_use]
    pub fn is_about_a_price(&self) -> bool {
        let param = self.param.as_deref().unwrap_or_default();
        let is_price = param.starts_with("line_items[") && param.ends_with("[price]");
        let is_product = self.code.as_deref() == Some("product_inactive");
        is_product || (self.is_about_the_request() && is_price)
    }

    /// Returns true when Stripe rejected the flow of a portal session.
    #[must_use]
    pub fn is_about_a_flow(&self) -> bool {
        let param = self.param.as_deref().unwrap_or_default();
        self.is_about_the_request() && param.starts_with("flow_data")
    }

    /// The option of a Checkout Session that Stripe rejected, as a path below `checkout`.
    fn refused_option(&self) -> Option<String> {
        let param = self.param.as_deref();
        let param = param.filter(|_| self.is_about_the_request())?;
        CheckoutOptions::path_of_param(param)
    }

    /// The claim of the site that Stripe rejected, if it is one that says who buys.
    fn refused_claim(&self) -> Option<&'static str> {
        let param = self
            .param
            .as_deref()
            .filter(|_| self.is_about_the_request())?;
        let of_intent = param
            .strip_prefix("payment_intent_data[")
            .map_or(param, |rest| rest.strip_suffix(']').unwrap_or(rest));
        match of_intent {
            "receipt_email" | "customer_email" => Some("email"),
            "statement_descriptor_suffix" => Some("statementDescriptorSuffix"),
            of_intent if of_intent.starts_with("shipping") => {
                (!param.starts_with("shipping_")).then_some("shipping")
            }
            _ => None,
        }
    }

    /// Returns true when the key is at fault and not the request: the caller may retry once it is
    /// fixed.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        matches!(self.status, 401 | 403)
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "status {}, type {}, code {}, param {}, request {}",
            self.status,
            or_none(&self.kind),
            or_none(&self.code),
            or_none(&self.param),
            or_none(&self.request_id),
        )
    }
}

fn or_none(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("none")
}

impl StripeError {
    /// Returns true when Stripe stored a failure under the key, so that another key is needed.
    #[must_use]
    pub fn is_replayed(&self) -> bool {
        matches!(self, Self::Replayed { .. })
    }

    /// Returns true when Stripe has no such object.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.has_code("resource_missing")
    }

    /// Returns true when Stripe has no customer with the id in the request, or no longer.
    #[must_use]
    pub fn is_about_a_missing_customer(&self) -> bool {
        self.is_missing()
            && matches!(self,
                Self::Refused(refusal) if refusal.param.as_deref() == Some("customer"))
    }

    /// Returns true when the payment method of the request cannot be used, or no longer.
    #[must_use]
    pub fn is_about_the_payment_method(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_about_the_request()
            && refusal.param.as_deref() == Some("payment_method"))
    }

    /// Returns true when the key is at fault and not the request: [`ApiError::is_auth`].
    #[must_use]
    pub fn is_auth(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_auth())
    }

    /// Returns true when the key lacks a permission.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 403)
    }

    /// Returns true when Stripe stored an answer to other parameters under the request's key.
    #[must_use]
    pub fn is_about_the_key(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 400
            && refusal.kind.as_deref() == Some("idempotency_error"))
    }

    /// Returns true when the object's state does not allow the request.
    #[must_use]
    pub fn is_unexpected_state(&self) -> bool {
        self.has_code("payment_intent_unexpected_state")
    }

    fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code.as_deref() == Some(code))
    }
}

impl stripe_client_core::StripeClientErr for StripeError {
    fn deserialize_err(msg: impl std::fmt::Display) -> Self {
        Self::Undecodable(msg.to_string())
    }
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    error: ErrorFields,
}

#[derive(Default, Deserialize)]
struct ErrorFields {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
    /// It is read for one kind of failure that has no code, and goes nowhere.
    message: Option<String>,
}

impl ErrorFields {
    /// Stripe's code, also where only the message tells it.
    fn code(&mut self) -> Option<String> {
        let message = self.message.as_deref().unwrap_or_default();
        let is_duplicate = message.starts_with(meters::DUPLICATE_MESSAGE);
        match self.code.take() {
            None if is_duplicate => Some(meters::DUPLICATE.to_owned()),
            code => code,
        }
    }
}

/// The failure for an answer of `status`; its body may be anything. `is_retryable` when another
/// attempt might have succeeded.
pub(super) fn of_answer(
    status: StatusCode,
    body: &[u8],
    request_id: Option<String>,
    is_retryable: bool,
) -> StripeError {
    let parsed: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let is_stripes = parsed.is_some();
    let mut fields = parsed.unwrap_or_default().error;
    let code = fields.code();
    let ErrorFields {
        kind,
        decline_code,
        param,
        ..
    } = fields;
    if status == StatusCode::PAYMENT_REQUIRED {
        let code = decline_code.or(code);
        return StripeError::Declined {
            code: code.unwrap_or_else(|| "generic_decline".to_owned()),
            request_id,
        };
    }
    let is_in_use = code.as_deref() == Some("idempotency_key_in_use");
    let is_busy = is_retryable || status == StatusCode::TOO_MANY_REQUESTS;
    if (is_busy && !is_in_use) || !status.is_client_error() {
        let what = match is_stripes {
            true => "Stripe could not carry it out",
            false => "the body is not one of Stripe's",
        };
        return StripeError::Unanswered {
            status: Some(status.as_u16()),
            request_id,
            cause: what.into(),
        };
    }
    StripeError::Refused(ApiError {
        status: status.as_u16(),
        kind,
        code,
        param,
        request_id,
    })
}

impl From<StripeError> for Error {
    fn from(failure: StripeError) -> Self {
        match failure {
            StripeError::Declined { ref code, .. } => Self::Declined {
                code: payer_code(code).to_owned(),
            },
            StripeError::Refused(ref refusal) => match refusal.code.as_deref() {
                Some("amount_too_small") => Self::AmountTooSmall,
                Some("amount_too_large") => {
                    Self::invalid("the amount is above Stripe's maximum in this currency")
                }
                Some("idempotency_key_in_use") => Self::InProgress,
                _ if refusal.is_about_a_price() => Self::not_on_sale(),
                _ if refusal.is_auth() => Self::Unavailable(Box::new(failure)),
                _ => match (refusal.refused_claim(), refusal.refused_option()) {
                    (Some(claim), _) => {
                        Self::invalid(format!("Stripe refuses `{claim}` of the order's payer"))
                    }
                    (None, Some(option)) => {
                        Self::invalid(format!("Stripe refuses `checkout.{option}` for this order"))
                    }
                    (None, None) => Self::Internal(Box::new(failure)),
                },
            },
            StripeError::Repriced => Self::not_on_sale(),
            StripeError::PortalNotConfigured => Self::PortalNotConfigured,
            StripeError::FlowRefused => {
                Self::invalid("`flow`: the billing portal's settings at Stripe do not allow it")
            }
            StripeError::Differs(_) | StripeError::Foreign(_) => Self::Internal(Box::new(failure)),
            _ => Self::Unavailable(Box::new(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::retry::Advice;

    fn of(status: u16, body: &str) -> StripeError {
        let status = StatusCode::from_u16(status).unwrap();
        let is_retryable = crate::stripe::retry::is_retryable(status.as_u16(), Advice::default());
        of_answer(
            status,
            body.as_bytes(),
            Some("req_1".to_owned()),
            is_retryable,
        )
    }

    #[test]
    fn the_status_is_kept_whatever_the_body() {
        for body in [
            "",
            "<html>Bad Gateway</html>",
            "{\"error\":{\"ty",
            "[]",
            "null",
        ] {
            for status in [429, 500, 502, 503] {
                let failure = of(status, body);
                let StripeError::Unanswered {
                    status: found,
                    request_id: Some(_),
                    ..
                } = &failure
                else {
                    panic!("{status} {body}: {failure}")
                };
                assert_eq!(*found, Some(status), "{body}");
            }
            let refused = of(404, body);
            assert!(
                matches!(&refused, StripeError::Refused(r) if r.status == 404),
                "{refused}"
            );
        }
    }

    #[test]
    fn an_incomplete_decline_is_a_decline() {
        for body in ["{\"error\":{\"type\":\"card_error\"}}", "{}", ""] {
            let failure = of(402, body);
            assert!(
                matches!(&failure, StripeError::Declined { code, .. } if code == "generic_decline")
            );
        }
        let body = r#"{"error":{"type":"card_error","code":"card_declined",
            "decline_code":"insufficient_funds"}}"#;
        let StripeError::Declined { code, .. } = of(402, body) else {
            panic!("it is a decline")
        };
        assert_eq!(code, "insufficient_funds");
    }

    #[test]
    fn what_stripe_refuses_of_the_payer_is_named_by_its_claim() {
        let named = |param: &str| {
            let body =
                format!(r#"{{"error":{{"type":"invalid_request_error","param":"{param}"}}}}"#);
            Error::from(of(400, &body)).to_string()
        };
        for (param, claim) in [
            ("receipt_email", "`email`"),
            ("payment_intent_data[receipt_email]", "`email`"),
            ("customer_email", "`email`"),
            ("shipping[address][country]", "`shipping`"),
            ("payment_intent_data[shipping][name]", "`shipping`"),
            ("statement_descriptor_suffix", "`statementDescriptorSuffix`"),
        ] {
            assert!(named(param).contains(claim), "{param}: {}", named(param));
        }
        assert!(!named("shipping_options[0][shipping_rate]").contains("`shipping`"));
        assert!(!named("metadata").contains("payer"));
    }

    #[test]
    fn stripes_message_is_dropped() {
        let body = r#"{"error":{"type":"invalid_request_error",
            "message":"The provided key 'rk_live_abc' does not have access to account acct_1"}}"#;
        let failure = of(403, body);

        assert!(!format!("{failure} {failure:?}").contains("rk_live"));
        assert!(failure.to_string().contains("req_1"));
    }
}
