//! Callers: a secret key, a publishable key, or the control plane.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{HeaderMap, header::AUTHORIZATION};
use serde_json::Value;

use crate::error::Error;

/// The kind of key in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// `sk_test_…` or `rk_test_…`: may call everything.
    Secret,
    /// `pk_test_…`: a browser, which also needs an object's client secret.
    Publishable,
    /// `/_sandbox/…`, or a test in this process; no key.
    Control,
}

impl Caller {
    /// Reads the key from the header, or from the parameter `key` as Stripe.js sends it.
    pub(crate) fn identify(
        headers: &HeaderMap,
        params: &mut Value,
        expired: &HashSet<String>,
    ) -> Result<Self, Error> {
        let parameter = params
            .as_object_mut()
            .and_then(|fields| fields.remove("key"));
        let parameter = parameter
            .as_ref()
            .and_then(Value::as_str)
            .map(str::to_owned);
        let key = header_key(headers).or(parameter);
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Err(Error::unauthorized(
                "No API key came with this request; send it as a bearer token.",
            ));
        };
        if expired.contains(&key) {
            return Err(Error::unauthorized("This API key has expired."));
        }
        Self::of(&key)
    }

    fn of(key: &str) -> Result<Self, Error> {
        let is = |prefix: &str| {
            key.strip_prefix(prefix)
                .is_some_and(|rest| !rest.is_empty())
        };
        if is("sk_test_") || is("rk_test_") {
            Ok(Self::Secret)
        } else if is("pk_test_") {
            Ok(Self::Publishable)
        } else if is("sk_live_") || is("rk_live_") || is("pk_live_") {
            Err(Error::unauthorized(
                "The sandbox does not accept live keys; use a test key.",
            ))
        } else {
            Err(Error::unauthorized(
                "This API key is not valid in the sandbox.",
            ))
        }
    }
}

/// The key in `Bearer KEY`, or the user name in `Basic base64(KEY:)`.
fn header_key(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = header.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    decoded.split(':').next().map(str::to_owned)
}
