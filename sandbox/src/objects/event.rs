//! Events through the API, and their redelivery on demand.

use serde_json::Value;

use crate::{
    engine::Engine,
    error::Error,
    event::KIND,
    list::{Page, is},
    route::{Call, Route, done},
    state::State,
    store::text,
};

/// The maximum number of types in a filter.
const MOST_TYPES: usize = 20;

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/events", list),
    Route::new("GET", "/v1/events/{}", retrieve),
    Route::sandbox("POST", "/_sandbox/events/{}/resend", resend),
    Route::sandbox("POST", "/_sandbox/events/{}/forge", forge),
];

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let kind = call.params.text("type")?;
    let kinds = call.params.list("types")?;
    if kinds.as_ref().is_some_and(|kinds| kinds.len() > MOST_TYPES) {
        let message = format!("types has at most {MOST_TYPES} values.");
        return Err(Error::invalid(&message).param("types"));
    }
    if kind.is_some() && kinds.is_some() {
        return Err(Error::invalid("type and types exclude each other.").param("type"));
    }
    call.params.accept(&["delivery_success"]);
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/events", |event| {
        let one_of = |kinds: &Vec<String>| kinds.iter().any(|kind| kind == text(event, "type"));
        is(&event["type"], kind.as_ref()) && kinds.as_ref().is_none_or(one_of)
    })
}

fn resend(engine: &Engine, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    match engine.webhooks.try_resend(&id) {
        true => Ok(done()),
        false => Err(Error::missing(KIND, &id, "id")),
    }
}

fn forge(engine: &Engine, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    match engine.webhooks.try_forge(&id) {
        true => Ok(done()),
        false => Err(Error::missing(KIND, &id, "id")),
    }
}
