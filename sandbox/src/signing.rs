//! Stripe's webhook signature.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A `Stripe-Signature` header over `body`, created at `t` (Unix seconds) with one secret.
///
/// The key is the whole secret, with its prefix `whsec_`.
#[must_use]
pub fn sign(body: &[u8], secret: &str, t: u64) -> String {
    header(body, &[secret.to_owned()], t)
}

/// A header with one `v1` for every secret, as Stripe sends while a secret is being rolled.
pub(crate) fn header(body: &[u8], secrets: &[String], t: u64) -> String {
    let signatures = secrets
        .iter()
        .map(|secret| format!(",v1={}", v1(body, secret, t)));
    std::iter::once(format!("t={t}"))
        .chain(signatures)
        .collect()
}

fn v1(body: &[u8], secret: &str, t: u64) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(t.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}
