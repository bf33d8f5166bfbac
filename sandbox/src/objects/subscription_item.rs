//! Subscription items by themselves: a change of one is a change of its subscription.

use serde_json::{Value, json};

use crate::{
    error::Error,
    list::Page,
    objects::subscription,
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
const KIND: &str = "subscription_item";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/subscription_items", create),
    Route::new("GET", "/v1/subscription_items", list),
    Route::new("GET", "/v1/subscription_items/{}", retrieve),
    Route::new("POST", "/v1/subscription_items/{}", update),
    Route::new("DELETE", "/v1/subscription_items/{}", delete),
];

/// The parameters that are the subscription's, not the item's.
const OF_SUBSCRIPTION: &[&str] = &["payment_behavior", "proration_behavior", "proration_date"];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.params.required("subscription")?;
    if !call.params.has("price") {
        return Err(call.params.missing("price"));
    }
    subscription::live_at(state, &id, "subscription")?;
    let known = ids(state, &id);
    change(state, call, &id, json!({}))?;
    let items = items(state, &id);
    let new = items.into_iter().find(|item| !known.contains(&item["id"]));
    Ok(new.unwrap_or_default())
}

fn update(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    let held = of(state, &id)?;
    change(state, call, &held, json!({ "id": id }))?;
    item(state, &id)
}

fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    let held = of(state, &id)?;
    change(state, call, &held, json!({ "id": id, "deleted": "true" }))?;
    Ok(json!({ "id": id, "object": KIND, "deleted": true }))
}

/// Changes one item of a subscription.
fn change(state: &mut State, mut call: Call, id: &str, mut item: Value) -> Result<(), Error> {
    let mut params = json!({});
    for name in OF_SUBSCRIPTION {
        if let Some(value) = call.params.any(name) {
            params[*name] = value;
        }
    }
    for name in ["id", "deleted"] {
        if call.params.has(name) {
            return call.params.only(&[]);
        }
    }
    for (name, value) in call.params.to_value().as_object().into_iter().flatten() {
        item[name] = value.clone();
    }
    params["items"] = json!([item]);
    let call = Call {
        ids: vec![id.to_owned()],
        params: Params::new(params),
        caller: call.caller,
    };
    let changed = subscription::update(state, call);
    changed
        .map(drop)
        .map_err(|error| error.map("param", own_name))
}

/// `items[0][price]` is `price` here.
fn own_name(param: &Value) -> Value {
    let name = param.as_str().unwrap_or_default();
    let own = name
        .strip_prefix("items[0][")
        .and_then(|rest| rest.split_once(']'));
    own.map_or_else(
        || param.clone(),
        |(name, rest)| format!("{name}{rest}").into(),
    )
}

/// The id of the subscription of an item.
fn of(state: &State, item: &str) -> Result<String, Error> {
    let held = state.billing.items.get(item).cloned();
    held.ok_or_else(|| Error::missing(KIND, item, "id"))
}

fn items(state: &State, subscription: &str) -> Vec<Value> {
    let held = state.store.find(subscription);
    let items = held.and_then(|held| held["items"]["data"].as_array());
    items.cloned().unwrap_or_default()
}

fn ids(state: &State, subscription: &str) -> Vec<Value> {
    let items = items(state, subscription);
    items.iter().map(|item| item["id"].clone()).collect()
}

fn item(state: &State, id: &str) -> Result<Value, Error> {
    let items = items(state, &of(state, id)?);
    let found = items.into_iter().find(|item| text(item, "id") == id);
    found.ok_or_else(|| Error::missing(KIND, id, "id"))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    item(state, &id)
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
