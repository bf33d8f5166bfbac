//! Changes that wait for their payment: `payment_behavior=pending_if_incomplete`.

use serde_json::{Value, json};

use super::{renewal, set};
use crate::{
    clock::now,
    objects::invoice::{self, subscription_of},
    state::State,
    store::text,
};

/// The time in which the invoice of a change has to be paid.
const LIFETIME: u64 = 23 * 3600;

/// Holds a change until this invoice is paid.
pub(super) fn hold(state: &mut State, invoice: &Value, patch: &Value) {
    let id = text(invoice, "id").to_owned();
    state.billing.pending.insert(id, patch.clone());
}

/// Returns true when a change waits for this invoice.
pub(super) fn waits_for(state: &State, invoice: &Value) -> bool {
    state.billing.pending.contains_key(text(invoice, "id"))
}

/// Shows the change on its subscription, unless its invoice is paid.
pub(super) fn wait(state: &mut State, id: &str, invoice: &Value, patch: &Value) {
    if !waits_for(state, invoice) {
        return;
    }
    let pending = json!({
        "billing_cycle_anchor": patch["billing_cycle_anchor"],
        "discounts": null,
        "expires_at": now() + LIFETIME,
        "metadata": null,
        "subscription_items": patch["items"]["data"],
        "trial_end": patch["trial_end"],
        "trial_from_plan": null,
    });
    set(state, id, &json!({ "pending_update": pending }));
}

/// Makes the change that waits for an invoice that was just paid.
pub(super) fn apply(state: &mut State, invoice: &Value) {
    let Some(mut patch) = state.billing.pending.remove(text(invoice, "id")) else {
        return;
    };
    let id = subscription_of(invoice);
    let held = state.store.find(id).cloned().unwrap_or_default();
    patch["pending_update"] = Value::Null;
    let changed = set(state, id, &patch);
    if !held["pending_update"].is_null() {
        state.emit(
            "customer.subscription.pending_update_applied",
            &changed,
            None,
        );
    }
    renewal::schedule(state, id);
}

/// Drops a change whose invoice was not paid in time, and voids the invoice.
pub(super) fn expire(state: &mut State, held: &Value) {
    let (id, invoice) = (text(held, "id"), text(held, "latest_invoice"));
    state.billing.pending.remove(invoice);
    let is_open = state
        .store
        .find(invoice)
        .is_some_and(|held| held["status"] == "open");
    let changed = set(state, id, &json!({ "pending_update": null }));
    state.emit(
        "customer.subscription.pending_update_expired",
        &changed,
        None,
    );
    if is_open {
        invoice::void(state, invoice);
    }
}
