//! Payment intents: created by a server, confirmed by a browser.
//!
//! - [`shape`]: its JSON, for a server and for a browser.
//! - [`details`]: the parameters that create and update share.
//! - [`confirmation`]: the parameters of a confirmation.
//! - [`payment`]: confirmations: paid, declined or challenged.
//! - [`completion`]: the end of a payment that its confirmation left open.
//! - [`authorization`]: payments that the shop captures later.
//! - [`invoice`]: payments of invoices.

use serde_json::{Value, json};

use super::payment_method::Chosen;
use crate::{
    caller::Caller,
    clock::now,
    error::Error,
    list::{Page, is},
    money,
    params::Params,
    route::{Call, Route},
    state::State,
    store::{number, text},
};

mod authorization;
mod completion;
mod confirmation;
mod details;
mod invoice;
mod payment;
mod shape;

pub(crate) use authorization::{is_manual, run_out};
pub(crate) use completion::{authenticate, on_timer, settle};
use confirmation::Confirmation;
pub(crate) use confirmation::check_return_url;
pub(crate) use details::{methods, receipt_email};
pub(crate) use invoice::{cancel_with_invoice, collect, of_invoice, predict};
pub(crate) use payment::{behaviour, set_up};
pub(crate) use shape::{challenge, seen_by};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "payment_intent";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/payment_intents", create),
    Route::new("GET", "/v1/payment_intents", list),
    Route::new("GET", "/v1/payment_intents/{}", retrieve).publishable(),
    Route::new("POST", "/v1/payment_intents/{}", update),
    Route::new("POST", "/v1/payment_intents/{}/confirm", confirm).publishable(),
    Route::new(
        "POST",
        "/v1/payment_intents/{}/capture",
        authorization::capture,
    ),
    Route::new("POST", "/v1/payment_intents/{}/cancel", cancel),
    Route::new(
        "POST",
        "/_sandbox/payment_intents/{}/authenticate",
        authenticate,
    ),
    Route::new("POST", "/_sandbox/payment_intents/{}/settle", settle),
    Route::new("POST", "/_sandbox/payment_intents/{}/expire", run_out),
];

const CHANGEABLE: &[&str] = &[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
];
const CANCELABLE: &[&str] = &[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "requires_capture",
];
const REASONS: &[&str] = &[
    "duplicate",
    "fraudulent",
    "requested_by_customer",
    "abandoned",
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let amount = params
        .integer("amount")?
        .ok_or_else(|| params.missing("amount"))?;
    let currency = money::currency(params)?;
    let amount = money::chargeable(amount, &currency)?;
    let mut intent = shape::new(amount, &currency);
    details::read(state, params, &mut intent)?;
    let confirmed = params.flag("confirm")?.unwrap_or(false);
    let confirmation = Confirmation::read(state, params)?;
    call.params.finish()?;
    confirmation.check_confirmed(confirmed, call.caller)?;
    confirmation.check_customer(&intent)?;
    if !confirmed {
        attach(state, &mut intent, confirmation.method);
        return Ok(state.create("payment_intent.created", intent));
    }
    confirmation.check(&intent)?;
    confirmation.check_return_url(call.caller, &intent)?;
    let intent = state.create("payment_intent.created", intent);
    payment::confirm(state, text(&intent, "id"), confirmation)
}

/// An intent that a checkout session starts later; stores nothing.
pub(crate) fn draft(state: &State, mut data: Params, session: &Value) -> Result<Value, Error> {
    let amount = number(session, "amount_total");
    let mut intent = shape::new(amount, text(session, "currency"));
    details::read(state, &mut data, &mut intent)?;
    intent["automatic_payment_methods"] = Value::Null;
    intent["customer"] = session["customer"].clone();
    intent["payment_method_types"] = session["payment_method_types"].clone();
    Ok(intent)
}

/// Pays a checkout session's intent; a challenge redirects to `return_url`.
pub(crate) fn pay(
    state: &mut State,
    id: &str,
    method: Chosen,
    return_url: String,
) -> Result<Value, Error> {
    let intent = state.store.get(KIND, id, "intent")?.clone();
    method.check_customer(&intent)?;
    expect(&intent, CHANGEABLE, "paid")?;
    payment::confirm(state, id, Confirmation::of(method, return_url))
}

/// Cancels a checkout session's intent, if its status allows it.
pub(crate) fn cancel_with_session(state: &mut State, id: &str) {
    let intent = state.store.find(id).cloned().unwrap_or_default();
    if intent["object"] == KIND && CANCELABLE.contains(&text(&intent, "status")) {
        canceled(state, &intent, Some("expired"));
    }
}

/// Rejects operations that only the checkout session may perform on its intent.
fn expect_own(state: &State, id: &str, what: &str) -> Result<(), Error> {
    if !state.sessions.contains_key(id) {
        return Ok(());
    }
    let message = format!("A payment_intent of a checkout.session cannot be {what} by itself.");
    Err(Error::invalid(&message).executed())
}

/// Sets the payment method of an intent, if there is one.
fn attach(state: &mut State, intent: &mut Value, method: Option<Chosen>) {
    if let Some(method) = method {
        intent["payment_method"] = method.save(state).into();
        intent["next_action"] = Value::Null;
        intent["status"] = "requires_confirmation".into();
    }
}

