//! The pages that Stripe hosts: where a session is paid, and where a customer sees what they paid.
//!
//! Plain HTML without a script. A page's requests are not in the log, since they hold card
//! numbers.

use crate::{engine::Engine, request::Request, response::Response};

mod checkout;
mod page;
mod portal;

/// Serves a hosted page; `None` when the path is not that of one.
pub(crate) fn respond(engine: &Engine, request: &Request) -> Option<Response> {
    let path = request.path.as_str();
    if let Some(rest) = path.strip_prefix("/c/pay/") {
        return Some(checkout::respond(engine, request, rest));
    }
    let secret = path.strip_prefix("/p/session/")?;
    Some(portal::respond(engine, secret))
}
