//! The end of a subscription.

use serde_json::{Value, json};

use super::{KIND, at, change, items_of, live, period_of, renewal};
use crate::{
    clock::now,
    error::Error,
    objects::{
        entitlement,
        invoice::{self, Draft},
        invoice_item, subscription_schedule, test_clock,
    },
    route::Call,
    state::State,
    store::text,
};

/// `DELETE /v1/subscriptions/{id}`: cancels at once.
pub(crate) fn cancel(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let params = &mut call.params;
    let bills = params.flag("invoice_now")?.unwrap_or(false);
    let prorates = params.flag("prorate")?.unwrap_or(false);
    let mut details = params.nested("cancellation_details")?.unwrap_or_default();
    let comment = details.clearable("comment")?;
    let feedback = details.clearable("feedback")?;
    details.finish()?;
    call.params.finish()?;
    let held = live(state, &id)?;
    let _time = test_clock::enter(state, &held);
    let mut known = held["cancellation_details"].clone();
    for (field, value) in [("comment", comment), ("feedback", feedback)] {
        if let Some(value) = value {
            known[field] = value;
        }
    }
    state.update(&id, &json!({ "cancellation_details": known }));
    if prorates {
        let lines = change::credits(state, &held, now());
        change::keep(state, &held, &lines);
    }
    if bills {
        bill_rest(state, &held);
    } else {
        drop_pending(state, &held);
    }
    Ok(end(state, &id, Some("cancellation_requested")))
}

/// Cancels a subscription now: it is never billed again.
pub(crate) fn end(state: &mut State, id: &str, reason: Option<&str>) -> Value {
    let held = state.store.find(id).cloned().unwrap_or_default();
    let mut details = held["cancellation_details"].clone();
    details["reason"] = json!(reason);
    let patch = json!({
        "canceled_at": at(&held, "canceled_at").unwrap_or_else(now),
        "cancellation_details": details,
        "ended_at": now(),
        "pause_collection": null,
        "pending_update": null,
        "status": "canceled",
    });
    state.update(id, &patch);
    stop_invoices(state, &held);
    subscription_schedule::on_ended(state, &held);
    let ended = state.store.find(id).cloned().unwrap_or_default();
    state.emit("customer.subscription.deleted", &ended, None);
    entitlement::follow(state, &ended);
    ended
}

/// Cancels the subscriptions of a customer that is deleted.
pub(crate) fn end_all(state: &mut State, customer: &str) {
    let live = |held: &Value| {
        held["customer"] == *customer && !super::ENDED.contains(&text(held, "status"))
    };
    let held = state.store.all(KIND).filter(|held| live(held));
    let ids: Vec<String> = held.map(|held| text(&held, "id").to_owned()).collect();
    let _time = test_clock::of_customer(state, customer);
    for id in ids {
        end(state, &id, Some("cancellation_requested"));
    }
}

/// Stops the collection of what is still open.
fn stop_invoices(state: &mut State, held: &Value) {
    let id = text(held, "latest_invoice");
    let latest = state.store.find(id).cloned().unwrap_or_default();
    let waits = matches!(text(&latest, "status"), "draft" | "open");
    if waits && latest["auto_advance"] == true {
        invoice::stop(state, id);
    }
}

/// Bills what waits for an invoice, and the usage of the current period.
pub(super) fn bill_rest(state: &mut State, held: &Value) {
    let (start, _) = period_of(held);
    let id = text(held, "id");
    let waiting = invoice_item::pending(state, text(held, "customer"), Some(id));
    let mut lines: Vec<Value> = waiting.iter().map(invoice_item::line).collect();
    lines.extend(renewal::usage(state, held, (start, now())));
    if lines.is_empty() || items_of(held).is_empty() {
        return;
    }
    let draft = Draft {
        customer: text(held, "customer"),
        currency: text(held, "currency"),
        subscription: Some(held),
        reason: "subscription_cycle",
        lines,
        period: (start, now()),
    };
    let draft = draft.create(state);
    invoice::collect_now(state, text(&draft, "id"));
    state.update(id, &json!({ "latest_invoice": draft["id"] }));
}

fn drop_pending(state: &mut State, held: &Value) {
    let id = text(held, "id");
    for item in invoice_item::pending(state, text(held, "customer"), Some(id)) {
        invoice_item::drop(state, &item);
    }
}
