//! The states of a subscription that its invoices decide.

use serde_json::{Value, json};

use super::{KIND, cancellation, fields, pending, set};
use crate::{billing::AfterRetries, objects::invoice, state::State, store::text};

/// The subscription of an invoice, if it has one that has not ended.
fn of(state: &State, invoice: &Value) -> Option<Value> {
    let held = state.store.find(invoice::subscription_of(invoice))?;
    let live = held["object"] == KIND && !super::ENDED.contains(&text(held, "status"));
    live.then(|| held.clone())
}

/// Returns true when a failed invoice is collected again: not the first one of a subscription.
pub(crate) fn retries(state: &State, invoice: &Value) -> bool {
    of(state, invoice).is_some_and(|held| !waits(state, &held))
}

/// Returns true for a subscription that waits for its first payment.
fn waits(state: &State, held: &Value) -> bool {
    let starts = state.billing.starting.as_deref() == held["id"].as_str();
    starts || matches!(text(held, "status"), "incomplete" | "paused")
}

/// Follows an invoice that was paid, by this payment intent if it cost anything.
pub(crate) fn on_paid(state: &mut State, invoice: &Value, intent: Option<&Value>) {
    let Some(held) = of(state, invoice) else {
        return;
    };
    let id = text(&held, "id");
    let mut patch = json!({});
    let saves = held["payment_settings"]["save_default_payment_method"] == "on_subscription";
    if let Some(intent) = intent.filter(|_| saves) {
        patch["default_payment_method"] = intent["payment_method"].clone();
    }
    match text(&held, "status") {
        "incomplete" => patch["status"] = "active".into(),
        "past_due" | "unpaid" if !owes(state, &held) => patch["status"] = "active".into(),
        "paused" if held["latest_invoice"] == invoice["id"] => {
            patch["status"] = "active".into();
            let resumed = set(state, id, &patch);
            state.emit("customer.subscription.resumed", &resumed, None);
        }
        _ => {}
    }
    set(state, id, &patch);
    pending::apply(state, invoice);
    super::renewal::schedule(state, id);
}

/// Follows an invoice whose bank debit is under way: the first one makes a subscription active.
pub(crate) fn on_processing(state: &mut State, invoice: &Value) {
    if let Some(held) = of(state, invoice).filter(|held| held["status"] == "incomplete") {
        let id = text(&held, "id");
        set(state, id, &fields([("status", "active".into())]));
        super::renewal::schedule(state, id);
    }
}

/// Returns true when the newest invoice is open, and an attempt to collect it failed.
fn owes(state: &State, held: &Value) -> bool {
    let latest = state.store.find(text(held, "latest_invoice"));
    latest.is_some_and(|latest| latest["status"] == "open" && latest["attempted"] == true)
}

/// Follows an invoice that could not be collected, or needs the payer.
pub(crate) fn on_failed(state: &mut State, invoice: &Value, is_last: bool) {
    let Some(held) = of(state, invoice) else {
        return;
    };
    let id = text(&held, "id");
    if pending::waits_for(state, invoice) || waits(state, &held) {
        return;
    }
    if !is_last {
        if matches!(text(&held, "status"), "active" | "trialing") {
            set(state, id, &fields([("status", "past_due".into())]));
        }
        return;
    }
    match state.billing.after_retries {
        AfterRetries::Cancel => drop(cancellation::end(state, id, Some("payment_failed"))),
        AfterRetries::Unpaid => drop(set(state, id, &fields([("status", "unpaid".into())]))),
        AfterRetries::PastDue => {}
    }
}

/// Follows an invoice that was voided or marked as uncollectible.
pub(crate) fn on_closed(state: &mut State, invoice: &Value) {
    let Some(held) = of(state, invoice).filter(|held| held["latest_invoice"] == invoice["id"])
    else {
        return;
    };
    let id = text(&held, "id");
    match text(&held, "status") {
        "incomplete" if invoice["status"] == "void" => {
            set(
                state,
                id,
                &fields([("status", "incomplete_expired".into())]),
            );
        }
        "incomplete" | "past_due" | "unpaid" => {
            set(state, id, &fields([("status", "active".into())]));
        }
        _ => {}
    }
}
