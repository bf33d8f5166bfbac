//! Payment, completion and expiry of a checkout session.

use serde_json::{Value, json};

use super::{KIND, get, shape};
use crate::{
    behaviour::Behaviour,
    clock::now,
    clock::now_ms,
    error::Error,
    objects::{
        customer, payment_intent,
        payment_method::{self, Chosen},
    },
    route::Call,
    state::State,
    store::{number, text},
};

/// Pays an open session with the payer's payment method; returns the payment intent.
pub(crate) fn pay(state: &mut State, id: &str, method: Chosen) -> Result<Value, Error> {
    let session = get(state, id)?;
    expect_open(&session, "paid")?;
    method.fits_types(&session)?;
    let intent = match text(&session, "payment_intent") {
        "" => start(state, &session, &method),
        intent => intent.to_owned(),
    };
    let back = format!("{}/c/pay/{id}/return", state.url);
    payment_intent::pay(state, &intent, method, back)
}

/// Completes a session with a total of zero.
pub(crate) fn pay_nothing(state: &mut State, id: &str) -> Result<Value, Error> {
    let session = get(state, id)?;
    expect_open(&session, "completed")?;
    if number(&session, "amount_total") > 0 {
        return Err(Error::invalid("The session's total is not zero."));
    }
    Ok(complete(state, &session, "no_payment_required", None))
}

/// Creates the payment intent at the payer's first attempt; returns its id.
fn start(state: &mut State, session: &Value, method: &Chosen) -> String {
    let id = text(session, "id");
    let mut intent = state.drafts.remove(id).unwrap_or_default();
    intent["created"] = now().into();
    let keeps =
        session["customer_creation"] == "always" || intent["setup_future_usage"].is_string();
    if keeps && session["customer"].is_null() {
        let billing = method.billing_details();
        let customer = customer::of_payer(state, &payer_email(session, billing), &billing["name"]);
        intent["customer"] = customer["id"].clone();
    }
    let intent = state.create("payment_intent.created", intent);
    let started = text(&intent, "id").to_owned();
    state.update(id, &json!({ "payment_intent": started }));
    state.sessions.insert(started.clone(), id.to_owned());
    started
}

fn payer_email(session: &Value, billing: &Value) -> Value {
    match &session["customer_details"]["email"] {
        Value::Null => billing["email"].clone(),
        email => email.clone(),
    }
}

/// Updates the session of a payment intent that just changed, if it has one.
pub(crate) fn follow(state: &mut State, intent: &Value) {
    let session = state.sessions.get(text(intent, "id"));
    let Some(session) = session.and_then(|id| state.store.find(id)).cloned() else {
        return;
    };
    let (id, open) = (text(&session, "id"), session["status"] == "open");
    let late = session["payment_status"] == "unpaid" && session["status"] == "complete";
    match text(intent, "status") {
        "succeeded" if open => drop(complete(state, &session, "paid", Some(intent))),
        "processing" | "requires_capture" if open => {
            complete(state, &session, "unpaid", Some(intent));
        }
        "requires_action" if open && is_paid_elsewhere(state, intent) => {
            complete(state, &session, "unpaid", Some(intent));
        }
        "succeeded" if late && intent["capture_method"] == "manual" => {
            state.update(id, &json!({ "payment_status": "paid" }));
        }
        "succeeded" if late => {
            let event = "checkout.session.async_payment_succeeded";
            state.change_object(event, id, &json!({ "payment_status": "paid" }));
        }
        "requires_payment_method" if late => {
            state.change_object("checkout.session.async_payment_failed", id, &json!({}));
        }
        _ => {}
    }
}

/// Returns true when the payer pays elsewhere and the page has no further step.
fn is_paid_elsewhere(state: &State, intent: &Value) -> bool {
    payment_intent::behaviour(state, intent) == Behaviour::PaidElsewhere
}

fn complete(
    state: &mut State,
    session: &Value,
    payment_status: &str,
    intent: Option<&Value>,
) -> Value {
    let method = intent.map(|intent| text(intent, "payment_method"));
    let method = method.and_then(|id| state.store.find(id));
    let billing = method.map(|method| method["billing_details"].clone());
    let billing = billing.unwrap_or_else(payment_method::billing_details);
    let mut patch = json!({
        "customer_details": shape::customer_details(
            &payer_email(session, &billing),
            &billing["name"],
            &billing["address"],
        ),
        "payment_status": payment_status,
        "status": "complete",
        "url": null,
    });
    if let Some(customer) = intent.map(|intent| &intent["customer"]) {
        patch["customer"] = customer.clone();
    }
    state.change_object("checkout.session.completed", text(session, "id"), &patch)
}

/// `POST …/expire`: the shop ends an open session.
pub(super) fn expire(state: &mut State, call: Call) -> Result<Value, Error> {
    let session = get(state, &call.id())?;
    call.params.finish()?;
    expect_open(&session, "expired")?;
    Ok(end(state, &session))
}

/// Lets a session expire, for the control plane.
pub(crate) fn run_out(state: &mut State, call: Call) -> Result<Value, Error> {
    let session = get(state, &call.id())?;
    call.params.finish()?;
    expect_open(&session, "expired")?;
    let session = state.update(text(&session, "id"), &json!({ "expires_at": now() }));
    on_timer(state, &session);
    get(state, text(&session, "id"))
}

/// Expires an open session whose time is over.
pub(crate) fn on_timer(state: &mut State, session: &Value) {
    let at = session["expires_at"].as_u64().unwrap_or_default();
    if session["status"] == "open" && at.saturating_mul(1000) <= now_ms() {
        end(state, session);
    }
}

/// Expires a session and cancels its payment intent.
fn end(state: &mut State, session: &Value) -> Value {
    let patch = json!({ "status": "expired", "url": null });
    let ended = state.change_object("checkout.session.expired", text(session, "id"), &patch);
    payment_intent::cancel_with_session(state, text(session, "payment_intent"));
    ended
}

fn expect_open(session: &Value, what: &str) -> Result<(), Error> {
    let status = text(session, "status");
    if status == "open" {
        return Ok(());
    }
    let message = format!("Only an open {KIND} can be {what}; this one's status is `{status}`.");
    Err(Error::invalid(&message).executed())
}

/// Pays a session, as hosted Checkout and Stripe's command line do.
pub(crate) fn confirm(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let session = get(state, &id)?;
    let method = Chosen::read(state, &mut call.params)?;
    let method = method.ok_or_else(|| call.params.missing(payment_method::KIND))?;
    let expected = call.params.integer("expected_amount")?;
    call.params.finish()?;
    if expected.is_some_and(|expected| expected != number(&session, "amount_total")) {
        let message = "The session's total differs from the total on the page.";
        let error = Error::invalid(message).code("checkout_amount_mismatch");
        return Err(error.param("expected_amount"));
    }
    pay(state, &id, method)?;
    get(state, &id)
}
