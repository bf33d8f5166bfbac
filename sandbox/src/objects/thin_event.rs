//! Thin events: what happened to which object, without the object.

use serde_json::{Value, json};

use crate::{
    calendar,
    error::Error,
    route::{Call, Route},
    state::State,
    store::text,
};

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[Route::new("GET", "/v2/core/events/{}", retrieve)];

/// What the id of a thin event begins with; the rest is that of its snapshot.
const THIN: &str = "evt_test_";

/// The thin form of an event: it has an id of its own, and names its snapshot.
pub(crate) fn of(event: &Value) -> Value {
    let object = &event["data"]["object"];
    let (id, kind) = (text(object, "id"), text(object, "object"));
    json!({
        "id": text(event, "id").replacen("evt_", THIN, 1),
        "object": "v2.core.event",
        "context": null,
        "created": calendar::iso(event["created"].as_u64().unwrap_or_default()),
        "livemode": false,
        "reason": null,
        "related_object": { "id": id, "type": kind, "url": format!("/v1/{}s/{id}", kind.replace('.', "/")) },
        "snapshot_event": event["id"],
        "type": format!("v1.{}", text(event, "type")),
    })
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let snapshot = id.replacen(THIN, "evt_", 1);
    state.store.get("event", &snapshot, "id").map(of)
}
