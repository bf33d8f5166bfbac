//! Subscription items by themselves.

use serde_json::Value;

use crate::{
    error::Error,
    list::Page,
    objects::subscription,
    route::{Call, Route},
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
const KIND: &str = "subscription_item";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/subscription_items", list),
    Route::new("GET", "/v1/subscription_items/{}", retrieve),
];

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let held = state
        .billing
        .items
        .get(&id)
        .and_then(|held| state.store.find(held));
    let items = held.and_then(|held| held["items"]["data"].as_array());
    let found = items
        .into_iter()
        .flatten()
        .find(|item| text(item, "id") == id);
    found
        .cloned()
        .ok_or_else(|| Error::missing(KIND, &id, "id"))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let id = call.params.required("subscription")?;
    call.params.finish()?;
    let held = state.store.get(subscription::KIND, &id, "subscription")?;
    let items = held["items"]["data"].as_array();
    let items: Vec<&Value> = items.into_iter().flatten().collect();
    page.among(&items, KIND, "/v1/subscription_items", |_| true)
}
