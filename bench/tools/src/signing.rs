//! Fresh signatures: Stripe's, and a caller's token.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;

/// The lifetime of a token, in seconds.
const GOOD_FOR: u64 = 300;

/// A `Stripe-Signature` header for `body`.
///
/// # Panics
///
/// When this machine's clock is before 1970.
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    sandbox::sign(body, secret, now())
}

/// A token that the site signs for `caller` with these roles (JWT, HS256).
///
/// # Panics
///
/// When this machine's clock is before 1970.
#[must_use]
pub fn token(site_key: &str, caller: &str, roles: &[String]) -> String {
    let expires = now() + GOOD_FOR;
    let claims = json!({ "aud": "farebox", "sub": caller, "exp": expires, "roles": roles });
    let encoded = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let head = encoded(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{head}.{}", encoded(claims.to_string().as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, site_key.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", encoded(tag.as_ref()))
}

/// Unix time in seconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_secs()
}
