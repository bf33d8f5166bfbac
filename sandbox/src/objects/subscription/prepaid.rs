//! Subscriptions that Checkout starts: their first invoice is paid before they exist.

use serde_json::Value;

use super::{creation::New, items_of, renewal};
use crate::{
    objects::{
        entitlement,
        invoice::{self, Draft},
        test_clock,
    },
    state::State,
    store::text,
};

/// Creates a subscription, then its first invoice with the lines that `invoiced` makes of the usual
/// ones. `intent` paid it, unless nothing was due.
pub(crate) fn start_paid(
    state: &mut State,
    new: &New,
    invoiced: impl FnOnce(Vec<Value>) -> Vec<Value>,
    intent: Option<&Value>,
) -> Value {
    let _time = test_clock::of_customer(state, &new.customer);
    let mut subscription = new.shape(state);
    let id = text(&subscription, "id").to_owned();
    if subscription["status"] != "trialing" {
        subscription["status"] = "active".into();
    }
    let draft = new.draft(state, &subscription);
    let lines = invoiced(draft.lines);
    let first = Draft {
        lines,
        ..new.draft(state, &subscription)
    };
    let first = first.shape(state);
    subscription["latest_invoice"] = first["id"].clone();
    for item in items_of(&subscription) {
        let item = text(&item, "id").to_owned();
        state.billing.items.insert(item, id.clone());
    }
    let subscription = state.create("customer.subscription.created", subscription);
    invoice::prepaid(state, first, intent);
    entitlement::follow(state, &subscription);
    renewal::announce(state, &subscription);
    renewal::schedule(state, &id);
    state.store.find(&id).cloned().unwrap_or_default()
}
