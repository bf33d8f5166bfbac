//! Setup intents: save a payment method for later payments, without a charge.

use serde_json::{Value, json};

use super::payment_method::{self, Chosen};
use crate::{
    behaviour::{Behaviour, Decline},
    caller::Caller,
    error::Error,
    list::{Page, is},
    metadata,
    objects::{checkout_session, customer, payment_intent},
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

mod shape;

pub(crate) use shape::seen_by;

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "setup_intent";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/setup_intents", create),
    Route::new("GET", "/v1/setup_intents", list),
    Route::new("GET", "/v1/setup_intents/{}", retrieve).publishable(),
    Route::new("POST", "/v1/setup_intents/{}", update),
    Route::new("POST", "/v1/setup_intents/{}/confirm", confirm).publishable(),
    Route::new("POST", "/v1/setup_intents/{}/cancel", cancel),
    Route::new(
        "POST",
        "/_sandbox/setup_intents/{}/authenticate",
        authenticate,
    ),
];

const OPEN: &[&str] = &[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
];
const REASONS: &[&str] = &["abandoned", "duplicate", "requested_by_customer"];
const KNOWN: &[&str] = &[
    "_stripe_version",
    "client_context",
    "expected_payment_method_type",
    "mandate_data",
    "payment_method_configuration",
    "payment_method_options",
    "use_stripe_sdk",
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut intent = shape::new();
    details(state, &mut call.params, &mut intent)?;
    if let Some(usage) = call
        .params
        .choice("usage", &["off_session", "on_session"])?
    {
        intent["usage"] = usage.into();
    }
    let confirmed = call.params.flag("confirm")?.unwrap_or(false);
    let return_url = call.params.text("return_url")?;
    let method = Chosen::read(state, &mut call.params)?;
    call.params.accept(KNOWN);
    call.params.finish()?;
    if let Some(method) = &method {
        method.check_customer(&intent)?;
    } else if confirmed {
        return Err(no_method(&intent));
    }
    if confirmed {
        payment_intent::check_return_url(return_url.as_deref(), call.caller, &intent)?;
    }
    if let Some(method) = method {
        intent["payment_method"] = method.save(state).into();
        intent["status"] = "requires_confirmation".into();
    }
    let intent = state.create("setup_intent.created", intent);
    match confirmed {
        true => set_up(state, &intent, return_url.as_deref()),
        false => Ok(intent),
    }
}

/// The setup of a payment method for a checkout session's customer; stores nothing.
pub(crate) fn of_session(customer: &Value, types: &Value) -> Value {
    let mut intent = shape::new();
    intent["automatic_payment_methods"] = Value::Null;
    intent["customer"] = customer.clone();
    intent["payment_method_types"] = types.clone();
    intent
}

/// Sets up the payment method that the payer of a checkout session chose.
pub(crate) fn pay(
    state: &mut State,
    id: &str,
    method: Chosen,
    return_url: &str,
) -> Result<Value, Error> {
    let intent = state.store.get(KIND, id, "intent")?.clone();
    expect_open(&intent, "confirmed")?;
    method.check_customer(&intent)?;
    let method = method.save(state);
    let intent = state.update(id, &json!({ "payment_method": method }));
    set_up(state, &intent, Some(return_url))
}

/// Cancels a checkout session's intent, if its status allows it.
pub(crate) fn cancel_with_session(state: &mut State, id: &str) {
    let intent = state.store.find(id).cloned().unwrap_or_default();
    if intent["object"] == KIND && OPEN.contains(&text(&intent, "status")) {
        canceled(state, id, Some("abandoned"));
    }
}

fn details(state: &State, params: &mut Params, intent: &mut Value) -> Result<(), Error> {
    if let Some(customer) = params.text("customer")? {
        customer::expect(state, &customer)?;
        intent["customer"] = customer.into();
    }
    if let Some(description) = params.clearable("description")? {
        intent["description"] = description;
    }
    if let Some(metadata) = metadata::merged(params, &intent["metadata"])? {
        intent["metadata"] = metadata;
    }
    payment_intent::methods(params, intent)
}

fn opened(state: &State, call: &mut Call) -> Result<Value, Error> {
    let intent = state.store.get(KIND, &call.id(), "intent")?;
    match call.params.text("client_secret")? {
        None if call.caller == Caller::Publishable => Err(call.params.missing("client_secret")),
        Some(secret) if secret != text(intent, "client_secret") => {
            let message = "The client_secret is not this setup_intent's.";
            Err(Error::invalid(message)
                .code("setup_intent_invalid_parameter")
                .param("client_secret"))
        }
        _ => Ok(intent.clone()),
    }
}

fn retrieve(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let intent = opened(state, &mut call)?;
    call.params.accept(KNOWN);
    call.params.finish()?;
    Ok(shape::seen_by(call.caller, &intent))
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let mut intent = state.store.get(KIND, &id, "intent")?.clone();
    expect_open(&intent, "updated")?;
    details(state, &mut call.params, &mut intent)?;
    let method = Chosen::read(state, &mut call.params)?;
    call.params.accept(KNOWN);
    call.params.finish()?;
    if let Some(method) = method {
        method.check_customer(&intent)?;
        intent["payment_method"] = method.save(state).into();
        intent["status"] = "requires_confirmation".into();
    }
    Ok(state.update(&id, &intent))
}

