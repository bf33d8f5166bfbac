//! Payment intents of invoices.

use serde_json::{Value, json};

use super::{
    CANCELABLE, CHANGEABLE, KIND, canceled, confirmation::Confirmation, expect, payment, shape,
};
use crate::{
    behaviour::Behaviour,
    error::Error,
    objects::payment_method::{self, Chosen},
    state::State,
    store::{number, text},
    test_cards::{AUTHENTICATION_REQUIRED, GENERIC},
};

/// Creates the payment intent of a finalized invoice.
pub(crate) fn of_invoice(state: &mut State, invoice: &Value) -> Value {
    let currency = text(invoice, "currency");
    let mut intent = shape::new(number(invoice, "amount_due"), currency);
    let mut types = vec!["card"];
    types.extend(payment_method::debit_of(currency));
    intent["automatic_payment_methods"] = Value::Null;
    intent["customer"] = invoice["customer"].clone();
    intent["description"] = match text(invoice, "billing_reason") {
        "subscription_create" => "Subscription creation".into(),
        "subscription_update" | "subscription_cycle" => "Subscription update".into(),
        _ => format!("Payment for Invoice {}", text(invoice, "number")).into(),
    };
    intent["payment_method_types"] = json!(types);
    if !invoice["parent"].is_null() {
        intent["setup_future_usage"] = "off_session".into();
    }
    state.create("payment_intent.created", intent)
}

/// Attempts to collect an invoice by this payment method of its customer.
pub(crate) fn collect(state: &mut State, id: &str, method: &str) -> Result<Value, Error> {
    let intent = state.store.get(KIND, id, "intent")?.clone();
    let method = Chosen::named(state, method, "payment_method")?;
    expect(&intent, CHANGEABLE, "paid")?;
    payment::confirm(state, id, Confirmation::of_invoice(method))
}

/// The error of a decline, or of a challenge, that this payment method would have off session.
pub(crate) fn predict(state: &State, method: &str) -> Result<(), Error> {
    let decline = match state.behaviours.get(method) {
        Some(Behaviour::Declines(decline)) => decline,
        Some(Behaviour::DeclinesOnceAttached) => &GENERIC,
        Some(Behaviour::NeedsAuthentication | Behaviour::NeedsSetup) => &AUTHENTICATION_REQUIRED,
        _ => return Ok(()),
    };
    let error = Error::card(decline.code, decline.message);
    Err(error.with("decline_code", decline.decline_code).executed())
}

/// Cancels the intent of an invoice that nobody has to pay any more.
pub(crate) fn cancel_with_invoice(state: &mut State, id: &str) {
    let intent = state.store.find(id).cloned().unwrap_or_default();
    if CANCELABLE.contains(&text(&intent, "status")) {
        canceled(state, &intent, Some("void_invoice"));
    }
}
