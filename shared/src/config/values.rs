//! Parses single settings.

use secrecy::SecretString;

use crate::secrets::{GUESSABLE, is_guessable};

/// The secret by which Vercel's schedule authenticates: nothing else keeps strangers out.
pub(super) fn cron_secret(text: &str) -> Result<SecretString, &'static str> {
    let is_sendable = text.bytes().all(|b| b.is_ascii_graphic());
    match text.len() >= 16 && is_sendable {
        true if is_guessable(text.as_bytes()) => Err(GUESSABLE),
        true => Ok(SecretString::from(text)),
        false => Err("must be at least 16 characters that a header can hold, made at random"),
    }
}

/// The name of a partner event source of Stripe
/// (<https://docs.stripe.com/event-destinations/eventbridge>). EventBridge accepts events under
/// such a name from nobody else.
pub(super) fn event_source(text: &str) -> Result<String, &'static str> {
    let id = text.strip_prefix("aws.partner/stripe.com/");
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    match id {
        Some(id) if (1..=200).contains(&id.len()) && id.bytes().all(is_allowed) => {
            Ok(text.to_owned())
        }
        _ => Err("must be `aws.partner/stripe.com/` and the id of an event destination"),
    }
}

/// `keep` or `omit`, for who paid.
pub(super) fn keeps_payer(text: &str) -> Result<bool, &'static str> {
    match text {
        "keep" => Ok(true),
        "omit" => Ok(false),
        _ => Err("must be `keep` or `omit`"),
    }
}
