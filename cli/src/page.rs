//! The shop's page: static files, without a build step.

use axum::{
    Router,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    routing::get,
};

/// The Content-Security-Policy: the page loads its own files, the sandbox on this machine, and
/// Stripe.js.
const POLICY: &str = "default-src 'none'; script-src 'self' https://js.stripe.com \
                      https://*.js.stripe.com; style-src 'self'; connect-src 'self' \
                      http://127.0.0.1:* https://api.stripe.com; frame-src https://js.stripe.com \
                      https://*.js.stripe.com https://hooks.stripe.com; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page: its path, its type and its text.
macro_rules! file {
    ($name:literal, $kind:literal) => {
        (
            concat!("/page/", $name),
            $kind,
            include_str!(concat!("../page/", $name)),
        )
    };
}

const FILES: &[(&str, &str, &str)] = &[
    (
        "/",
        "text/html; charset=utf-8",
        include_str!("../page/index.html"),
    ),
    file!("access.css", "text/css; charset=utf-8"),
    file!("access.js", "text/javascript; charset=utf-8"),
    file!("activity.js", "text/javascript; charset=utf-8"),
    file!("api.js", "text/javascript; charset=utf-8"),
    file!("app.js", "text/javascript; charset=utf-8"),
    file!("bank.js", "text/javascript; charset=utf-8"),
    file!("card-form.js", "text/javascript; charset=utf-8"),
    file!("cart.js", "text/javascript; charset=utf-8"),
    file!("checkout.js", "text/javascript; charset=utf-8"),
    file!("faults.js", "text/javascript; charset=utf-8"),
    file!("order.js", "text/javascript; charset=utf-8"),
    file!("panels.css", "text/css; charset=utf-8"),
    file!("payment-element.js", "text/javascript; charset=utf-8"),
    file!("proof.js", "text/javascript; charset=utf-8"),
    file!("rows.js", "text/javascript; charset=utf-8"),
    file!("sandbox.js", "text/javascript; charset=utf-8"),
    file!("session.js", "text/javascript; charset=utf-8"),
    file!("plans.js", "text/javascript; charset=utf-8"),
    file!("style.css", "text/css; charset=utf-8"),
    file!("subscription.css", "text/css; charset=utf-8"),
    file!("subscription.js", "text/javascript; charset=utf-8"),
    file!("switches.js", "text/javascript; charset=utf-8"),
    file!("trail.js", "text/javascript; charset=utf-8"),
    file!("watch.css", "text/css; charset=utf-8"),
    file!("words.js", "text/javascript; charset=utf-8"),
];

/// The routes of the page.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES
        .iter()
        .fold(Router::new(), |router, (path, kind, text)| {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static(kind)),
                (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
                (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            ];
            router.route(path, get(async move || (headers, *text)))
        })
}
