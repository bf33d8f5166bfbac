//! Hosted pages: Checkout, the customer portal, receipts, and a front page at the sandbox's
//! address.
//!
//! They are plain HTML; only a page in a shop's frame has a script. The log does not record their
//! requests, because those contain card numbers.

use crate::{
    engine::Engine,
    objects::{charge, invoice::PAGES},
    page,
    request::Request,
    response::Response,
};

mod checkout;
mod embedded;
mod invoice;
mod portal;
mod receipt;

/// Serves a hosted page; `None` for any other path.
pub(crate) fn respond(engine: &Engine, request: &Request) -> Option<Response> {
    let path = request.path.as_str();
    let accepts = request.header("accept").unwrap_or_default();
    if path == "/" && request.method == "GET" && accepts.contains("text/html") {
        let words = "This is Stripe's API for any Stripe client, with a key like sk_test_123.";
        return Some(page::note(200, "A sandbox of Stripe", words, None));
    }
    if let Some(rest) = path.strip_prefix("/c/pay/") {
        return Some(checkout::respond(engine, request, rest));
    }
    if let Some(id) = path.strip_prefix("/c/recover/") {
        return Some(checkout::recover(engine, request, id));
    }
    if let Some(script) = embedded::respond(request) {
        return Some(script);
    }
    if path.starts_with(PAGES) {
        return Some(invoice::respond(engine, request));
    }
    if path.starts_with(charge::RECEIPTS) {
        return Some(receipt::respond(engine, path));
    }
    let rest = path.strip_prefix("/p/session/")?;
    Some(portal::respond(engine, request, rest))
}