fn retrieve(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let secret = call.params.text("client_secret")?;
    call.params.accept(&["_stripe_version", "is_stripe_sdk"]);
    let (id, caller) = (call.id(), call.caller);
    call.params.finish()?;
    let intent = opened(state, &id, caller, secret.as_deref())?;
    Ok(shape::seen_by(caller, &intent))
}

/// The intent, if the caller may read it: a browser needs its client secret.
fn opened(state: &State, id: &str, caller: Caller, secret: Option<&str>) -> Result<Value, Error> {
    let intent = state.store.get(KIND, id, "intent")?;
    match secret {
        None if caller == Caller::Publishable => Err(Params::default().missing("client_secret")),
        Some(secret) if secret != text(intent, "client_secret") => {
            let message = "The client_secret is not this payment_intent's.";
            Err(Error::invalid(message)
                .code("payment_intent_invalid_parameter")
                .param("client_secret"))
        }
        _ => Ok(intent.clone()),
    }
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let intent = state.store.get(KIND, &call.id(), "intent")?.clone();
    let (id, mut changed) = (call.id(), intent.clone());
    let params = &mut call.params;
    let amount = params.integer("amount")?;
    if params.has("currency") {
        changed["currency"] = money::currency(params)?.into();
    }
    if let Some(amount) = amount {
        changed["amount"] = amount.into();
    }
    money::chargeable(
        changed["amount"].as_i64().unwrap_or(0),
        text(&changed, "currency"),
    )?;
    details::read(state, params, &mut changed)?;
    let confirmation = Confirmation::read(state, params)?;
    call.params.finish()?;
    confirmation.check_customer(&changed)?;
    confirmation.check_confirmed(false, call.caller)?;
    expect(&intent, CHANGEABLE, "updated")?;
    attach(state, &mut changed, confirmation.method);
    Ok(state.update(&id, &changed))
}

/// Confirms the intent, for a browser or for a server with a payment method.
pub(crate) fn confirm(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let (id, caller) = (call.id(), call.caller);
    let secret = call.params.text("client_secret")?;
    let intent = opened(state, &id, caller, secret.as_deref())?;
    let confirmation = Confirmation::read(state, &mut call.params)?;
    confirmation.check_confirmed(true, caller)?;
    let mut changed = intent.clone();
    if caller == Caller::Publishable {
        call.params.accept(&[
            "_stripe_version",
            "expected_payment_method_type",
            "client_context",
        ]);
        details::read_publishable(&mut call.params, &mut changed)?;
    } else {
        details::read(state, &mut call.params, &mut changed)?;
    }
    call.params.finish()?;
    confirmation.check_customer(&changed)?;
    expect(&intent, CHANGEABLE, "confirmed")?;
    expect_own(state, &id, "confirmed")?;
    confirmation.check(&intent)?;
    confirmation.check_return_url(caller, &changed)?;
    check_confirmations(state, &intent, caller)?;
    state.update(&id, &changed);
    match payment::confirm(state, &id, confirmation) {
        Ok(intent) => Ok(shape::seen_by(caller, &intent)),
        Err(error) => Err(error.map(KIND, |intent| shape::seen_by(caller, intent))),
    }
}

/// Cancels an intent after too many confirmations, as Stripe does at the next confirmation.
fn check_confirmations(state: &mut State, intent: &Value, caller: Caller) -> Result<(), Error> {
    let made = state.confirmations.get(text(intent, "id")).copied();
    if made.unwrap_or_default() < state.max_confirmations {
        return Ok(());
    }
    let canceled = canceled(state, intent, Some("automatic"));
    let message = "The payment_intent was confirmed too many times, and is canceled.";
    Err(
        Error::unexpected("payment_intent_unexpected_state", message)
            .with(KIND, shape::seen_by(caller, &canceled))
            .executed(),
    )
}

/// Cancels an unpaid intent, and releases an authorized amount.
pub(crate) fn cancel(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let reason = call.params.choice("cancellation_reason", REASONS)?;
    call.params.finish()?;
    let intent = state.store.get(KIND, &id, "intent")?.clone();
    expect(&intent, CANCELABLE, "canceled")?;
    if state.billing.invoices.contains_key(&id) {
        let message = "A payment_intent of an invoice cannot be canceled: void the invoice.";
        return Err(Error::invalid(message).executed());
    }
    if intent["status"] != "requires_capture" {
        expect_own(state, &id, "canceled")?;
    }
    Ok(canceled(state, &intent, reason.as_deref()))
}

fn canceled(state: &mut State, intent: &Value, reason: Option<&str>) -> Value {
    let patch = json!({
        "amount_capturable": 0,
        "canceled_at": now(),
        "cancellation_reason": reason,
        "next_action": null,
        "status": "canceled",
    });
    state.change_object("payment_intent.canceled", text(intent, "id"), &patch)
}

/// Rejects an operation that the intent's status does not allow; the error contains the intent.
fn expect(intent: &Value, statuses: &[&str], what: &str) -> Result<(), Error> {
    let status = text(intent, "status");
    if statuses.contains(&status) {
        return Ok(());
    }
    let message = format!("A payment_intent that is {status} cannot be {what}.");
    Err(Error::unexpected("payment_intent_unexpected_state", &message).with(KIND, intent.clone()))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let customer = call.params.text("customer")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/payment_intents", |intent| {
        is(&intent["customer"], customer.as_ref())
    })
}
