//! Payment, completion and expiry of a checkout session.

use serde_json::{Value, json};

use super::{
    KIND,
    customer::update as update_customer,
    discounts, get, keep_lines, payer, recovery, subscription,
    totals::{self, Known},
    ui,
};
use crate::{
    behaviour::Behaviour,
    clock::now,
    clock::now_ms,
    error::Error,
    objects::{
        customer, invoice, payment_intent,
        payment_method::{self, Chosen},
        setup_intent,
    },
    params::Params,
    route::Call,
    state::State,
    store::{number, text},
};

/// Reads the payer's entries; returns the changed session and its lines, and stores nothing.
fn entered(state: &State, id: &str, params: &mut Params) -> Result<(Value, Vec<Value>), Error> {
    let mut session = get(state, id)?;
    expect_open(&session, "paid")?;
    payer::enter(state, params, &mut session)?;
    let mut items = state.lines.get(id).cloned().unwrap_or_default();
    let known = Known { state, new: &[] };
    totals::apply(known, &mut session, &mut items)?;
    Ok((session, items))
}

fn keep(state: &mut State, session: &Value, items: Vec<Value>) {
    let id = text(session, "id");
    state.update(id, session);
    keep_lines(state, id, items);
}

/// Applies the payer's entries to an open session; returns it with its new amounts.
pub(crate) fn enter(state: &mut State, id: &str, mut params: Params) -> Result<Value, Error> {
    let (session, items) = entered(state, id, &mut params)?;
    params.finish()?;
    keep(state, &session, items);
    Ok(session)
}

/// Pays an open session with the payer's payment method, or completes one that costs nothing.
/// Returns the payment intent; `null` without one.
pub(crate) fn pay(state: &mut State, id: &str, method: Option<Chosen>) -> Result<Value, Error> {
    let session = get(state, id)?;
    expect_open(&session, "paid")?;
    payer::expect_complete(state, &session)?;
    discounts::check(state, &session)?;
    if subscription::is(&session) {
        return subscription::pay(state, &session, method);
    }
    if number(&session, "amount_total") == 0 {
        free(state, session);
        return Ok(Value::Null);
    }
    let method = method.ok_or_else(|| Params::default().missing(payment_method::KIND))?;
    method.fits_types(&session)?;
    let method = method.billed_to(&session["customer_details"]);
    let intent = match text(&session, "payment_intent") {
        "" => start(state, &session, &method),
        intent => intent.to_owned(),
    };
    state.update(&intent, &terms(&session));
    let back = ui::back(&session, &state.url);
    payment_intent::pay(state, &intent, method, back)
}

/// What a session decides of its payment intent at every attempt.
pub(super) fn terms(session: &Value) -> Value {
    let mut terms = json!({ "amount": session["amount_total"] });
    let shipped_to = &session["collected_information"]["shipping_details"];
    if !shipped_to.is_null() {
        terms["shipping"] = json!({
            "address": shipped_to["address"],
            "carrier": null,
            "name": shipped_to["name"],
            "phone": session["customer_details"]["phone"],
            "tracking_number": null,
        });
    }
    terms
}

/// Completes a session that costs nothing; it makes a customer, as Stripe does.
fn free(state: &mut State, mut session: Value) {
    let intent = text(&session, "payment_intent").to_owned();
    if !intent.is_empty() {
        state.sessions.remove(&intent);
        payment_intent::cancel_with_session(state, &intent);
        session["payment_intent"] = Value::Null;
    }
    if session["customer"].is_null() {
        let customer = customer_of(state, &session, &payment_method::billing_details());
        session["customer"] = customer;
    }
    state.update(text(&session, "id"), &session);
    complete(state, &session, "no_payment_required", None);
}

/// Creates the payment intent at the payer's first attempt; returns its id.
fn start(state: &mut State, session: &Value, method: &Chosen) -> String {
    let id = text(session, "id");
    let draft = state.drafts.get(id);
    let mut intent = draft.map_or(Value::Null, |draft| draft["payment_intent"].clone());
    intent["created"] = now().into();
    for (field, value) in terms(session).as_object().into_iter().flatten() {
        intent[field] = value.clone();
    }
    let keeps = session["customer_creation"] == "always"
        || session["invoice_creation"]["enabled"] == true
        || intent["setup_future_usage"].is_string();
    if keeps && session["customer"].is_null() {
        intent["customer"] = customer_of(state, session, method.billing_details());
    }
    let intent = state.create("payment_intent.created", intent);
    let started = text(&intent, "id").to_owned();
    state.update(id, &json!({ "payment_intent": started }));
    state.sessions.insert(started.clone(), id.to_owned());
    started
}

