//! The hosted Checkout page of a session.
//!
//! - [`order`]: the lines, and what makes the total of them.
//! - [`entries`]: what the payer enters besides a payment method.
//! - [`form`]: the payment form, and its payment method.
//! - [`plan`]: what a subscription costs today and later.
//! - [`questions`]: custom fields, a tax ID, consent.
//! - [`field`]: the fields of these forms.

use serde_json::Value;

use super::embedded;
use crate::page::{framed, link, note, page, see_other};
use crate::{
    engine::Engine,
    error::Error,
    money,
    objects::checkout_session::{self, ELEMENTS, EMBEDDED, returned},
    params::Params,
    request::Request,
    response::Response,
    state::State,
    store::{number, text},
};

mod entries;
pub(super) mod field;
pub(super) mod form;
pub(super) mod order;
pub(super) mod plan;
mod questions;

use field::FormValues;

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

/// Serves `/c/recover/{id}`: opens a copy of an expired session, and leads to its page.
pub(super) fn recover(engine: &Engine, request: &Request, id: &str) -> Response {
    let copy = engine.change(request.origin(), |state| {
        checkout_session::recover(state, id)
    });
    match copy {
        Ok(copy) => see_other(text(&copy, "url")),
        Err(_) => {
            let words = "The link has expired. Go back to the shop and start again.";
            note(410, "This order cannot be opened again", words, None)
        }
    }
}

fn answer(engine: &Engine, request: &Request, session: &Value, back: bool) -> Response {
    match (request.method.as_str(), text(session, "status")) {
        ("POST", "open") => submit(engine, request, session),
        ("GET" | "HEAD", "open") => {
            let problem = back.then(|| last_problem(&engine.state(), session));
            let values = FormValues::default();
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
    let intent = state
        .store
        .find(&checkout_session::intent_of(state, session))?;
    let errors = ["last_payment_error", "last_setup_error"];
    let mut messages = errors
        .map(|error| text(&intent[error], "message"))
        .into_iter();
    let message = messages.find(|message| !message.is_empty());
    message.map(str::to_owned)
}

fn submit(engine: &Engine, request: &Request, session: &Value) -> Response {
    let params = request.params.clone().unwrap_or_default();
    let values = FormValues::of(&params);
    let result = engine.change(request.origin(), |state| {
        take(state, text(session, "id"), params)
    });
    match result {
        Ok(next) => see_other(&next),
        Err(error) => {
            let problem = words(session, &error);
            let session = checkout_session::get(&engine.state(), text(session, "id"));
            let session = session.unwrap_or_default();
            open(engine, &session, error.status(), Some(problem), &values)
        }
    }
}

/// Takes the payer's entries, and pays unless they only update the total; returns the next URL.
fn take(state: &mut State, id: &str, form: Value) -> Result<String, Error> {
    let entries = Params::new(entries::read(&form)?);
    let session = checkout_session::enter(state, id, entries)?;
    if form["step"] == "update" {
        return Ok(format!("/c/pay/{id}"));
    }
    let total = number(&session, "amount_total");
    let shown = text(&form, "expected_amount").parse();
    if shown.is_ok_and(|shown: i64| shown != total) {
        let total = money::written(total, text(&session, "currency"));
        let message = format!("The total is now {total}. Check it before you pay.");
        return Err(Error::invalid(&message));
    }
    pay(state, &session, form)
}

/// Pays with the form's payment method; returns the next URL.
fn pay(state: &mut State, session: &Value, form: Value) -> Result<String, Error> {
    let method = match checkout_session::needs_method(session) {
        false => form::check_email(session, &form).map(|()| None)?,
        true => Some(form::method(state, session, form)?),
    };
    let intent = checkout_session::pay(state, text(session, "id"), method)?;
    let challenge = text(&intent["next_action"]["redirect_to_url"], "url");
    Ok(match challenge {
        "" => success_url(session),
        challenge => challenge.to_owned(),
    })
}

/// The message of an error for the payer: a missing entry is named as on the page.
fn words(session: &Value, error: &Error) -> String {
    let (code, param) = (error.field("code"), error.field("param"));
    match param {
        _ if code != "parameter_missing" => error.field("message").to_owned(),
        "shipping[address]" => "Enter the shipping address, and update the total.".to_owned(),
        "address" => "Enter your billing address, and update the total.".to_owned(),
        "phone" => "Enter your phone number.".to_owned(),
        "consent[terms_of_service]" => "Accept the terms of service.".to_owned(),
        field => match questions::label(session, field) {
            Some(label) => format!("Fill in: {label}."),
            None => error.field("message").to_owned(),
        },
    }
}

fn open(
    engine: &Engine,
    session: &Value,
    status: u16,
    problem: Option<String>,
    values: &FormValues,
) -> Response {
    let (total, currency) = (number(session, "amount_total"), text(session, "currency"));
    let total = money::written(total, currency);
    let state = engine.state();
    let (first, second) = match values.is_update() {
        true => (problem.as_deref(), None),
        false => (None, problem.as_deref()),
    };
    let order = order::html(&state, session);
    let entries = entries::html(&state, session, first, values);
    let form = form::html(session, &total, second, values);
    let cancel = match text(session, "cancel_url") {
        "" => String::new(),
        url => link(url, "Cancel and go back to the shop"),
    };
    let script = match session["ui_mode"] == EMBEDDED {
        true => embedded::script(),
        false => String::new(),
    };
    let body = [order, entries, form, cancel, script].join("\n");
    page(status, &plan::title(&state, session, &total), &body)
}
