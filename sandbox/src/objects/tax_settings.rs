//! Tax settings: an account has one, and Stripe Tax waits for its head office.
//!
//! They change no amount here: `automatic_tax` of a session calculates without them.

use serde_json::{Map, Value, json};

use crate::{
    address::address,
    error::Error,
    params::Params,
    route::{Call, Route},
    state::State,
};

/// The name of the object, and its id in the store.
const KIND: &str = "tax.settings";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/tax/settings", retrieve),
    Route::new("POST", "/v1/tax/settings", update),
];

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    Ok(shown(state))
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let office = call.params.nested("head_office")?.map(head_office);
    let defaults = call.params.nested("defaults")?;
    let mut settings = stored(state);
    if let Some(mut given) = defaults {
        let behaviors = ["exclusive", "inclusive", "inferred_by_currency"];
        if let Some(behavior) = given.choice("tax_behavior", &behaviors)? {
            settings["defaults"]["tax_behavior"] = behavior.into();
        }
        if let Some(code) = given.text("tax_code")? {
            settings["defaults"]["tax_code"] = code.into();
        }
        given.finish()?;
    }
    if let Some(office) = office {
        settings["head_office"] = office?;
    }
    call.params.finish()?;
    state.store.insert(settings);
    Ok(shown(state))
}

fn head_office(mut given: Params) -> Result<Value, Error> {
    let place = given
        .nested("address")?
        .ok_or_else(|| given.missing("address"))?;
    if !place.has("country") {
        return Err(place.missing("country"));
    }
    let office = json!({ "address": address(place)? });
    given.finish()?;
    Ok(office)
}

fn stored(state: &State) -> Value {
    let known = state.store.find(KIND).cloned();
    known.unwrap_or_else(|| {
        json!({
            "id": KIND,
            "object": KIND,
            "defaults": { "tax_behavior": null, "tax_code": null },
            "head_office": null,
            "livemode": false,
        })
    })
}

/// The settings as Stripe responds: without an id, and with their status.
fn shown(state: &State) -> Value {
    let mut settings = stored(state);
    let (status, details) = match settings["head_office"].is_null() {
        true => ("pending", json!({ "missing_fields": ["head_office"] })),
        false => ("active", json!({})),
    };
    settings["status"] = status.into();
    settings["status_details"] = Map::from_iter([(status.to_owned(), details)]).into();
    if let Some(fields) = settings.as_object_mut() {
        fields.remove("id");
    }
    settings
}