fn confirm(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let (id, caller) = (call.id(), call.caller);
    let intent = opened(state, &mut call)?;
    let method = Chosen::read(state, &mut call.params)?;
    let return_url = call.params.text("return_url")?;
    call.params.accept(KNOWN);
    call.params.finish()?;
    expect_open(&intent, "confirmed")?;
    payment_intent::check_return_url(return_url.as_deref(), caller, &intent)?;
    let intent = match method {
        Some(method) => {
            method.check_customer(&intent)?;
            let method = method.save(state);
            state.update(&id, &json!({ "payment_method": method }))
        }
        None if intent["payment_method"].is_null() => return Err(no_method(&intent)),
        None => intent,
    };
    match set_up(state, &intent, return_url.as_deref()) {
        Ok(intent) => Ok(shape::seen_by(caller, &intent)),
        Err(error) => Err(error.map(KIND, |intent| shape::seen_by(caller, intent))),
    }
}

fn no_method(intent: &Value) -> Error {
    let message = "This setup_intent cannot be confirmed without a payment method.";
    Error::unexpected("setup_intent_unexpected_state", message).with(KIND, intent.clone())
}

fn expect_open(intent: &Value, what: &str) -> Result<(), Error> {
    let status = text(intent, "status");
    if OPEN.contains(&status) {
        return Ok(());
    }
    let message = format!("A setup_intent that is {status} cannot be {what}.");
    Err(Error::unexpected("setup_intent_unexpected_state", &message).with(KIND, intent.clone()))
}

/// Sets the payment method up; a card that only declines charges may be attached.
fn set_up(state: &mut State, intent: &Value, return_url: Option<&str>) -> Result<Value, Error> {
    match payment_intent::behaviour(state, intent) {
        Behaviour::Declines(decline) => Err(declined(state, intent, decline)),
        Behaviour::NeedsAuthentication | Behaviour::NeedsSetup | Behaviour::SetUp => {
            let next = payment_intent::challenge(intent, &state.url, return_url);
            let patch = json!({
                "last_setup_error": null,
                "next_action": next,
                "status": "requires_action",
            });
            let id = text(intent, "id");
            Ok(state.change_object("setup_intent.requires_action", id, &patch))
        }
        _ => Ok(succeeded(state, intent)),
    }
}

/// Completes the setup and attaches the payment method to the customer.
fn succeeded(state: &mut State, intent: &Value) -> Value {
    let customer = text(intent, "customer");
    if !customer.is_empty() {
        payment_method::attach_to(state, text(intent, "payment_method"), customer);
    }
    if intent["usage"] == "off_session" {
        payment_intent::set_up(state, text(intent, "payment_method"));
    }
    let patch = json!({ "last_setup_error": null, "next_action": null, "status": "succeeded" });
    let intent = state.change_object("setup_intent.succeeded", text(intent, "id"), &patch);
    checkout_session::follow(state, &intent);
    intent
}

fn declined(state: &mut State, intent: &Value, decline: &'static Decline) -> Error {
    let error = Error::card(decline.code, decline.message)
        .with("decline_code", decline.decline_code)
        .executed();
    failed(state, intent, error)
}

/// Resets the intent: the payer may try another payment method.
fn failed(state: &mut State, intent: &Value, error: Error) -> Error {
    let method = state.store.find(text(intent, "payment_method")).cloned();
    let error = error.with("payment_method", method.unwrap_or_default());
    let patch = json!({
        "last_setup_error": error.fields(),
        "next_action": null,
        "payment_method": null,
        "status": "requires_payment_method",
    });
    let id = text(intent, "id");
    let intent = state.change_object("setup_intent.setup_failed", id, &patch);
    error.with(KIND, intent)
}

/// Completes the payer's challenge; needs the intent's `client_secret`.
pub(crate) fn authenticate(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let outcome = call.params.choice("outcome", &["success", "failure"])?;
    if !call.params.has("client_secret") {
        return Err(call.params.missing("client_secret"));
    }
    let intent = opened(state, &mut call)?;
    let id = call.id();
    call.params.finish()?;
    if intent["status"] != "requires_action" {
        let message = "This setup_intent does not require authentication.";
        return Err(Error::unexpected("setup_intent_unexpected_state", message));
    }
    if outcome.as_deref() == Some("failure") {
        let message = "The payer could not be authenticated.";
        let error = Error::unexpected("setup_intent_authentication_failure", message);
        failed(state, &intent, error);
        return state.store.get(KIND, &id, "intent").cloned();
    }
    Ok(succeeded(state, &intent))
}

fn cancel(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let reason = call.params.choice("cancellation_reason", REASONS)?;
    call.params.finish()?;
    let intent = state.store.get(KIND, &id, "intent")?.clone();
    expect_open(&intent, "canceled")?;
    Ok(canceled(state, &id, reason.as_deref()))
}

fn canceled(state: &mut State, id: &str, reason: Option<&str>) -> Value {
    let patch = json!({ "cancellation_reason": reason, "next_action": null, "status": "canceled" });
    state.change_object("setup_intent.canceled", id, &patch)
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let customer = call.params.text("customer")?;
    let method = call.params.text("payment_method")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/setup_intents", |intent| {
        is(&intent["customer"], customer.as_ref()) && is(&intent["payment_method"], method.as_ref())
    })
}
