//! The page of a paid session's invoice.

use super::checkout::order;
use crate::{
    engine::Engine,
    objects::{checkout_session, invoice},
    page::{escape, note, page},
    response::Response,
    store::text,
};

/// Serves `/i/{session}`; the session's id is what nobody can guess.
pub(super) fn respond(engine: &Engine, path: &str) -> Response {
    let state = engine.state();
    let id = path.strip_prefix(invoice::PAGES).unwrap_or_default();
    let session = checkout_session::get(&state, id).unwrap_or_default();
    let Some(invoice) = state.store.find(text(&session, "invoice")) else {
        let words = "The link is incomplete. Open the link in the shop's message.";
        return note(404, "This invoice does not exist", words, None);
    };
    let texts = ["description", "footer"].map(|field| match text(invoice, field) {
        "" => String::new(),
        text => format!("<p>{}</p>", escape(text)),
    });
    let title = format!("Invoice {}", text(invoice, "number"));
    let order = order::html(&state, &session);
    page(
        200,
        &title,
        &format!("{}{order}<p>Paid</p>{}", texts[0], texts[1]),
    )
}
