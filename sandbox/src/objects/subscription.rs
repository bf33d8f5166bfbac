//! Subscriptions: items of recurring prices, and an invoice for each period.
//!
//! For other modules, such as Checkout and the portal:
//!
//! - [`start_paid`] creates one from a [`New`] whose first invoice the payer of Checkout paid.
//! - [`items::New`] is one of its items; [`items::read`] reads them from `items[…]`.
//! - [`update()`] changes one by the parameters of an update, and [`cancel()`] ends one.
//! - [`set`] changes fields of one, with an event.
//!
//! The files:
//!
//! - [`shape`], [`items`]: the JSON of a subscription, and of its items.
//! - [`creation`], [`mod@update`], [`change`], [`cancellation`], [`pause`]: what a shop does.
//! - [`details`]: the parameters that several of these share.
//! - [`period`], [`proration`]: the calendar, and parts of a period.
//! - [`renewal`]: what time does.
//! - [`status`]: what its invoices do.
//! - [`mod@preview`]: the invoice that would come next.
//! - [`pending`]: changes that wait for their payment.

use serde_json::{Map, Value, json};

use crate::{
    error::Error,
    list::{Page, is},
    objects::entitlement,
    route::{Call, Route},
    state::State,
    store::text,
};

mod cancellation;
mod change;
mod creation;
mod details;
pub(crate) mod items;
mod pause;
mod pending;
pub(crate) mod period;
mod prepaid;
mod preview;
mod proration;
mod renewal;
mod shape;
mod status;
mod update;
mod usage;

pub(crate) use cancellation::{cancel, end, end_all};
pub(crate) use change::{PRORATIONS, Prorations, replace_items};
pub(crate) use creation::New;
pub(crate) use creation::create;
pub(crate) use prepaid::start_paid;
pub(crate) use preview::preview;
pub(crate) use renewal::{on_timer, wake};
pub(crate) use shape::plan;
pub(crate) use status::{on_closed, on_failed, on_paid, on_processing, retries};
pub(crate) use update::update;

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "subscription";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/subscriptions", create),
    Route::new("GET", "/v1/subscriptions", list),
    Route::new("GET", "/v1/subscriptions/{}", retrieve),
    Route::new("POST", "/v1/subscriptions/{}", update),
    Route::new("DELETE", "/v1/subscriptions/{}", cancel),
    Route::new("POST", "/v1/subscriptions/{}/resume", pause::resume),
];

/// The states that a subscription never leaves.
const ENDED: &[&str] = &["canceled", "incomplete_expired"];

/// All states, in the words of Stripe.
const STATUSES: &[&str] = &[
    "active",
    "all",
    "canceled",
    "ended",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "paused",
    "trialing",
    "unpaid",
];

/// Changes fields of a subscription, with an event if any of them differs.
pub(crate) fn set(state: &mut State, id: &str, patch: &Value) -> Value {
    let previous = state.store.patch(id, patch);
    let changed = state.store.find(id).cloned().unwrap_or_default();
    let differs = previous
        .as_object()
        .is_some_and(|fields| !fields.is_empty());
    if differs && state.billing.starting.as_deref() != Some(id) {
        state.emit("customer.subscription.updated", &changed, Some(previous));
        entitlement::follow(state, &changed);
    }
    changed
}

/// The subscription that a parameter names, if it has not ended.
pub(crate) fn live_at(state: &State, id: &str, param: &str) -> Result<Value, Error> {
    let held = state.store.get(KIND, id, param)?;
    match ENDED.contains(&text(held, "status")) {
        true => Err(Error::invalid("The subscription ended.").param(param)),
        false => Ok(held.clone()),
    }
}

/// The subscription with this id, if it has not ended.
fn live(state: &State, id: &str) -> Result<Value, Error> {
    let held = state.store.get(KIND, id, "id")?;
    match ENDED.contains(&text(held, "status")) {
        true => Err(Error::missing(KIND, id, "id")),
        false => Ok(held.clone()),
    }
}

/// Shows a changed price in the items of the subscriptions that have it.
pub(crate) fn show_price(state: &mut State, price: &Value) {
    let id = &price["id"];
    let has = |item: &Value| item["price"]["id"] == *id;
    let held = state.store.all(KIND).map(std::borrow::Cow::into_owned);
    let held = held.filter(|held| items_of(held).iter().any(has));
    for held in held.collect::<Vec<_>>() {
        let mut items = items_of(&held);
        for item in items.iter_mut().filter(|item| has(item)) {
            item["plan"] = plan(price);
            item["price"] = price.clone();
        }
        let patch = json!({ "items": shape::list(&held, items) });
        state.update(text(&held, "id"), &patch);
    }
}

/// The items of a subscription, in order.
fn items_of(subscription: &Value) -> Vec<Value> {
    let items = subscription["items"]["data"].as_array();
    items.cloned().unwrap_or_default()
}

/// The start and the end of the current period.
fn period_of(subscription: &Value) -> (u64, u64) {
    let first = &subscription["items"]["data"][0];
    let at = |field: &str| first[field].as_u64().unwrap_or_default();
    (at("current_period_start"), at("current_period_end"))
}

/// A time of a subscription, in Unix seconds.
fn at(subscription: &Value, field: &str) -> Option<u64> {
    subscription[field].as_u64()
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Lists subscriptions; without a status, those that did not end.
fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let page = Page::read(params)?;
    let customer = params.text("customer")?;
    let price = params.text("price")?;
    let clock = params.text("test_clock")?;
    let how = params.text("collection_method")?;
    let status = params.choice("status", STATUSES)?;
    call.params.finish()?;
    let has_price = |held: &Value| {
        let items = held["items"]["data"].as_array();
        price.as_ref().is_none_or(|price| {
            let mut items = items.into_iter().flatten();
            items.any(|item| item["price"]["id"] == **price)
        })
    };
    let payer = customer.as_deref();
    page.of_customer(&state.store, payer, KIND, "/v1/subscriptions", |held| {
        let ended = ENDED.contains(&text(held, "status"));
        let wanted = match status.as_deref() {
            None => !ended,
            Some("all") => true,
            Some("ended") => ended,
            Some(status) => held["status"] == status,
        };
        wanted
            && is(&held["customer"], customer.as_ref())
            && is(&held["test_clock"], clock.as_ref())
            && is(&held["collection_method"], how.as_ref())
            && has_price(held)
    })
}

/// A patch of some fields.
fn fields(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let pairs = pairs.into_iter();
    let pairs: Map<String, Value> = pairs
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    json!(pairs)
}
