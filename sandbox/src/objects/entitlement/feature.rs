//! Features: what a product may grant.

use serde_json::{Value, json};

use crate::{
    error::Error,
    ids,
    list::{Page, is},
    metadata,
    params::Params,
    route::Call,
    state::State,
};

/// Stripe's name for this kind of object.
pub(super) const KIND: &str = "entitlements.feature";
/// The maximum length of a name or a lookup key.
const LONGEST: usize = 80;

pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let (key, name) = (label(params, "lookup_key")?, label(params, "name")?);
    let metadata = metadata::merged(params, &json!({}))?;
    call.params.finish()?;
    let taken = |one: &Value| one["active"] == true && one["lookup_key"] == *key;
    if state.store.all(KIND).any(|one| taken(&one)) {
        let message = format!("An active feature has the lookup key '{key}'.");
        let error = Error::invalid(&message).code("resource_already_exists");
        return Err(error.param("lookup_key"));
    }
    let feature = json!({
        "id": ids::long("feat_test_61"),
        "object": KIND,
        "active": true,
        "livemode": false,
        "lookup_key": key,
        "metadata": metadata.unwrap_or_else(|| json!({})),
        "name": name,
    });
    state.store.insert(feature.clone());
    Ok(feature)
}

fn label(params: &mut Params, field: &str) -> Result<String, Error> {
    let label = params.required(field)?;
    if label.chars().count() > LONGEST {
        let message = format!("{field} has at most {LONGEST} characters.");
        return Err(Error::invalid(&message).param(field));
    }
    Ok(label)
}

pub(super) fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Changes a feature; an archived one stays as it is.
pub(super) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let feature = state.store.get(KIND, &id, "id")?.clone();
    let mut patch = json!({});
    if let Some(active) = call.params.flag("active")? {
        patch["active"] = active.into();
    }
    if call.params.has("name") {
        patch["name"] = label(&mut call.params, "name")?.into();
    }
    if let Some(metadata) = metadata::merged(&mut call.params, &feature["metadata"])? {
        patch["metadata"] = metadata;
    }
    call.params.finish()?;
    if feature["active"] != true {
        let message = format!("The feature '{id}' is archived; an archived feature cannot change.");
        return Err(Error::invalid(&message).executed());
    }
    Ok(state.update(&id, &patch))
}

/// Lists active features, or archived ones with `archived`.
pub(super) fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let archived = call.params.flag("archived")?.unwrap_or(false);
    let key = call.params.text("lookup_key")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/entitlements/features", |feature| {
        feature["active"] != archived && is(&feature["lookup_key"], key.as_ref())
    })
}
