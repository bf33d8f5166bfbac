//! Events in both formats: the snapshot contains the object, the thin event only its id.

use serde_json::{Value, json};

use crate::{
    clock::{self, real_now},
    ids,
    store::text,
};

/// The API version of all objects.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "event";

/// The prefix of a thin event's id; the rest is the id of its snapshot.
const THIN: &str = "evt_test_";

/// The request that causes a change; its event contains it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// The request's id; `None` for the control plane.
    pub(crate) request: Option<String>,
    /// The request's idempotency key.
    pub(crate) idempotency_key: Option<String>,
}

/// A new event about the object in `data`.
pub(crate) fn new(kind: &str, data: Value, origin: &Origin, endpoints: usize) -> Value {
    let mut event = json!({
        "id": ids::long("evt_3"),
        "object": KIND,
        "api_version": API_VERSION,
        "created": real_now(),
        "livemode": false,
        "pending_webhooks": endpoints,
        "request": { "id": origin.request, "idempotency_key": origin.idempotency_key },
        "type": kind,
    });
    event["data"] = data;
    event
}

/// Returns true for event types with `previous_attributes`.
pub(crate) fn has_previous_attributes(kind: &str) -> bool {
    kind.ends_with(".updated") || matches!(kind, "charge.refunded" | "charge.dispute.closed")
}

/// Formats an event as thin: with its own id, and the id of its snapshot.
pub(crate) fn thin(event: &Value) -> Value {
    let object = &event["data"]["object"];
    let mut thin = json!({
        "id": text(event, "id").replacen("evt_", THIN, 1),
        "object": "v2.core.event",
        "context": null,
        "created": clock::iso(event["created"].as_u64().unwrap_or_default()),
        "livemode": false,
        "reason": null,
        "snapshot_event": event["id"],
        "type": format!("v1.{}", text(event, "type")),
    });
    // A summary of entitlements has no id, and its thin event names no object.
    if let Some(id) = object["id"].as_str() {
        let kind = text(object, "object");
        let url = format!("/v1/{}s/{id}", kind.replace('.', "/"));
        thin["related_object"] = json!({ "id": id, "type": kind, "url": url });
    }
    thin
}

/// The id of a thin event's snapshot.
pub(crate) fn snapshot_id(thin: &str) -> String {
    thin.replacen(THIN, "evt_", 1)
}
