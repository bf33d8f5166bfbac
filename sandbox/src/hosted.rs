//! The pages that Stripe hosts: where a session is paid, and where a customer sees what they paid.
//!
//! Plain HTML without a script. A page's requests are not in the log, since they hold card
//! numbers.

use crate::{answer::Answer, engine::Engine, request::Received};

mod checkout;
mod page;
mod portal;

/// The page that a browser asks for; `None` when the path is none of a page's.
pub(crate) fn answer(engine: &Engine, received: &Received) -> Option<Answer> {
    let path = received.path.as_str();
    if let Some(rest) = path.strip_prefix("/c/pay/") {
        return Some(checkout::answer(engine, received, rest));
    }
    let secret = path.strip_prefix("/p/session/")?;
    Some(portal::answer(engine, secret))
}
