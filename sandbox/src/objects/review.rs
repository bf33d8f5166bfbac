//! Reviews: payments that a rule or a person marked for review.

use serde_json::{Value, json};

use super::charge;
use crate::{
    clock::now,
    error::Error,
    ids,
    list::of_payment,
    route::{Call, Route},
    state::State,
};

const KIND: &str = "review";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/reviews", list),
    Route::new("GET", "/v1/reviews/{}", retrieve),
    Route::new("POST", "/v1/reviews/{}/approve", approve),
    Route::new("POST", "/_sandbox/reviews", open),
];

/// Opens a review of a payment.
pub(crate) fn open(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let intent = call.params.required("payment_intent")?;
    let reason = call.params.choice("opened_reason", &["rule", "manual"])?;
    call.params.finish()?;
    let charge = charge::paid_on(state, &intent)?;
    let reason = reason.unwrap_or_else(|| "rule".to_owned());
    let review = json!({
        "id": ids::long("prv_1"),
        "object": KIND,
        "billing_zip": null,
        "charge": charge["id"],
        "closed_reason": null,
        "created": now(),
        "ip_address": null,
        "ip_address_location": null,
        "livemode": false,
        "open": true,
        "opened_reason": reason,
        "payment_intent": intent,
        "reason": reason,
        "session": null,
    });
    Ok(state.create("review.opened", review))
}

/// Approves a payment.
pub(crate) fn approve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    if state.store.get(KIND, &id, "id")?["open"] != true {
        return Err(Error::invalid("This review is closed.").executed());
    }
    let patch = json!({ "closed_reason": "approved", "open": false, "reason": "approved" });
    Ok(state.change_object("review.closed", &id, &patch))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn list(state: &mut State, call: Call) -> Result<Value, Error> {
    of_payment(&state.store, call.params, KIND, "/v1/reviews")
}
