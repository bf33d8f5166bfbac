//! What time does to a schedule, and its end.

use serde_json::{Value, json};

use super::{KIND, phases, shape};
use crate::{clock::now, error::Error, objects::subscription, state::State, store::text};

/// The rank of a schedule's timers: before those of its subscription, so that a renewal at the same
/// second bills the next phase.
const RANK: u8 = 0;

/// Sets the timer of the end of the current phase.
pub(crate) fn wake(state: &mut State, schedule: &Value) {
    let end = schedule["current_phase"]["end_date"].as_u64();
    if let Some(end) = end.filter(|_| schedule["status"] == "active") {
        state.wake(schedule, end, RANK);
    }
}

/// Begins the next phase when the current one ended, or ends the schedule after the last one.
pub(crate) fn on_timer(state: &mut State, schedule: &Value) {
    let ends = schedule["current_phase"]["end_date"].as_u64();
    if schedule["status"] != "active" || ends.is_none_or(|end| end > now()) {
        return;
    }
    let all = schedule["phases"].as_array().cloned().unwrap_or_default();
    let current = phases::current(&all);
    if current.is_null() {
        return finish(state, schedule);
    }
    let id = text(schedule, "id");
    let patch = json!({ "current_phase": current });
    let schedule = state.change_object("subscription_schedule.updated", id, &patch);
    // A phase's prices were checked when it was planned.
    let _ = apply_current(state, &schedule);
    wake(state, &schedule);
}

/// Gives the subscription the items and metadata of the current phase.
pub(super) fn apply_current(state: &mut State, schedule: &Value) -> Result<(), Error> {
    let all = schedule["phases"].as_array().cloned().unwrap_or_default();
    let start = &schedule["current_phase"]["start_date"];
    let Some(phase) = all.iter().find(|phase| phase["start_date"] == *start) else {
        return Ok(());
    };
    let id = text(schedule, "subscription");
    let held = state.store.find(id).cloned().unwrap_or_default();
    let mut patch = json!({});
    for (key, value) in phase["metadata"].as_object().into_iter().flatten() {
        if patch["metadata"].is_null() {
            patch["metadata"] = held["metadata"].clone();
        }
        patch["metadata"][key] = value.clone();
    }
    if phases::has(&held, phase) {
        subscription::set(state, id, &patch);
        return Ok(());
    }
    let items = phases::items_of(state, phase);
    subscription::replace_items(state, &held, &items, phases::prorations(phase), patch)
}

/// Ends a schedule after its last phase, as `end_behavior` says.
fn finish(state: &mut State, schedule: &Value) {
    if schedule["end_behavior"] == "cancel" {
        let patch = json!({
            "completed_at": now(), "current_phase": null, "status": "completed",
        });
        state.change_object(
            "subscription_schedule.completed",
            text(schedule, "id"),
            &patch,
        );
        subscription::end(state, text(schedule, "subscription"), None);
    } else {
        release(state, schedule);
    }
}

/// Ends a schedule; its subscription goes on.
pub(super) fn release(state: &mut State, schedule: &Value) -> Value {
    let held = text(schedule, "subscription");
    let patch = json!({
        "current_phase": null,
        "released_at": now(),
        "released_subscription": held,
        "status": "released",
        "subscription": null,
    });
    let event = "subscription_schedule.released";
    let released = state.change_object(event, text(schedule, "id"), &patch);
    subscription::set(state, held, &json!({ "schedule": null }));
    released
}

/// Cancels the schedule of a subscription that ended.
pub(crate) fn on_ended(state: &mut State, subscription: &Value) {
    let id = text(subscription, "schedule");
    let Ok(schedule) = state.store.get(KIND, id, "schedule").cloned() else {
        return;
    };
    if schedule["status"] == "active" {
        let patch = json!({
            "canceled_at": now(), "current_phase": null, "status": "canceled",
        });
        state.change_object("subscription_schedule.canceled", id, &patch);
    }
}

/// Brings the current phase up to date with its subscription, whose items a request changed.
pub(crate) fn follow(state: &mut State, subscription: &Value) {
    let id = text(subscription, "schedule");
    let Ok(schedule) = state.store.get(KIND, id, "schedule").cloned() else {
        return;
    };
    let mut phases = schedule["phases"].clone();
    let start = &schedule["current_phase"]["start_date"];
    let all = phases.as_array_mut().into_iter().flatten();
    for phase in all.filter(|phase| phase["start_date"] == *start) {
        phase["items"] = shape::items_of(subscription).into();
    }
    if phases != schedule["phases"] {
        let patch = json!({ "phases": phases });
        state.change_object("subscription_schedule.updated", id, &patch);
    }
}
