//! Subscription schedules: later changes of a subscription, by phases.
//!
//! - [`shape`]: the JSON of a schedule and its phases.
//! - [`phases`]: the phases in a request.
//! - [`progress`]: what time does, and the end of a schedule.

use serde_json::{Value, json};

use crate::{
    error::Error,
    list::{Page, is},
    metadata,
    objects::{subscription, test_clock},
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

mod phases;
mod progress;
mod shape;

pub(crate) use progress::{follow, on_ended, on_timer, wake};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "subscription_schedule";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/subscription_schedules", create),
    Route::new("GET", "/v1/subscription_schedules", list),
    Route::new("GET", "/v1/subscription_schedules/{}", retrieve),
    Route::new("POST", "/v1/subscription_schedules/{}", update),
    Route::new("POST", "/v1/subscription_schedules/{}/release", release),
    Route::new("POST", "/v1/subscription_schedules/{}/cancel", cancel),
];

/// Creates the schedule of a subscription, whose first phase is the current period.
fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    for name in ["customer", "phases", "start_date", "default_settings"] {
        if params.has(name) {
            let message = "The sandbox creates a schedule with from_subscription alone.";
            return Err(Error::invalid(message).param(name));
        }
    }
    let id = params.required("from_subscription")?;
    let end = end_behavior(params)?;
    let own = metadata::merged(params, &json!({}))?;
    call.params.finish()?;
    let held = subscription::live_at(state, &id, "from_subscription")?;
    if held["schedule"].is_string() {
        let message = "The subscription already has a schedule.";
        return Err(Error::invalid(message).param("from_subscription"));
    }
    let _time = test_clock::enter(state, &held);
    let mut schedule = shape::of_subscription(&held);
    schedule["end_behavior"] = end.unwrap_or_else(|| "release".to_owned()).into();
    schedule["metadata"] = own.unwrap_or_else(|| json!({}));
    let schedule = state.create("subscription_schedule.created", schedule);
    subscription::set(state, &id, &json!({ "schedule": schedule["id"] }));
    progress::wake(state, &schedule);
    Ok(schedule)
}

fn end_behavior(params: &mut Params) -> Result<Option<String>, Error> {
    params.choice("end_behavior", &["cancel", "release"])
}

/// Changes the phases that did not end, and what follows the last one.
fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let held = active(state, &call.id(), "updated")?;
    let _time = test_clock::enter(state, &held);
    let params = &mut call.params;
    let mut patch = json!({});
    if let Some(end) = end_behavior(params)? {
        patch["end_behavior"] = end.into();
    }
    if let Some(metadata) = metadata::merged(params, &held["metadata"])? {
        patch["metadata"] = metadata;
    }
    params.choice("proration_behavior", subscription::PRORATIONS)?;
    let groups = params.groups("phases")?;
    if params.has("default_settings") {
        let message = "The sandbox does not support a schedule's default_settings.";
        return Err(Error::invalid(message).param("default_settings"));
    }
    call.params.finish()?;
    if let Some(groups) = groups {
        let phases = phases::read(state, groups, &held)?;
        patch["current_phase"] = phases::current(&phases);
        patch["phases"] = phases.into();
    }
    let event = "subscription_schedule.updated";
    let schedule = state.change_object(event, text(&held, "id"), &patch);
    progress::apply_current(state, &schedule)?;
    progress::wake(state, &schedule);
    Ok(schedule)
}

/// Ends a schedule; its subscription goes on as it is.
fn release(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.flag("preserve_cancel_date")?;
    call.params.finish()?;
    let held = active(state, &id, "released")?;
    let _time = test_clock::enter(state, &held);
    Ok(progress::release(state, &held))
}

/// Ends a schedule and its subscription.
fn cancel(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    for name in ["invoice_now", "prorate"] {
        if call.params.flag(name)? == Some(true) {
            let message = format!("The sandbox does not support {name} here.");
            return Err(Error::invalid(&message).param(name));
        }
    }
    call.params.finish()?;
    let held = active(state, &id, "canceled")?;
    let _time = test_clock::enter(state, &held);
    let reason = Some("cancellation_requested");
    subscription::end(state, text(&held, "subscription"), reason);
    state.store.get(KIND, &id, "id").cloned()
}

fn active(state: &State, id: &str, what: &str) -> Result<Value, Error> {
    let held = state.store.get(KIND, id, "id")?;
    match text(held, "status") {
        "active" => Ok(held.clone()),
        status => {
            let message = format!("A subscription_schedule that is {status} cannot be {what}.");
            Err(Error::invalid(&message).executed())
        }
    }
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let customer = call.params.text("customer")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/subscription_schedules", |held| {
        is(&held["customer"], customer.as_ref())
    })
}
