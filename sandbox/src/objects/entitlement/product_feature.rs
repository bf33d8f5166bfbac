//! Features of a product.

use serde_json::{Value, json};

use super::feature;
use crate::{
    entitlements::Attached, error::Error, ids, list::Page, route::Call, state::State, store::text,
};

/// Stripe's name for this kind of object.
const KIND: &str = "product_feature";

/// The product of a path.
fn product(state: &State, call: &Call) -> Result<String, Error> {
    let id = call.id();
    state.store.get("product", &id, "id")?;
    Ok(id)
}

/// A product's feature with the feature as it is now.
fn shape(state: &State, attached: &Attached) -> Value {
    json!({
        "id": attached.id,
        "object": KIND,
        "entitlement_feature": state.store.find(&attached.feature),
        "livemode": false,
    })
}

pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let product = product(state, &call)?;
    let id = call.params.required("entitlement_feature")?;
    call.params.finish()?;
    let feature = state.store.get(feature::KIND, &id, "entitlement_feature")?;
    let refused = |message: &str| Err(Error::invalid(message).param("entitlement_feature"));
    if feature["active"] != true {
        return refused("This feature is archived; a product takes only active features.");
    }
    let mut held = state.entitlements.of_product(&product).iter();
    if held.any(|attached| attached.feature == id) {
        let key = text(feature, "lookup_key");
        let message = format!("The product already has the feature '{key}'.");
        return refused(&message);
    }
    let attached = Attached {
        id: ids::short("prodft_"),
        feature: id,
    };
    let shown = shape(state, &attached);
    state.entitlements.of_product_mut(&product).push(attached);
    Ok(shown)
}

/// The feature of a product with the id in the path.
fn find(state: &State, product: &str, call: &Call) -> Result<Attached, Error> {
    let id = call.ids.get(1).cloned().unwrap_or_default();
    let mut held = state.entitlements.of_product(product).iter();
    let found = held.find(|attached| attached.id == id).cloned();
    found.ok_or_else(|| Error::missing(KIND, &id, "id"))
}

pub(super) fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let product = product(state, &call)?;
    let found = find(state, &product, &call)?;
    call.params.finish()?;
    Ok(shape(state, &found))
}

pub(super) fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let product = product(state, &call)?;
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    let held = state.entitlements.of_product(&product).iter();
    let shown: Vec<Value> = held.map(|attached| shape(state, attached)).collect();
    let all: Vec<&Value> = shown.iter().rev().collect();
    page.among(
        &all,
        KIND,
        &format!("/v1/products/{product}/features"),
        |_| true,
    )
}

/// Takes a feature from a product; who has it keeps it until the next billing period.
pub(super) fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let product = product(state, &call)?;
    let found = find(state, &product, &call)?;
    call.params.finish()?;
    let held = state.entitlements.of_product_mut(&product);
    held.retain(|attached| attached.id != found.id);
    Ok(json!({ "id": found.id, "object": KIND, "deleted": true }))
}
