//! Authorized payments: captured, in part or in full, canceled or expired.

use serde_json::{Value, json};

use super::{
    KIND, canceled, expect,
    payment::{change, succeeded},
};
use crate::{
    clock::{now, now_ms},
    error::Error,
    metadata,
    objects::charge,
    params::Params,
    route::Call,
    state::State,
    store::{number, text},
};

/// The time in which the shop captures, in seconds.
const LIFETIME: u64 = 7 * 24 * 3600;

/// Returns true when the shop captures a payment by this kind of payment method itself.
pub(crate) fn is_manual(intent: &Value, kind: &str) -> bool {
    match &intent["payment_method_options"][kind]["capture_method"] {
        Value::Null => intent["capture_method"] == "manual",
        own => own == "manual",
    }
}

/// The changes of a card's charge that is only authorized.
pub(super) fn uncaptured(charge: &mut Value) {
    charge["amount_captured"] = 0.into();
    charge["balance_transaction"] = Value::Null;
    charge["captured"] = false.into();
    charge["payment_method_details"]["card"]["capture_before"] = (now() + LIFETIME).into();
}

/// Records an authorization, which ends at its charge's `capture_before`.
pub(super) fn authorized(state: &mut State, intent: &Value, charge: &Value) -> Value {
    let at = capture_before(charge).saturating_mul(1000);
    state.scheduler.schedule(at, text(intent, "id"));
    let patch = json!({
        "amount_capturable": intent["amount"],
        "latest_charge": charge["id"],
        "next_action": null,
        "status": "requires_capture",
    });
    let event = "payment_intent.amount_capturable_updated";
    change(state, event, intent, &patch)
}

fn capture_before(charge: &Value) -> u64 {
    let at = &charge["payment_method_details"]["card"]["capture_before"];
    at.as_u64().unwrap_or_default()
}

/// Captures an authorized amount, or part of it, and releases the rest.
pub(super) fn capture(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let intent = state.store.get(KIND, &call.id(), "intent")?.clone();
    let wanted = call.params.integer("amount_to_capture")?;
    let changed = details(&mut call.params, &intent)?;
    call.params.finish()?;
    expect(&intent, &["requires_capture"], "captured")?;
    let authorized = number(&intent, "amount_capturable");
    let amount = wanted.unwrap_or(authorized);
    if !(1..=authorized).contains(&amount) {
        let message = format!("amount_to_capture has to be between 1 and {authorized}.");
        let error = Error::invalid(&message).code("amount_too_large");
        return Err(error.param("amount_to_capture"));
    }
    let intent = state.update(text(&intent, "id"), &changed);
    let mut patch = charge::succeeded(amount);
    charge::describe(&mut patch, &intent);
    let charge = text(&intent, "latest_charge");
    let charge = state.change_object("charge.captured", charge, &patch);
    Ok(succeeded(state, &intent, &charge, amount))
}

/// The fields of the intent that a capture may change.
fn details(params: &mut Params, intent: &Value) -> Result<Value, Error> {
    if params.flag("final_capture")? == Some(false) {
        let message = "The sandbox captures a payment once: final_capture cannot be false.";
        return Err(Error::invalid(message).param("final_capture"));
    }
    let mut changed = json!({});
    if let Some(metadata) = metadata::merged(params, &intent["metadata"])? {
        changed["metadata"] = metadata;
    }
    for field in ["statement_descriptor", "statement_descriptor_suffix"] {
        if let Some(value) = super::details::descriptor(params, field)? {
            changed[field] = value;
        }
    }
    params.accept(&[
        "amount_details",
        "application_fee_amount",
        "hooks",
        "payment_details",
        "transfer_data",
    ]);
    Ok(changed)
}

/// Lets an authorization expire, for the control plane.
pub(crate) fn run_out(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let intent = state.store.get(KIND, &id, "intent")?.clone();
    expect(&intent, &["requires_capture"], "expired")?;
    let charge = text(&intent, "latest_charge").to_owned();
    let held = state.store.find(&charge).cloned().unwrap_or_default();
    let mut details = held["payment_method_details"].clone();
    details["card"]["capture_before"] = now().into();
    state.update(&charge, &json!({ "payment_method_details": details }));
    expire(state, &intent);
    state.store.get(KIND, &id, "intent").cloned()
}

/// Expires an authorization that the shop did not capture in time.
pub(super) fn expire(state: &mut State, intent: &Value) {
    let id = text(intent, "latest_charge");
    let charge = state.store.find(id).cloned().unwrap_or_default();
    if capture_before(&charge).saturating_mul(1000) <= now_ms() {
        state.change_object("charge.expired", id, &json!({}));
        canceled(state, intent, Some("expired"));
    }
}

#[cfg(test)]
mod tests {
    use super::{authorized, capture_before, expire, uncaptured};
    use crate::{
        objects::{
            charge::{self, Attempt},
            payment_intent::shape,
        },
        state::State,
        store::text,
    };

    #[test]
    fn a_timer_ends_an_authorization_and_not_earlier() {
        let mut state = State::at(String::new(), None);
        let intent = state.create("payment_intent.created", shape::new(2000, "usd"));
        let mut charge = charge::new(&state, &intent, "", Attempt::Succeeded);
        uncaptured(&mut charge);
        let charge = state.create("charge.succeeded", charge);
        let held = authorized(&mut state, &intent, &charge);
        let (id, end) = (text(&held, "id"), capture_before(&charge) * 1000);

        expire(&mut state, &held);

        assert_eq!(state.store.find(id).unwrap()["status"], "requires_capture");
        assert_eq!(state.scheduler.pop_due(end - 1), None);
        assert_eq!(state.scheduler.pop_due(end).as_deref(), Some(id));
    }
}
