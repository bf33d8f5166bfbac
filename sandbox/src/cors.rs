//! Checks the `Origin` and the `Host` of a request.
//!
//! The sandbox has no passwords, so other web pages must not call it. A browser sends the page's
//! address in `Origin` and the server's in `Host`; other clients send no `Origin` and are not
//! affected.
//!
//! | request | `Host` | `Origin`, if present |
//! |---|---|---|
//! | `/_sandbox/…` | this machine | the sandbox, or one of [`crate::Builder::allow_origin`] |
//! | by a payer (`/v1`, pages, `…/authenticate`) | this machine | any page of this machine, too |

use crate::{error::Error, loopback, request::Request, response::Response};

const EXPOSED: &str = "Request-Id, Stripe-Version, Retry-After, Stripe-Should-Retry, \
    Idempotency-Key, Idempotent-Replayed, Original-Request";

/// Rejects a browser's request from another machine's page, or to another host name.
pub(crate) fn check(request: &Request, allowed: &[String]) -> Result<(), Error> {
    let host = request.header("host");
    if !host.is_none_or(loopback::is_host) {
        let message =
            "The Host header names another machine. Call the sandbox at 127.0.0.1 or localhost.";
        return Err(Error::forbidden("host_not_allowed", message));
    }
    if !request.headers.contains_key("origin") {
        return Ok(());
    }
    // An unreadable value matches no origin.
    let origin = request.header("origin").unwrap_or_default();
    let own = host.is_some_and(|host| origin == format!("http://{host}"));
    let listed = || allowed.iter().any(|allowed| allowed == origin);
    let local = || !request.is_control() || request.is_challenge();
    if own || listed() || (local() && loopback::is_origin(origin)) {
        return Ok(());
    }
    let message = "A page of this origin may not call the sandbox: see --allow-origin.";
    Err(Error::forbidden("origin_not_allowed", message))
}

/// Responds to `OPTIONS`: every method, and the requested headers.
pub(crate) fn preflight(request: &Request) -> Response {
    let asked = request.header("access-control-request-headers");
    Response::empty(200)
        .header(
            "access-control-allow-methods",
            "GET, HEAD, POST, DELETE, OPTIONS",
        )
        .header(
            "access-control-allow-headers",
            asked.unwrap_or("Authorization, Content-Type"),
        )
        .header("access-control-max-age", "300")
}

/// Lets the calling page read the response, after [`check`] accepted it.
pub(crate) fn open(response: Response, origin: Option<&str>) -> Response {
    let response = response.header("vary", "Origin");
    match origin {
        Some(origin) => response
            .header("access-control-allow-origin", origin)
            .header("access-control-expose-headers", EXPOSED),
        None => response,
    }
}
