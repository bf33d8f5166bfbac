//! The response of a fault, in place of the request's own.

use serde_json::json;

use super::{Fault, Kind};
use crate::{answer::Answer, error::Error, ids};

/// The response of a fault, sent in place of executing the request or of its result.
#[derive(Debug)]
pub(crate) struct StubResponse {
    pub(crate) answer: Answer,
    /// Whether it is saved under the idempotency key.
    pub(crate) stored: bool,
    /// Whether the request is executed first.
    pub(crate) executes: bool,
}

impl StubResponse {
    /// The response of a fault that has one.
    pub(crate) fn of(fault: &Fault) -> Option<Self> {
        Some(Self {
            answer: fault.answer()?,
            stored: fault.is_stored(),
            executes: fault.is_executed(),
        })
    }
}

impl Fault {
    fn answer(&self) -> Option<Answer> {
        let answer = match self.kind {
            Kind::RateLimit => Answer::error(&Error::rate_limit()),
            Kind::Error | Kind::ErrorAfter => {
                Answer::error(&Error::api("A fault of the sandbox answers this request."))
            }
            Kind::BadGateway => Answer::html(502, BAD_GATEWAY.to_owned()),
            Kind::Empty => Answer::empty(500),
            Kind::IncompleteDecline => {
                Answer::json(402, &json!({ "error": { "type": "card_error" } }))
            }
            Kind::Unauthorized => Answer::error(&Error::unauthorized("This API key has expired.")),
            Kind::Restricted => Answer::error(&restricted()),
            _ => return None,
        };
        Some(self.advise(answer))
    }

    fn advise(&self, mut answer: Answer) -> Answer {
        if let Some(seconds) = self.retry_after {
            answer = answer.header("retry-after", &seconds.to_string());
        }
        if let Some(advice) = self.should_retry {
            answer = answer.header("stripe-should-retry", &advice.to_string());
        }
        answer
    }
}

const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head>\
    <body><h1>502 Bad Gateway</h1></body></html>\n";

/// Like Stripe's, the message quotes the masked key and the account.
fn restricted() -> Error {
    let account = ids::short("acct_");
    let message =
        format!("The key 'rk_test_*********abcd' may not do this on account '{account}'.");
    Error::forbidden("more_permissions_required", &message)
}
