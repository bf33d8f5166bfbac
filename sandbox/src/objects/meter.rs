//! Meters: what is counted of a customer's usage, and how.
//!
//! - [`event`]: meter events.
//! - [`summary`]: their aggregates.

mod event;
mod summary;

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "billing.meter";

/// The routes of meters, their events and the summaries of these.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/billing/meters", create),
    Route::new("GET", "/v1/billing/meters", list),
    Route::new("GET", "/v1/billing/meters/{}", retrieve),
    Route::new("POST", "/v1/billing/meters/{}", update),
    Route::new("POST", "/v1/billing/meters/{}/deactivate", deactivate),
    Route::new("POST", "/v1/billing/meters/{}/reactivate", reactivate),
    Route::new(
        "GET",
        "/v1/billing/meters/{}/event_summaries",
        summary::list,
    ),
    Route::new("POST", "/v1/billing/meter_events", event::create),
];

/// The maximum length of a name.
const LONGEST: usize = 100;

/// A text of at most 100 characters.
fn name(params: &mut Params, field: &str) -> Result<String, Error> {
    let name = params.required(field)?;
    if name.chars().count() > LONGEST {
        let param = params.name(field);
        let message = format!("{param} has at most {LONGEST} characters.");
        return Err(Error::invalid(&message).param(&param));
    }
    Ok(name)
}

pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let (display, event) = (name(params, "display_name")?, name(params, "event_name")?);
    let formula = formula(params)?;
    let window = params.choice("event_time_window", &["day", "hour"])?;
    let customer = customer_key(params)?;
    let value = match params.nested("value_settings")? {
        Some(mut settings) => {
            let key = name(&mut settings, "event_payload_key")?;
            settings.finish()?;
            key
        }
        None => "value".to_owned(),
    };
    call.params.finish()?;
    expect_free(state, &event)?;
    let meter = json!({
        "id": ids::long("mtr_test_61"),
        "object": KIND,
        "created": now(),
        "customer_mapping": { "event_payload_key": customer, "type": "by_id" },
        "default_aggregation": { "formula": formula },
        "display_name": display,
        "event_name": event,
        "event_time_window": window,
        "livemode": false,
        "status": "active",
        "status_transitions": { "deactivated_at": null },
        "updated": now(),
        "value_settings": { "event_payload_key": value },
    });
    Ok(state.create("billing.meter.created", meter))
}

fn formula(params: &mut Params) -> Result<String, Error> {
    let aggregation = params.nested("default_aggregation")?;
    let mut aggregation = aggregation.ok_or_else(|| params.missing("default_aggregation"))?;
    let formula = aggregation.choice("formula", &["count", "last", "sum"])?;
    let formula = formula.ok_or_else(|| aggregation.missing("formula"))?;
    aggregation.finish()?;
    Ok(formula)
}

fn customer_key(params: &mut Params) -> Result<String, Error> {
    let Some(mut mapping) = params.nested("customer_mapping")? else {
        return Ok("stripe_customer_id".to_owned());
    };
    let kind = mapping.choice("type", &["by_id"])?;
    kind.ok_or_else(|| mapping.missing("type"))?;
    let key = name(&mut mapping, "event_payload_key")?;
    mapping.finish()?;
    Ok(key)
}

/// The active meter of an event name.
fn by_event(state: &State, event: &str) -> Option<Value> {
    let mut meters = state.store.all(KIND);
    let found = meters.find(|meter| meter["status"] == "active" && meter["event_name"] == *event);
    found.map(std::borrow::Cow::into_owned)
}

/// Rejects an event name that another active meter has.
fn expect_free(state: &State, event: &str) -> Result<(), Error> {
    match by_event(state, event) {
        None => Ok(()),
        Some(holder) => {
            let id = text(&holder, "id");
            let message = format!("The active meter '{id}' has the event name '{event}'.");
            let error = Error::invalid(&message).code("resource_already_exists");
            Err(error.param("event_name"))
        }
    }
}

/// The usage of a customer from `from` to before `until`, aggregated as the meter says.
pub(crate) fn usage(state: &State, meter: &str, customer: &str, from: i64, until: i64) -> f64 {
    let held = state.store.find(meter);
    let formula = held.map_or("sum", |held| text(&held["default_aggregation"], "formula"));
    let records = state.usage.within(meter, customer, from, until);
    crate::usage::aggregated(formula, records)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    state.store.get(KIND, &id, "id")?;
    let mut patch = json!({ "updated": now() });
    if call.params.has("display_name") {
        patch["display_name"] = name(&mut call.params, "display_name")?.into();
    }
    call.params.finish()?;
    Ok(state.change_object("billing.meter.updated", &id, &patch))
}

/// Ends a meter: it accepts no further events, and keeps those it has.
pub(crate) fn deactivate(state: &mut State, call: Call) -> Result<Value, Error> {
    change_status(state, call, "inactive", "billing.meter.deactivated")
}

fn reactivate(state: &mut State, call: Call) -> Result<Value, Error> {
    let meter = state.store.get(KIND, &call.id(), "id")?.clone();
    if meter["status"] != "active" {
        expect_free(state, text(&meter, "event_name"))?;
    }
    change_status(state, call, "active", "billing.meter.reactivated")
}

fn change_status(state: &mut State, call: Call, to: &str, event: &str) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let meter = state.store.get(KIND, &id, "id")?;
    if meter["status"] == *to {
        let message = format!("The meter '{id}' is already {to}.");
        return Err(Error::invalid(&message).executed());
    }
    let at = (to == "inactive").then(now);
    let patch = json!({
        "status": to,
        "status_transitions": { "deactivated_at": at },
        "updated": now(),
    });
    Ok(state.change_object(event, &id, &patch))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let status = call.params.choice("status", &["active", "inactive"])?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/billing/meters", |meter| {
        is(&meter["status"], status.as_ref())
    })
}
