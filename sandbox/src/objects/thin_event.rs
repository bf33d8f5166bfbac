//! Thin events through the API.

use serde_json::Value;

use crate::{
    error::Error,
    event,
    route::{Call, Route},
    state::State,
};

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[Route::new("GET", "/v2/core/events/{}", retrieve)];

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = event::snapshot_id(&call.id());
    call.params.finish()?;
    state.store.get(event::KIND, &id, "id").map(event::thin)
}
