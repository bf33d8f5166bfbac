//! Operations that change the status of a refund.

use serde_json::{Value, json};

use super::{KIND, count_refund};
use crate::{
    behaviour::Behaviour,
    error::Error,
    ids,
    route::Call,
    state::State,
    store::{number, text},
};

/// Fails a refund: the money returns to the account.
pub(crate) fn fail(state: &mut State, call: Call) -> Result<Value, Error> {
    let refund = open(state, call, &["pending", "requires_action", "succeeded"])?;
    Ok(failed(state, &refund))
}

/// Completes a pending refund.
pub(crate) fn succeed(state: &mut State, call: Call) -> Result<Value, Error> {
    let refund = open(state, call, &["pending"])?;
    Ok(succeeded(state, &refund))
}

/// Sets the destination of the money, for the payer.
pub(crate) fn answer(state: &mut State, call: Call) -> Result<Value, Error> {
    let refund = open(state, call, &["requires_action"])?;
    let patch = json!({
        "next_action": null,
        "pending_reason": "processing",
        "status": "pending",
    });
    let pending = updated(state, &refund, &patch);
    state.schedule_settlement(text(&pending, "id"));
    Ok(pending)
}

/// Cancels a refund that requires an action.
pub(super) fn cancel(state: &mut State, call: Call) -> Result<Value, Error> {
    let refund = open(state, call, &["requires_action"])?;
    let patch = json!({
        "failure_reason": "merchant_request",
        "next_action": null,
        "status": "canceled",
    });
    Ok(returned(state, &refund, &patch))
}

/// Ends a refund when its timer is due, as its payment method says.
pub(crate) fn on_timer(state: &mut State, refund: &Value) {
    let behaviour = state.behaviours.get(text(refund, "payment_method"));
    match text(refund, "status") {
        "pending" => {
            succeeded(state, refund);
        }
        "succeeded" if behaviour == Some(&Behaviour::FailingRefund) => {
            failed(state, refund);
        }
        _ => {}
    }
}

fn succeeded(state: &mut State, refund: &Value) -> Value {
    let patch = json!({ "pending_reason": null, "status": "succeeded" });
    updated(state, refund, &patch)
}

fn failed(state: &mut State, refund: &Value) -> Value {
    let patch = json!({
        "failure_balance_transaction": ids::long("txn_3"),
        "failure_reason": "lost_or_stolen_card",
        "next_action": null,
        "pending_reason": null,
        "status": "failed",
    });
    let failed = returned(state, refund, &patch);
    state.emit("refund.failed", &failed, None);
    failed
}

/// Returns the refunded money to the account.
fn returned(state: &mut State, refund: &Value, patch: &Value) -> Value {
    let returned = updated(state, refund, patch);
    if let Some(charge) = state.store.find(text(refund, "charge")).cloned() {
        count_refund(state, &charge, -number(refund, "amount"));
    }
    returned
}

/// Also emits the event's older type, for endpoints of older versions.
fn updated(state: &mut State, refund: &Value, patch: &Value) -> Value {
    let id = text(refund, "id");
    let before = refund.clone();
    let updated = state.change_object("refund.updated", id, patch);
    let names = patch.as_object().into_iter().flatten();
    let previous = names.map(|(name, _)| (name.clone(), before[name].clone()));
    state.emit("charge.refund.updated", &updated, Some(previous.collect()));
    updated
}

fn open(state: &State, call: Call, statuses: &[&str]) -> Result<Value, Error> {
    let refund = state.store.get(KIND, &call.id(), "id")?.clone();
    call.params.finish()?;
    if statuses.contains(&text(&refund, "status")) {
        return Ok(refund);
    }
    let message = format!("The refund is already {}.", text(&refund, "status"));
    Err(Error::invalid(&message))
}