/// The intent of a session; a subscription's session does not show it.
pub(crate) fn intent_of(state: &State, session: &Value) -> String {
    match subscription::is(session) {
        true => subscription::intent(state, session),
        false => text(session, "payment_intent").to_owned(),
    }
}

/// Creates a customer of the payer; returns its id.
pub(super) fn customer_of(state: &mut State, session: &Value, billing: &Value) -> Value {
    let details = payer::details_with(session, billing);
    let shipping = terms(session)["shipping"].take();
    customer::of_payer(state, &details, &shipping)["id"].clone()
}

/// Updates the session of a payment intent that just changed, if it has one.
pub(crate) fn follow(state: &mut State, intent: &Value) {
    let session = state.sessions.get(text(intent, "id"));
    let Some(session) = session.and_then(|id| state.store.find(id)).cloned() else {
        return;
    };
    let (id, open) = (text(&session, "id"), session["status"] == "open");
    let late = session["payment_status"] == "unpaid" && session["status"] == "complete";
    if subscription::is(&session) {
        if open && intent["status"] == "succeeded" {
            subscription::complete(state, &session, Some(intent));
        }
        return;
    }
    match text(intent, "status") {
        "succeeded" if open => drop(complete(state, &session, "paid", Some(intent))),
        "processing" | "requires_capture" if open => {
            complete(state, &session, "unpaid", Some(intent));
        }
        "requires_action" if open && is_paid_elsewhere(state, intent) => {
            complete(state, &session, "unpaid", Some(intent));
        }
        "succeeded" if late && intent["capture_method"] == "manual" => {
            invoiced(state, &session);
            state.update(id, &json!({ "payment_status": "paid" }));
        }
        "succeeded" if late => {
            invoiced(state, &session);
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
        "customer_details": payer::details_with(session, &billing),
        "payment_status": payment_status,
        "status": "complete",
        "url": null,
    });
    if let Some(customer) = intent.map(|intent| &intent["customer"]) {
        patch["customer"] = customer.clone();
    }
    let id = text(session, "id");
    let mut session = state.update(id, &patch);
    discounts::redeem(state, &session);
    if payment_status != "unpaid" {
        session = invoiced(state, &session);
    }
    if let Some(draft) = state.drafts.remove(id) {
        update_customer(state, &session, &draft["customer_update"]);
    }
    state.emit("checkout.session.completed", &session, None);
    session
}

/// Creates the invoice of a paid session that has one; returns the session.
fn invoiced(state: &mut State, session: &Value) -> Value {
    if session["invoice_creation"]["enabled"] != true {
        return session.clone();
    }
    let invoice = invoice::of_session(state, session);
    state.update(text(session, "id"), &json!({ "invoice": invoice }))
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
    let intent = intent_of(state, session);
    let after = recovery::after(session, &state.url);
    if after.is_null() {
        state.drafts.remove(text(session, "id"));
    }
    let patch = json!({ "after_expiration": after, "status": "expired", "url": null });
    let ended = state.change_object("checkout.session.expired", text(session, "id"), &patch);
    payment_intent::cancel_with_session(state, &intent);
    setup_intent::cancel_with_session(state, &intent);
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

/// Pays a session with the payer's entries, as hosted Checkout and Stripe's command line do.
pub(crate) fn confirm(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let method = Chosen::read(state, &mut call.params)?;
    let expected = call.params.integer("expected_amount")?;
    let (session, items) = entered(state, &id, &mut call.params)?;
    call.params.finish()?;
    if expected.is_some_and(|expected| expected != number(&session, "amount_total")) {
        let message = "The session's total differs from the total on the page.";
        let error = Error::invalid(message).code("checkout_amount_mismatch");
        return Err(error.param("expected_amount"));
    }
    keep(state, &session, items);
    pay(state, &id, method)?;
    get(state, &id)
}
