//! Checkout in a frame of the shop's page: its pages carry a script that speaks to that page.

use crate::{page, request::Request, response::Response};

/// The path of the script.
const PATH: &str = "/c/embed.js";
const SCRIPT: &str = include_str!("embed.js");

/// Serves the script; `None` for any other path.
pub(super) fn respond(request: &Request) -> Option<Response> {
    (request.path == PATH).then(|| Response::script(SCRIPT))
}

/// The element that loads the script.
pub(super) fn script() -> String {
    format!("<script src=\"{PATH}\" defer></script>")
}

/// The page of a complete session: the shop's page goes on from here.
pub(super) fn complete() -> Response {
    let body = format!(
        "<div class=\"note\" data-complete><p>You can go on in the shop.</p></div>{}",
        script()
    );
    page::framed(page::page(200, "This payment was submitted", &body))
}
