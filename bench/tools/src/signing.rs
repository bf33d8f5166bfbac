//! Stripe's signature, made now.

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;

/// A `Stripe-Signature` header for `body`.
///
/// # Panics
///
/// When this machine's clock is before 1970.
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_secs();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{now}.").as_bytes());
    context.update(body);
    let mut header = format!("t={now},v1=");
    for byte in context.sign().as_ref() {
        write!(header, "{byte:02x}").expect("a string takes all");
    }
    header
}
