//! Early fraud warnings: the bank suspects fraud, and the payer may dispute later.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::charge;
use crate::{
    clock::now,
    error::Error,
    ids,
    list::of_payment,
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "radar.early_fraud_warning";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/radar/early_fraud_warnings", list),
    Route::new("GET", "/v1/radar/early_fraud_warnings/{}", retrieve),
    Route::new("POST", "/_sandbox/early_fraud_warnings", issue),
];

/// Creates a warning about a payment.
pub(crate) fn issue(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let intent = call.params.required("payment_intent")?;
    let fraud_type = call.params.text("fraud_type")?;
    call.params.finish()?;
    let charge = charge::paid_on(state, &intent)?;
    let warning = json!({
        "id": ids::long("issfr_1"),
        "object": KIND,
        "actionable": charge["disputed"] != true && charge["refunded"] != true,
        "charge": charge["id"],
        "created": now(),
        "fraud_type": fraud_type.unwrap_or_else(|| "unauthorized_use_of_card".to_owned()),
        "livemode": false,
        "payment_intent": intent,
    });
    Ok(state.create("radar.early_fraud_warning.created", warning))
}

/// A dispute of `charge` makes its warning not actionable.
pub(super) fn mark_not_actionable(state: &mut State, charge: &Value) {
    let all = state.store.all(KIND);
    let is_open = |warning: &Cow<'_, Value>| {
        warning["charge"] == charge["id"] && warning["actionable"] == true
    };
    let open: Vec<String> = all
        .filter(is_open)
        .map(|warning| text(&warning, "id").to_owned())
        .collect();
    for id in open {
        let patch = json!({ "actionable": false });
        state.change_object("radar.early_fraud_warning.updated", &id, &patch);
    }
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn list(state: &mut State, call: Call) -> Result<Value, Error> {
    of_payment(
        &state.store,
        call.params,
        KIND,
        "/v1/radar/early_fraud_warnings",
    )
}
