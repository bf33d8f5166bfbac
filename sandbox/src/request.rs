//! A complete HTTP request.

use http_body_util::{BodyExt, Limited};
use hyper::{HeaderMap, body::Incoming, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use crate::{error::Error, event::Origin, form, ids};

const LARGEST_BODY: usize = 1 << 20;

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Request {
    /// The id in the response's `Request-Id`.
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// Query and body together, or the reason that they cannot be read.
    pub(crate) params: Result<Value, Error>,
}

impl Request {
    /// Reads a request to its end.
    pub(crate) async fn read(request: hyper::Request<Incoming>) -> Self {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, LARGEST_BODY).collect().await;
        let path = head.uri.path().to_owned();
        let params = match body {
            Ok(body) => decode(
                head.uri.query().unwrap_or_default(),
                &body.to_bytes(),
                is_json(&head.headers),
                path.starts_with("/_sandbox"),
            ),
            Err(_) => Err(Error::invalid("The body is too long or incomplete.")),
        };
        let (id, method) = (ids::short("req_"), head.method.to_string());
        Self {
            id,
            method,
            path,
            headers: head.headers,
            params,
        }
    }

    /// Returns true for the control plane: its requests have no key, no faults and no record.
    pub(crate) fn is_control(&self) -> bool {
        self.path == "/_sandbox" || self.path.starts_with("/_sandbox/")
    }

    /// Returns true for a payer's response to a 3-D Secure challenge, which the shop's page sends.
    pub(crate) fn is_challenge(&self) -> bool {
        self.is_control() && self.path.ends_with("/authenticate")
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The `Idempotency-Key` header of a POST.
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.header("idempotency-key")
            .filter(|_| self.method == "POST")
    }

    /// The origin of the events that this request causes.
    pub(crate) fn origin(&self) -> Origin {
        let idempotency_key = self.idempotency_key().map(str::to_owned);
        Origin {
            request: Some(self.id.clone()),
            idempotency_key,
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// Stripe's v1 API accepts only forms; the control plane accepts JSON as well.
fn decode(query: &str, body: &[u8], json: bool, json_allowed: bool) -> Result<Value, Error> {
    let query = form::decode(query)?;
    let body = match body {
        [] => Value::Object(Map::new()),
        _ if json && !json_allowed => {
            return Err(Error::invalid(
                "This API accepts application/x-www-form-urlencoded bodies, not JSON.",
            ));
        }
        body if json => serde_json::from_slice(body)
            .map_err(|_| Error::invalid("The body is not valid JSON."))?,
        body => form::decode(
            std::str::from_utf8(body).map_err(|_| Error::invalid("The body is not UTF-8."))?,
        )?,
    };
    merge(query, body)
}

fn merge(query: Value, body: Value) -> Result<Value, Error> {
    match (query, body) {
        (Value::Object(mut query), Value::Object(body)) => {
            query.extend(body);
            Ok(query.into())
        }
        _ => Err(Error::invalid("The JSON body has to be an object.")),
    }
}
