//! Why a call to Stripe did not give what was asked.
//!
//! Stripe's own messages stay out: one for a restricted key quotes the key and the account. The
//! request id finds the message in Stripe's dashboard.

use hyper::StatusCode;
use serde::Deserialize;

use crate::{
    cause::Cause,
    error::{Error, payer_code},
    secrets::{Missing, Unreadable},
};

/// Why a call gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StripeError {
    /// The bank refused. `code` is the decline code, or Stripe's code where there is none.
    #[error("declined with {code} (request {})", or_none(.request_id))]
    Declined {
        /// Such as `insufficient_funds`; `generic_decline` where Stripe said nothing more.
        code: String,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
    },
    /// Stripe refused the request; sending it again changes nothing.
    #[error("Stripe refused: {0}")]
    Refused(ApiError),
    /// Stripe did not answer, not in time, or not with an answer of its own.
    #[error("Stripe gave no usable answer (status {status:?}, request {})", or_none(.request_id))]
    Unanswered {
        /// The status that came, whatever came with it.
        status: Option<u16>,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
    /// Stripe keeps a failure under the key of the request, and replays it for a day. The request
    /// is over, and whether it made something is not told: the next key may make it, after a look.
    #[error("Stripe replays a failure (status {status}, request {})", or_none(.request_id))]
    Kept {
        /// The status that is kept.
        status: u16,
        /// Stripe's `Request-Id`.
        request_id: Option<String>,
    },
    /// The answer does not have the fields that we use.
    #[error("Stripe's answer cannot be read: {0}")]
    Undecodable(String),
    /// The answer is about something else than was asked; says what differs.
    #[error("the {0} of Stripe's answer is not what was asked")]
    Differs(&'static str),
    /// The billing portal has no settings in this mode: nobody saved them in Stripe's dashboard
    /// yet.
    #[error("the billing portal's settings were never saved in this mode")]
    PortalNotConfigured,
    /// There is no key to call Stripe with.
    #[error(transparent)]
    NoKey(#[from] Missing),
    /// The database has no deployment id, and all that is made names one.
    #[error("the database has no deployment id yet")]
    NoDeployment,
    /// The key to call Stripe with cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// A refusal, without Stripe's message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// Stripe's `type`, such as `invalid_request_error`.
    pub kind: Option<String>,
    /// Stripe's `code`, such as `resource_missing`.
    pub code: Option<String>,
    /// The parameter that was refused.
    pub param: Option<String>,
    /// Stripe's `Request-Id`.
    pub request_id: Option<String>,
}

impl ApiError {
    /// Whether the same request is refused whoever sends it: a parameter is wrong.
    #[must_use]
    pub fn is_about_the_request(&self) -> bool {
        self.status == 400 && self.kind.as_deref() == Some("invalid_request_error")
    }

    /// Whether nothing in the request is named as wrong: something that it rests on is missing.
    #[must_use]
    pub fn names_nothing(&self) -> bool {
        self.is_about_the_request() && self.code.is_none() && self.param.is_none()
    }

    /// Whether a price that a page was to list is refused: it, or its product, was archived.
    #[must_use]
    pub fn is_about_a_price(&self) -> bool {
        let param = self.param.as_deref().unwrap_or_default();
        let is_price = param.starts_with("line_items[") && param.ends_with("[price]");
        let is_product = self.code.as_deref() == Some("product_inactive");
        is_product || (self.is_about_the_request() && is_price)
    }

    /// Whether the request was fine and our key was not: the caller may try again once it is.
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
    /// Whether Stripe keeps a failure under the key, so that another key is needed.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept { .. })
    }

    /// Whether Stripe says that there is no such object.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.has_code("resource_missing")
    }

    /// Whether Stripe does not know, or no more, the customer that a request named.
    #[must_use]
    pub fn is_about_a_missing_customer(&self) -> bool {
        self.is_missing()
            && matches!(self, Self::Refused(refusal) if refusal.param.as_deref() == Some("customer"))
    }

    /// Whether the request was fine and our key was not: [`ApiError::is_auth`].
    #[must_use]
    pub fn is_auth(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_auth())
    }

    /// Whether Stripe keeps an answer to other parameters under the key of the request.
    #[must_use]
    pub fn is_about_the_key(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 400
            && refusal.kind.as_deref() == Some("idempotency_error"))
    }

    /// Whether the object is in a state that does not allow what was asked.
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
}

/// The failure that an answer of `status` means; its body may be anything. `is_passing` when
/// another attempt might have done better.
pub(super) fn of_answer(
    status: StatusCode,
    body: &[u8],
    request_id: Option<String>,
    is_passing: bool,
) -> StripeError {
    let parsed: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let is_stripes = parsed.is_some();
    let ErrorFields {
        kind,
        code,
        decline_code,
        param,
    } = parsed.unwrap_or_default().error;
    if status == StatusCode::PAYMENT_REQUIRED {
        let code = decline_code.or(code);
        return StripeError::Declined {
            code: code.unwrap_or_else(|| "generic_decline".to_owned()),
            request_id,
        };
    }
    let is_in_use = code.as_deref() == Some("idempotency_key_in_use");
    let is_busy = is_passing || status == StatusCode::TOO_MANY_REQUESTS;
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
                    Self::invalid("the amount is above the largest that can be charged")
                }
                Some("idempotency_key_in_use") => Self::InProgress,
                _ if refusal.is_about_a_price() => Self::not_on_sale(),
                _ if refusal.is_auth() => Self::Unavailable(Box::new(failure)),
                _ => Self::Internal(Box::new(failure)),
            },
            StripeError::PortalNotConfigured => Self::PortalNotConfigured,
            StripeError::Differs(_) => Self::Internal(Box::new(failure)),
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
        let is_passing = crate::stripe::retry::is_passing(status.as_u16(), Advice::default());
        of_answer(
            status,
            body.as_bytes(),
            Some("req_1".to_owned()),
            is_passing,
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
                let is_kept = matches!(&failure, StripeError::Unanswered { status: Some(kept), request_id: Some(_), .. }
                    if *kept == status);
                assert!(is_kept, "{status} {body}: {failure}");
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
        let body = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}}"#;
        assert!(
            matches!(of(402, body), StripeError::Declined { code, .. } if code == "insufficient_funds")
        );
    }

    #[test]
    fn stripes_message_is_dropped() {
        let body = r#"{"error":{"type":"invalid_request_error","message":"The provided key 'rk_live_abc' does not have access to account acct_1"}}"#;
        let failure = of(403, body);

        assert!(!format!("{failure} {failure:?}").contains("rk_live"));
        assert!(failure.to_string().contains("req_1"));
    }
}
