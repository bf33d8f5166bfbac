//! Access to this server by `Host` and `Origin`.
//!
//! The server signs tokens for demo personas without a password, so other web pages must not call
//! it. A browser sends `Origin`, or `Sec-Fetch-Site` where there is no origin; other clients send
//! neither.
//!
//! | routes | `Host` | origin of a browser's request |
//! |---|---|---|
//! | functions | this machine | any port of this machine, such as a site on port 3000 |
//! | `/dev/…` and the shop | this machine | the shop itself; links from any site may lead to it |

use std::net::SocketAddr;

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, Method, StatusCode,
        header::{HOST, ORIGIN},
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sandbox::loopback;
use serde_json::json;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origins of the shop's pages for a server at `address`.
pub(crate) fn own_origins(address: SocketAddr) -> [String; 2] {
    let port = address.port();
    ["127.0.0.1", "localhost"].map(|name| format!("http://{name}:{port}"))
}

/// Rejects requests from other machines and their pages.
pub(crate) async fn this_machine(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !header(headers, &HOST).is_some_and(loopback::is_host) {
        let message = "the Host header names another machine: call 127.0.0.1 or localhost, \
            and let a tunnel rewrite the Host header";
        return refusal(StatusCode::MISDIRECTED_REQUEST, "host_not_allowed", message);
    }
    if headers.contains_key(ORIGIN) && !header(headers, &ORIGIN).is_some_and(loopback::is_origin) {
        return foreign();
    }
    next.run(request).await
}

/// Rejects requests from any page but the shop's own.
pub(crate) async fn own_pages(
    State(own): State<[String; 2]>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let is_own = |origin: &str| own.iter().any(|own| own == origin);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_ours = match headers.contains_key(ORIGIN) {
        true => header(headers, &ORIGIN).is_some_and(is_own),
        // A link from another site may open the page: that site cannot read the response.
        false => {
            is_read
                || !matches!(
                    header(headers, &FETCH_SITE),
                    Some("cross-site" | "same-site")
                )
        }
    };
    match is_ours {
        true => next.run(request).await,
        false => foreign(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn foreign() -> Response {
    let message = "a page of another origin may not call this route";
    refusal(StatusCode::FORBIDDEN, "origin_not_allowed", message)
}

/// Returns 404 with the list of routes.
pub(crate) fn no_such_route(paths: &[&str]) -> Response {
    let message = format!(
        "there is no such route; the functions are {}",
        paths.join(", ")
    );
    refusal(StatusCode::NOT_FOUND, "not_found", &message)
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "error": { "code": code, "message": message } });
    (status, Json(error)).into_response()
}
