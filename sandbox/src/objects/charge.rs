//! Charges: attempts to pay an intent.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::{
    address,
    behaviour::Decline,
    error::Error,
    ids,
    list::{Page, is},
    metadata,
    objects::{customer, payment_intent},
    route::{Call, Route},
    state::State,
    store::{number, text},
};

mod shape;

pub(crate) use shape::describe;
use shape::outcome;

const KIND: &str = "charge";

/// The path of the receipts' pages; the charge's id and a random token follow.
pub(crate) const RECEIPTS: &str = "/receipts/payment/";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/charges", list),
    Route::new("GET", "/v1/charges/{}", retrieve),
    Route::new("POST", "/v1/charges/{}", update),
];

/// The result of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attempt {
    /// The charge succeeded.
    Succeeded,
    /// A bank debit is processing.
    Pending,
    /// The bank declined.
    Failed(&'static Decline),
}

/// Creates a charge for an intent, with a copy of its details.
pub(crate) fn new(state: &State, intent: &Value, method: &str, attempt: Attempt) -> Value {
    let method = state.store.find(method).unwrap_or(&Value::Null);
    let mut charge = shape::new(intent, method);
    if !matches!(attempt, Attempt::Failed(_)) {
        let (id, token) = (text(&charge, "id"), ids::long(""));
        charge["receipt_url"] = format!("{}{RECEIPTS}{id}/{token}", state.url).into();
    }
    let patch = match attempt {
        Attempt::Succeeded => succeeded(number(intent, "amount")),
        Attempt::Pending => json!({ "status": "pending", "captured": true }),
        Attempt::Failed(decline) => failed(decline),
    };
    for (name, value) in patch.as_object().into_iter().flatten() {
        charge[name] = value.clone();
    }
    charge
}

/// The changes of a charge that succeeds.
pub(crate) fn succeeded(amount: i64) -> Value {
    json!({
        "amount_captured": amount,
        "balance_transaction": ids::long("txn_3"),
        "captured": true,
        "outcome": outcome("authorized", "approved_by_network", None),
        "paid": true,
        "status": "succeeded",
    })
}

/// The changes of a charge that the bank declines.
pub(crate) fn failed(decline: &Decline) -> Value {
    let (kind, network) = match decline.decline_code {
        "fraudulent" => ("blocked", "not_sent_to_network"),
        _ => ("issuer_declined", "declined_by_network"),
    };
    json!({
        "captured": false,
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": outcome(kind, network, Some(decline.decline_code)),
        "paid": false,
        "status": "failed",
    })
}

/// The successful charge of an intent.
pub(crate) fn paid_on(state: &State, intent: &str) -> Result<Value, Error> {
    let mut charges = state.store.all(KIND);
    let found =
        charges.find(|charge| charge["payment_intent"] == *intent && charge["paid"] == true);
    found
        .map(Cow::into_owned)
        .ok_or_else(|| Error::missing("payment_intent", intent, "payment_intent"))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut charge = state.store.get(KIND, &call.id(), "id")?.clone();
    if let Some(customer) = call.params.text("customer")? {
        customer::expect(state, &customer)?;
        charge["customer"] = customer.into();
    }
    for field in ["description", "transfer_group"] {
        if let Some(value) = call.params.clearable(field)? {
            charge[field] = value;
        }
    }
    if let Some(email) = payment_intent::receipt_email(&mut call.params)? {
        charge["receipt_email"] = email;
    }
    if let Some(shipping) = address::shipping(&mut call.params)? {
        charge["shipping"] = shipping;
    }
    if let Some(metadata) = metadata::merged(&mut call.params, &charge["metadata"])? {
        charge["metadata"] = metadata;
    }
    call.params.accept(&["fraud_details"]);
    call.params.finish()?;
    Ok(state.change_object("charge.updated", text(&charge, "id"), &charge))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let intent = call.params.text("payment_intent")?;
    let customer = call.params.text("customer")?;
    let group = call.params.text("transfer_group")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/charges", |charge| {
        is(&charge["payment_intent"], intent.as_ref())
            && is(&charge["customer"], customer.as_ref())
            && is(&charge["transfer_group"], group.as_ref())
    })
}
