//! The hosted Checkout page of a session.
//!
//! - [`form`]: parses the payer's form into a payment method.

use serde_json::Value;

use super::embedded;
use crate::page::{escape, framed, link, note, page, see_other};
use crate::{
    engine::Engine,
    error::Error,
    money,
    objects::checkout_session::{self, ELEMENTS, EMBEDDED, returned},
    request::Request,
    response::Response,
    state::State,
    store::{number, text},
};

mod form;

/// Serves `/c/pay/{id}`, and `/c/pay/{id}/return` after a challenge.
pub(super) fn respond(engine: &Engine, request: &Request, rest: &str) -> Response {
    let (id, back) = match rest.strip_suffix("/return") {
        Some(id) => (id, true),
        None => (rest, false),
    };
    let session = checkout_session::get(&engine.state(), id).ok();
    let Some(session) = session.filter(|session| session["ui_mode"] != ELEMENTS) else {
        let words = "The link is incomplete. Go back to the shop and start again.";
        return note(404, "This payment does not exist", words, None);
    };
    let response = answer(engine, request, &session, back);
    match session["ui_mode"] == EMBEDDED {
        true => framed(response),
        false => response,
    }
}

fn answer(engine: &Engine, request: &Request, session: &Value, back: bool) -> Response {
    match (request.method.as_str(), text(session, "status")) {
        ("POST", "open") => submit(engine, request, session),
        ("GET" | "HEAD", "open") => {
            let problem = back.then(|| last_problem(&engine.state(), session));
            let values = form::FormValues::default();
            open(engine, session, 200, problem.flatten(), &values)
        }
        ("POST" | "GET" | "HEAD", "complete") if back || request.method == "POST" => {
            see_other(&success_url(session))
        }
        (_, "complete") if session["ui_mode"] == EMBEDDED => embedded::complete(),
        (_, "complete") => {
            let (title, words) = match text(session, "payment_status") {
                // The result of a bank debit is open, and an authorized card waits for capture.
                "unpaid" => (
                    "This payment was submitted",
                    "The shop has not received the money yet. You can close this page.",
                ),
                _ => ("This payment is complete", "There is nothing left to pay."),
            };
            let onward = success_url(session);
            note(200, title, words, Some((&onward, "Back to the shop")))
        }
        (_, "expired") => {
            let words = "The session expired, or the shop closed it. Nothing was charged.";
            let url = text(session, "cancel_url");
            let onward = (!url.is_empty()).then_some((url, "Back to the shop"));
            note(410, "This payment has expired", words, onward)
        }
        _ => note(
            405,
            "Method not allowed",
            "Open it with GET, or submit its form.",
            None,
        )
        .header("allow", "GET, HEAD, POST"),
    }
}

/// The URL to which the payer returns after the payment; in a frame, the shop's page goes on.
fn success_url(session: &Value) -> String {
    match session["ui_mode"] == EMBEDDED {
        true => format!("/c/pay/{}", text(session, "id")),
        false => returned(session, "success_url"),
    }
}

/// The error of the challenge from which the payer returned.
fn last_problem(state: &State, session: &Value) -> Option<String> {
    let intent = state.store.find(text(session, "payment_intent"))?;
    let message = text(&intent["last_payment_error"], "message");
    (!message.is_empty()).then(|| message.to_owned())
}

fn submit(engine: &Engine, request: &Request, session: &Value) -> Response {
    let params = request.params.clone().unwrap_or_default();
    let values = form::FormValues::of(&params);
    let result = engine.change(request.origin(), |state| pay(state, session, params));
    match result {
        Ok(next) => see_other(&next),
        Err(error) => {
            let message = error.body()["error"]["message"].clone();
            let problem = message.as_str().map(str::to_owned);
            open(engine, session, error.status(), problem, &values)
        }
    }
}

/// Pays with the form's payment method; returns the next URL.
fn pay(state: &mut State, session: &Value, params: Value) -> Result<String, Error> {
    let id = text(session, "id");
    let method = match number(session, "amount_total") {
        0 => None,
        _ => Some(form::method(state, session, params)?),
    };
    let intent = checkout_session::pay(state, id, method)?;
    let challenge = text(&intent["next_action"]["redirect_to_url"], "url");
    Ok(match challenge {
        "" => success_url(session),
        challenge => challenge.to_owned(),
    })
}

fn open(
    engine: &Engine,
    session: &Value,
    status: u16,
    problem: Option<String>,
    values: &form::FormValues,
) -> Response {
    let (total, currency) = (number(session, "amount_total"), text(session, "currency"));
    let total = money::written(total, currency);
    let lines = lines(&engine.state(), session, &total);
    let form = form::html(session, &total, problem.as_deref(), values);
    let cancel = match text(session, "cancel_url") {
        "" => String::new(),
        url => link(url, "Cancel and go back to the shop"),
    };
    let script = match session["ui_mode"] == EMBEDDED {
        true => embedded::script(),
        false => String::new(),
    };
    let title = format!("Pay {total}");
    let body = format!("{lines}\n{form}\n{cancel}{script}");
    page(status, &title, &body)
}

fn lines(state: &State, session: &Value, total: &str) -> String {
    let items = state.lines.get(text(session, "id")).into_iter().flatten();
    let rows: String = items
        .map(|item| {
            let amount = money::written(number(item, "amount_total"), text(item, "currency"));
            let (name, count) = (escape(text(item, "description")), number(item, "quantity"));
            format!(
                "<tr><td>{name} <span class=\"soft\">× {count}</span></td><td>{amount}</td></tr>"
            )
        })
        .collect();
    format!(
        "<section><h2 id=\"order\">Your order</h2><table aria-labelledby=\"order\">\
         <thead><tr><th scope=\"col\">Item</th><th scope=\"col\">Amount</th></tr></thead>\
         <tbody>{rows}</tbody>\
         <tfoot><tr><th scope=\"row\">Total</th><td>{total}</td></tr></tfoot></table></section>"
    )
}
