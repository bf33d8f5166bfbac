//! Verifies that a webhook came from Stripe: a pure check of bytes, secrets and a time.
//!
//! The header is `t=<unix>,v1=<hex>[,v1=<hex>…]`; the signed text is `t`, a dot, and the body
//! exactly as received; the key is the whole `whsec_…` string
//! (<https://docs.stripe.com/webhooks#verify-manually>). During the rotation of a secret Stripe
//! sends one signature for each, so every `v1` is tried against every secret. Other schemes are
//! ignored.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use secrecy::{ExposeSecret, SecretString};

/// The most seconds that `t` may differ from now, to either side.
pub const TOLERANCE: u64 = 300;

/// The longest accepted header; Stripe's hold a handful of signatures.
const LONGEST_HEADER: usize = 4096;

/// The reason why a signature is refused. It is for the log; the caller receives the same error for
/// all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// There is no `Stripe-Signature` header.
    #[error("there is no Stripe-Signature header")]
    Missing,
    /// The header is not a time and signatures.
    #[error("the signature header is malformed")]
    Malformed,
    /// The time is more than [`TOLERANCE`] seconds off, to either side.
    #[error(
        "the signature's time differs from this machine's by more than {TOLERANCE} s: check the \
         clock; if it is right, someone replays events"
    )]
    Stale,
    /// The header is well-formed and fresh, and no known secret matches any of its signatures.
    #[error("no webhook secret matches the signature")]
    Mismatch,
}

/// Checks `header` over `body`, exactly as received, at `now` (Unix seconds).
///
/// # Errors
///
/// [`Rejected`] is the reason; a blank secret matches nothing.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[SecretString],
    now: i64,
) -> Result<(), Rejected> {
    let Header { time, candidates } = Header::parse(header)?;
    // Before any hashing; a signature that no secret matches is then known to be fresh.
    let seconds: i64 = time.parse().map_err(|_| Rejected::Malformed)?;
    if seconds.abs_diff(now) > TOLERANCE {
        return Err(Rejected::Stale);
    }
    let is_match = secrets
        .iter()
        .map(ExposeSecret::expose_secret)
        .filter(|secret| !secret.trim().is_empty())
        .map(|secret| signature(time, body, secret))
        .any(|expected| {
            candidates
                .iter()
                .any(|given| verify_slices_are_equal(given, expected.as_ref()).is_ok())
        });
    match is_match {
        true => Ok(()),
        false => Err(Rejected::Mismatch),
    }
}

fn signature(time: &str, body: &[u8], secret: &str) -> hmac::Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(time.as_bytes());
    context.update(b".");
    context.update(body);
    context.sign()
}

/// The parts of a well-formed header.
struct Header<'a> {
    /// Kept as text, since Stripe signed the text.
    time: &'a str,
    candidates: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Result<Self, Rejected> {
        if text.len() > LONGEST_HEADER {
            return Err(Rejected::Malformed);
        }
        let fields = || text.split(',').filter_map(|field| field.split_once('='));
        let mut times = fields().filter(|(name, _)| *name == "t");
        let (Some((_, time)), None) = (times.next(), times.next()) else {
            return Err(Rejected::Malformed);
        };
        if time.is_empty() || !time.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Rejected::Malformed);
        }
        let candidates: Vec<[u8; 32]> = fields()
            .filter(|(name, _)| *name == "v1")
            .filter_map(|(_, digits)| {
                let mut candidate = [0; 32];
                let decoded = hex::decode_to_slice(digits, &mut candidate);
                decoded.is_ok().then_some(candidate)
            })
            .collect();
        match candidates.is_empty() {
            true => Err(Rejected::Malformed),
            false => Ok(Self { time, candidates }),
        }
    }
}

#[cfg(test)]
mod tests;
