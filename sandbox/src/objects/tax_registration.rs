//! Tax registrations: the places where a business collects tax.
//!
//! They change no amount here: `automatic_tax` of a session calculates without them.

use serde_json::{Map, Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::Page,
    params::Params,
    route::{Call, Route},
    state::State,
    store::number,
};

const KIND: &str = "tax.registration";
const STATUSES: &[&str] = &["active", "all", "expired", "scheduled"];

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/tax/registrations", create),
    Route::new("GET", "/v1/tax/registrations", list),
    Route::new("GET", "/v1/tax/registrations/{}", retrieve),
    Route::new("POST", "/v1/tax/registrations/{}", update),
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let country = call.params.required("country")?;
    let options = options(&mut call.params, &country.to_lowercase())?;
    let from = moment(&mut call.params, "active_from")?;
    let from = from.ok_or_else(|| call.params.missing("active_from"))?;
    let expires = moment(&mut call.params, "expires_at")?;
    call.params.finish()?;
    let registration = json!({
        "id": ids::long("taxreg_1"),
        "object": KIND,
        "active_from": from,
        "country": country,
        "country_options": options,
        "created": now(),
        "expires_at": expires,
        "livemode": false,
    });
    state.store.insert(registration.clone());
    Ok(shown(registration))
}

/// Reads the options of the country itself; its `type` is required, and kept as it is.
fn options(params: &mut Params, country: &str) -> Result<Value, Error> {
    let mut given = params
        .nested("country_options")?
        .ok_or_else(|| params.missing("country_options"))?;
    let mut own = given
        .nested(country)?
        .ok_or_else(|| given.missing(country))?;
    given.finish()?;
    let kept = own.to_value();
    own.required("type")?;
    Ok(Map::from_iter([(country.to_owned(), kept)]).into())
}

/// Reads a time: `now`, or Unix seconds.
fn moment(params: &mut Params, name: &str) -> Result<Option<i64>, Error> {
    if params.says(name, "now") {
        params.any(name);
        return Ok(i64::try_from(now()).ok());
    }
    params.integer(name)
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let mut patch = Map::new();
    for field in ["active_from", "expires_at"] {
        let at = moment(&mut call.params, field)?;
        patch.extend(at.map(|at| (field.to_owned(), at.into())));
    }
    call.params.finish()?;
    state.store.get(KIND, &id, "id")?;
    Ok(shown(state.update(&id, &patch.into())))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    Ok(shown(state.store.get(KIND, &id, "id")?.clone()))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let wanted = call.params.choice("status", STATUSES)?;
    call.params.finish()?;
    let wanted = wanted.filter(|status| status != "all");
    let is_wanted = |registration: &Value| match &wanted {
        Some(wanted) => status(registration) == wanted,
        None => true,
    };
    let mut listed = page.of(&state.store, KIND, "/v1/tax/registrations", is_wanted)?;
    for registration in listed["data"].as_array_mut().into_iter().flatten() {
        *registration = shown(registration.take());
    }
    Ok(listed)
}

/// A registration with its status at this time.
fn shown(mut registration: Value) -> Value {
    registration["status"] = status(&registration).into();
    registration
}

fn status(registration: &Value) -> &'static str {
    let now = i64::try_from(now()).unwrap_or(i64::MAX);
    let expires = registration["expires_at"].as_i64();
    match expires {
        Some(at) if at <= now => "expired",
        _ if number(registration, "active_from") > now => "scheduled",
        _ => "active",
    }
}
