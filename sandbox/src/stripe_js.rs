//! A stand-in for Stripe.js, at Stripe's paths.
//!
//! A page that loads it pays with the sandbox. It implements the parts of Stripe.js that a payment
//! needs: the card form, 3-D Secure and the results. Its files share one scope:
//!
//! - `requests.js`: requests with the publishable key.
//! - `card.js`: the entered card and its validation.
//! - `elements.js`: the card form in the page.
//! - `saved.js`: the saved cards of a customer session, in the card form.
//! - `group.js`: the elements of one payment.
//! - `challenge.js`: 3-D Secure, as a dialog or as the sandbox's page.
//! - `session.js`: a Checkout Session as a page sees it.
//! - `client.js`: the page's connection to a Checkout Session.
//! - `checkout.js`: Elements with a Checkout Session, and its actions.
//! - `embedded.js`: embedded Checkout.
//! - `stripe.js`: `window.Stripe`.

use crate::{request::Request, response::Response};

/// The paths of the Stripe.js releases.
const PATHS: &[&str] = &[
    "/endive/stripe.js",
    "/dahlia/stripe.js",
    "/clover/stripe.js",
    "/basil/stripe.js",
    "/v3",
    "/v3/",
];

const SCRIPT: &str = concat!(
    "// Farebox's stand-in for Stripe.js: for tests, with test cards. It talks to the sandbox \
     alone.\n",
    "(() => {\n\"use strict\";\n",
    include_str!("stripe_js/requests.js"),
    include_str!("stripe_js/card.js"),
    include_str!("stripe_js/elements.js"),
    include_str!("stripe_js/saved.js"),
    include_str!("stripe_js/group.js"),
    include_str!("stripe_js/challenge.js"),
    include_str!("stripe_js/session.js"),
    include_str!("stripe_js/client.js"),
    include_str!("stripe_js/checkout.js"),
    include_str!("stripe_js/embedded.js"),
    include_str!("stripe_js/stripe.js"),
    "})();\n",
);

/// Serves the script; `None` for any other path.
pub(crate) fn respond(request: &Request) -> Option<Response> {
    let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
    let is_asked = is_read && PATHS.contains(&request.path.as_str());
    is_asked.then(|| Response::script(SCRIPT))
}
