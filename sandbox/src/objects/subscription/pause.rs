//! Subscriptions that pause: without a payment method at the end of a trial.

use serde_json::{Value, json};

use super::{change, items_of, live, period::Interval, renewal, set, shape};
use crate::{
    clock::now,
    error::Error,
    objects::{
        invoice::{self, Draft},
        test_clock,
    },
    route::Call,
    state::State,
    store::text,
};

/// Returns true when nothing can pay the next invoice.
pub(super) fn lacks_method(state: &State, held: &Value) -> bool {
    let invoice = json!({
        "customer": held["customer"],
        "default_payment_method": held["default_payment_method"],
    });
    invoice::method_of(state, &invoice).is_empty()
}

/// Pauses a subscription: it is not billed until it resumes.
pub(super) fn pause(state: &mut State, held: &Value) {
    let id = text(held, "id");
    let paused = set(state, id, &json!({ "status": "paused" }));
    state.emit("customer.subscription.paused", &paused, None);
}

/// The items of a paused subscription that resumes now, and its anchor then.
pub(super) fn resumed(held: &Value, keeps_anchor: bool) -> (Vec<Value>, u64) {
    let items = items_of(held);
    let interval = Interval::of(&items[0]["price"]);
    let start = now();
    let kept = held["billing_cycle_anchor"].as_u64();
    let anchor = kept.filter(|_| keeps_anchor).unwrap_or(start);
    let period = (start, interval.end_after(anchor, start));
    (renewal::with_period(&items, period), anchor)
}

/// `POST /v1/subscriptions/{id}/resume`: bills a paused subscription, which is active once paid.
pub(super) fn resume(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let anchor = call
        .params
        .choice("billing_cycle_anchor", &["now", "unchanged"])?;
    call.params
        .choice("proration_behavior", change::PRORATIONS)?;
    call.params.integer("proration_date")?;
    call.params.finish()?;
    let held = live(state, &id)?;
    if held["status"] != "paused" {
        let message = "Only a paused subscription can be resumed.";
        return Err(Error::invalid(message).executed());
    }
    let _time = test_clock::enter(state, &held);
    let start = now();
    let (items, anchor) = resumed(&held, anchor.as_deref() == Some("unchanged"));
    let lines = renewal::licensed(state, &items);
    let draft = Draft {
        customer: text(&held, "customer"),
        currency: text(&held, "currency"),
        subscription: Some(&held),
        reason: "subscription_update",
        lines,
        period: (start, start),
    };
    let draft = draft.create(state);
    let patch = json!({
        "billing_cycle_anchor": anchor,
        "items": shape::list(&held, items),
        "latest_invoice": draft["id"],
    });
    set(state, &id, &patch);
    invoice::collect_now(state, text(&draft, "id"));
    renewal::schedule(state, &id);
    Ok(state.store.find(&id).cloned().unwrap_or_default())
}
