//! The portal's configurations.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::features;
use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata,
    objects::checkout_session::checked_url,
    params::Params,
    route::Call,
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
pub(super) const KIND: &str = "billing_portal.configuration";
/// The path of a field that only an expanding request shows.
const PRODUCTS: &str = "features.subscription_update.products";

/// Saves the portal's settings, as in the dashboard: creates the default configuration, once.
pub(crate) fn save_settings(state: &mut State, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    if let Some(saved) = default(state) {
        return Ok(saved.into_owned());
    }
    let mut made = shape();
    made["is_default"] = true.into();
    for feature in [
        "invoice_history",
        "payment_method_update",
        "subscription_cancel",
    ] {
        made["features"][feature]["enabled"] = true.into();
    }
    state.store.insert(made.clone());
    Ok(made)
}

/// The account's default configuration.
pub(super) fn default(state: &State) -> Option<Cow<'_, Value>> {
    let mut all = state.store.all(KIND);
    all.find(|configuration| configuration["is_default"] == true)
}

/// The products and prices to which a configuration lets a customer change.
pub(super) fn products(state: &State, configuration: &str) -> Vec<Value> {
    let mut included = state.store.included(configuration);
    let products = included.find(|(field, _)| *field == PRODUCTS);
    let products = products.and_then(|(_, products)| products.as_array());
    products.cloned().unwrap_or_default()
}

fn shape() -> Value {
    json!({
        "id": ids::long("bpc_1"),
        "object": KIND,
        "active": true,
        "application": null,
        "business_profile": {
            "headline": null,
            "privacy_policy_url": null,
            "terms_of_service_url": null,
        },
        "created": now(),
        "default_return_url": null,
        "features": features::none(),
        "is_default": false,
        "livemode": false,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": now(),
    })
}

pub(super) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    if !call.params.has("features") {
        return Err(call.params.missing("features"));
    }
    let mut made = shape();
    let products = details(state, &mut call.params, &mut made)?;
    call.params.finish()?;
    let made = state.create("billing_portal.configuration.created", made);
    keep(state, &made, products.unwrap_or_else(|| json!([])));
    Ok(made)
}

fn keep(state: &mut State, configuration: &Value, products: Value) {
    let id = text(configuration, "id");
    state.store.include(id, PRODUCTS, products);
}

pub(super) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let mut held = state.store.get(KIND, &id, "id")?.clone();
    if let Some(active) = call.params.flag("active")? {
        if held["is_default"] == true && !active {
            let message = "The default configuration cannot be deactivated.";
            return Err(Error::invalid(message).param("active"));
        }
        held["active"] = active.into();
    }
    let products = details(state, &mut call.params, &mut held)?;
    call.params.finish()?;
    held["updated"] = now().into();
    let held = state.change_object("billing_portal.configuration.updated", &id, &held);
    if let Some(products) = products {
        keep(state, &held, products);
    }
    Ok(held)
}

/// Reads what create and update share; returns the new products, if any.
fn details(state: &State, params: &mut Params, held: &mut Value) -> Result<Option<Value>, Error> {
    if let Some(mut profile) = params.nested("business_profile")? {
        for field in ["headline", "privacy_policy_url", "terms_of_service_url"] {
            if let Some(value) = profile.clearable(field)? {
                held["business_profile"][field] = value;
            }
        }
        profile.finish()?;
    }
    if let Some(url) = params.clearable("default_return_url")? {
        if let Some(url) = url.as_str() {
            checked_url(url.to_owned(), "default_return_url")?;
        }
        held["default_return_url"] = url;
    }
    if let Some(name) = params.clearable("name")? {
        held["name"] = name;
    }
    if let Some(metadata) = metadata::merged(params, &held["metadata"])? {
        held["metadata"] = metadata;
    }
    if params.has("login_page") {
        let message = "The sandbox has no login page of the portal.";
        return Err(Error::invalid(message).param("login_page"));
    }
    let products = match params.nested("features")? {
        Some(given) => features::read(state, given, &mut held["features"])?,
        None => None,
    };
    let id = text(held, "id");
    let known = !self::products(state, id).is_empty();
    let offered = products.as_ref().and_then(Value::as_array);
    let offered = offered.map_or(known, |products| !products.is_empty());
    let update = &held["features"]["subscription_update"];
    let prices = update["default_allowed_updates"].as_array();
    let prices = prices.is_some_and(|allowed| allowed.contains(&json!("price")));
    if update["enabled"] == true && prices && !offered {
        let name = "features[subscription_update][products]";
        return Err(Params::default().missing(name));
    }
    Ok(products)
}

pub(super) fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

pub(super) fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let active = call.params.flag("active")?.map(|active| active.to_string());
    let default = call.params.flag("is_default")?.map(|flag| flag.to_string());
    call.params.finish()?;
    let url = "/v1/billing_portal/configurations";
    page.of(&state.store, KIND, url, |configuration| {
        is(&configuration["active"], active.as_ref())
            && is(&configuration["is_default"], default.as_ref())
    })
}
