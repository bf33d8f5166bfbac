//! The response of a fault, in place of the request's own.

use serde_json::json;

use super::{Fault, Kind};
use crate::{error::Error, ids, response::Response};

/// The response of a fault.
#[derive(Debug)]
pub(crate) struct StubResponse {
    pub(crate) response: Response,
    /// True when it is saved under the idempotency key.
    pub(crate) stored: bool,
    /// True when the request is executed first.
    pub(crate) executes: bool,
}

impl StubResponse {
    /// The response of `fault`, if it has one.
    pub(crate) fn of(fault: &Fault) -> Option<Self> {
        Some(Self {
            response: fault.response()?,
            stored: fault.is_stored(),
            executes: fault.is_executed(),
        })
    }
}

impl Fault {
    fn response(&self) -> Option<Response> {
        let response = match self.kind {
            Kind::RateLimit => Response::error(&Error::rate_limit()),
            Kind::Error | Kind::ErrorAfter => {
                Response::error(&Error::api("An injected fault of the sandbox."))
            }
            Kind::BadGateway => Response::html(502, BAD_GATEWAY.to_owned()),
            Kind::Empty => Response::empty(500),
            Kind::IncompleteDecline => {
                Response::json(402, &json!({ "error": { "type": "card_error" } }))
            }
            Kind::Unauthorized => {
                Response::error(&Error::unauthorized("This API key has expired."))
            }
            Kind::Restricted => Response::error(&restricted()),
            _ => return None,
        };
        Some(self.advise(response))
    }

    fn advise(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response = response.header("retry-after", &seconds.to_string());
        }
        if let Some(advice) = self.should_retry {
            response = response.header("stripe-should-retry", &advice.to_string());
        }
        response
    }
}

const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head>\
    <body><h1>502 Bad Gateway</h1></body></html>\n";

/// The message quotes the masked key and the account, as Stripe's does.
fn restricted() -> Error {
    let account = ids::short("acct_");
    let message = format!(
        "The key 'rk_test_*********abcd' lacks the permission for this request on account \
         '{account}'."
    );
    Error::forbidden("more_permissions_required", &message)
}
