//! The pages that Stripe hosts: where a session is paid, and where a customer sees what they paid;
//! and one for a browser that opens the sandbox's address.
//!
//! Plain HTML without a script. A page's requests are not in the log, since they hold card
//! numbers.

use crate::{engine::Engine, page, request::Request, response::Response};

mod checkout;
mod portal;

/// Serves a hosted page; `None` when the path is not that of one.
pub(crate) fn respond(engine: &Engine, request: &Request) -> Option<Response> {
    let path = request.path.as_str();
    let accepts = request.header("accept").unwrap_or_default();
    if path == "/" && request.method == "GET" && accepts.contains("text/html") {
        let words = "Stripe's API is here, for any Stripe client with a key like sk_test_123.";
        return Some(page::note(200, "A sandbox of Stripe", words, None));
    }
    if let Some(rest) = path.strip_prefix("/c/pay/") {
        return Some(checkout::respond(engine, request, rest));
    }
    let secret = path.strip_prefix("/p/session/")?;
    Some(portal::respond(engine, secret))
}
