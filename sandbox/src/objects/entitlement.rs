//! Active entitlements: the features that a customer's subscriptions grant.
//!
//! - [`feature`]: what a product may grant.
//! - [`product_feature`]: what a product grants.

pub(crate) mod feature;
pub(crate) mod product_feature;

use serde_json::{Value, json};

use crate::{
    error::Error,
    ids,
    list::Page,
    objects::customer,
    route::{Call, Route},
    state::State,
    store::{number, text},
};

/// Stripe's name for this kind of object.
const KIND: &str = "entitlements.active_entitlement";
/// The kind of an event's object.
const SUMMARY: &str = "entitlements.active_entitlement_summary";
/// The number of entitlements in an event.
const SHOWN: usize = 10;

/// The routes of features, features of products and active entitlements.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/entitlements/features", feature::create),
    Route::new("GET", "/v1/entitlements/features", feature::list),
    Route::new("GET", "/v1/entitlements/features/{}", feature::retrieve),
    Route::new("POST", "/v1/entitlements/features/{}", feature::update),
    Route::new("GET", "/v1/entitlements/active_entitlements", list),
    Route::new("GET", "/v1/entitlements/active_entitlements/{}", retrieve),
    Route::new("POST", "/v1/products/{}/features", product_feature::create),
    Route::new("GET", "/v1/products/{}/features", product_feature::list),
    Route::new(
        "GET",
        "/v1/products/{}/features/{}",
        product_feature::retrieve,
    ),
    Route::new(
        "DELETE",
        "/v1/products/{}/features/{}",
        product_feature::delete,
    ),
];

/// Updates the entitlements of a customer whose subscription was created, changed or ended.
pub(crate) fn follow(state: &mut State, subscription: &Value) {
    let (id, customer) = (text(subscription, "id"), text(subscription, "customer"));
    match text(subscription, "status") {
        "active" | "trialing" | "past_due" => {
            let items = subscription["items"]["data"].as_array();
            let items: Vec<&Value> = items.into_iter().flatten().collect();
            let products = items.iter().map(|item| text(&item["price"], "product"));
            let products: Vec<&str> = products.collect();
            let terms = terms(&items);
            state.entitlements.grant(customer, id, &terms, &products);
        }
        _ => state.entitlements.withdraw(customer, id),
    }
    refresh(state, customer);
}

/// The prices and the billing period of a subscription's items.
fn terms(items: &[&Value]) -> String {
    let parts = items.iter().map(|item| {
        let start = number(item, "current_period_start");
        format!("{} {start}", text(&item["price"], "id"))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Compares the active entitlements with the granted features, and reports a difference.
fn refresh(state: &mut State, customer: &str) {
    let granted = state.entitlements.granted(customer);
    let before = state.entitlements.active(customer).to_vec();
    let mut after = before.clone();
    after.retain(|one| granted.iter().any(|feature| one["feature"] == **feature));
    for feature in &granted {
        let is_held = after.iter().any(|one| one["feature"] == **feature);
        if let Some(feature) = state.store.find(feature).filter(|_| !is_held) {
            after.push(shape(feature));
        }
    }
    if after == before {
        return;
    }
    state.entitlements.set_active(customer, after.clone());
    let previous = json!({ "entitlements": shown(customer, &before) });
    let summary = json!({
        "object": SUMMARY,
        "customer": customer,
        "entitlements": shown(customer, &after),
        "livemode": false,
    });
    let event = "entitlements.active_entitlement_summary.updated";
    state.emit(event, &summary, Some(previous));
}

fn shape(feature: &Value) -> Value {
    json!({
        "id": ids::long("ent_test_61"),
        "object": KIND,
        "feature": feature["id"],
        "livemode": false,
        "lookup_key": feature["lookup_key"],
    })
}

/// The list in an event: the first ten, as at Stripe.
fn shown(customer: &str, entitlements: &[Value]) -> Value {
    json!({
        "object": "list",
        "data": entitlements.iter().take(SHOWN).collect::<Vec<_>>(),
        "has_more": entitlements.len() > SHOWN,
        "url": format!("/v1/customers/{customer}/entitlements"),
    })
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let customer = call.params.required("customer")?;
    call.params.finish()?;
    customer::expect(state, &customer)?;
    let all: Vec<&Value> = state.entitlements.active(&customer).iter().collect();
    page.among(&all, KIND, "/v1/entitlements/active_entitlements", |_| true)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let found = state.entitlements.find(&id).cloned();
    found.ok_or_else(|| Error::missing(KIND, &id, "id"))
}
