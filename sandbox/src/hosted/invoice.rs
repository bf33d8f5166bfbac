//! The page of an invoice: of a paid session, or of a subscription.

use serde_json::Value;

use super::checkout::{field::alert, form, order};
use crate::{
    engine::Engine,
    money,
    objects::{checkout_session, invoice},
    page::{escape, note, page, see_other},
    request::Request,
    response::Response,
    state::State,
    store::{number, text},
};

/// Serves `/i/{secret}`: an invoice's own secret, or the id of its session.
pub(super) fn respond(engine: &Engine, request: &Request) -> Response {
    let secret = request.path.strip_prefix(invoice::PAGES);
    let secret = secret.unwrap_or_default();
    let id = engine.state().billing.pages.get(secret).cloned();
    match id {
        Some(id) if request.method == "POST" => pay(engine, request, &id),
        Some(id) => billed(&engine.state(), &request.path, &id, None),
        None => of_session(&engine.state(), secret),
    }
}

fn of_session(state: &State, id: &str) -> Response {
    let session = checkout_session::get(state, id).unwrap_or_default();
    let Some(invoice) = state.store.find(text(&session, "invoice")) else {
        let words = "The link is incomplete. Open the link in the shop's message.";
        return note(404, "This invoice does not exist", words, None);
    };
    let order = order::html(state, &session);
    shown(invoice, &format!("{order}<p>Paid</p>"))
}

/// The page of a subscription's invoice, with a form while it is open.
fn billed(state: &State, path: &str, id: &str, problem: Option<&str>) -> Response {
    let invoice = state.store.find(id).unwrap_or(&Value::Null);
    let written = |amount: i64| money::written(amount, text(invoice, "currency"));
    let rows = invoice["lines"]["data"].as_array().into_iter().flatten();
    let rows = rows.map(|line| {
        let name = escape(text(line, "description"));
        let amount = written(number(line, "amount"));
        format!("<tr><td>{name}</td><td>{amount}</td></tr>")
    });
    let rows: String = rows.collect();
    let due = written(number(invoice, "amount_due"));
    let below = match text(invoice, "status") {
        "open" | "uncollectible" => format!(
            "<form method=\"post\" action=\"{}\" aria-label=\"Payment\">{}{}\
             <button>Pay {due}</button></form>",
            escape(path),
            alert(problem),
            form::card_fields(),
        ),
        "paid" => "<p>Paid</p>".to_owned(),
        _ => "<p>Nothing has to be paid any more.</p>".to_owned(),
    };
    let body = format!(
        "<section><h2 id=\"lines\">Your invoice</h2><table aria-labelledby=\"lines\">\
         <thead><tr><th scope=\"col\">Item</th><th scope=\"col\">Amount</th></tr></thead>\
         <tbody>{rows}</tbody><tfoot><tr><th scope=\"row\">Amount due</th><td>{due}</td></tr>\
         </tfoot></table></section>{below}"
    );
    shown(invoice, &body)
}

fn shown(invoice: &Value, body: &str) -> Response {
    let texts = ["description", "footer"].map(|field| match text(invoice, field) {
        "" => String::new(),
        text => format!("<p>{}</p>", escape(text)),
    });
    let title = format!("Invoice {}", text(invoice, "number"));
    page(200, &title, &format!("{}{body}{}", texts[0], texts[1]))
}

/// Pays with the card of the form; a challenge leads to the bank's page and back.
fn pay(engine: &Engine, request: &Request, id: &str) -> Response {
    let given = request.params.clone().unwrap_or_default();
    let result = engine.change(request.origin(), |state| {
        let method = form::new_card(state, &given)?;
        let back = format!("{}{}", state.url, request.path);
        invoice::pay_on_page(state, id, method, back)
    });
    match result {
        Ok(intent) => match text(&intent["next_action"]["redirect_to_url"], "url") {
            "" => see_other(&request.path),
            challenge => see_other(challenge),
        },
        Err(error) => {
            let problem = error.field("message").to_owned();
            billed(&engine.state(), &request.path, id, Some(&problem))
        }
    }
}
