//! Summaries of a meter's events, for one customer and a time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{KIND, usage};
use crate::{
    error::Error, list::Page, objects::customer, params::Params, route::Call, state::State,
};

/// Stripe's name for this kind of object.
const SUMMARY: &str = "billing.meter_event_summary";
const MINUTE: i64 = 60;

/// One summary of the whole time, or one for each hour or day that has events; newest first.
pub(super) fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let params = &mut call.params;
    let page = Page::read(params)?;
    let customer = params.required("customer")?;
    let (name, seconds) = match params.choice("value_grouping_window", &["day", "hour"])? {
        Some(window) if window == "day" => ("UTC day", Some(86_400)),
        Some(_) => ("hour", Some(3_600)),
        None => ("minute", None),
    };
    let unit = seconds.unwrap_or(MINUTE);
    let from = aligned(params, "start_time", name, unit)?;
    let until = aligned(params, "end_time", name, unit)?;
    call.params.finish()?;
    if until <= from {
        let message = "end_time has to be after start_time.";
        return Err(Error::invalid(message).param("end_time"));
    }
    state.store.get(KIND, &id, "id")?;
    customer::expect(state, &customer)?;
    let width = seconds.unwrap_or(until - from);
    let records = state.usage.within(&id, &customer, from, until);
    let start = |at: i64| at - (at - from).rem_euclid(width);
    let starts: BTreeSet<i64> = records.map(|record| start(record.timestamp)).collect();
    let summaries: Vec<Value> = starts
        .into_iter()
        .rev()
        .map(|start| {
            let end = start + width;
            json!({
                "id": format!("mtrusg_test_{customer}_{start}_{end}"),
                "object": SUMMARY,
                "aggregated_value": usage(state, &id, &customer, start, end),
                "end_time": end,
                "livemode": false,
                "meter": id,
                "start_time": start,
            })
        })
        .collect();
    let all: Vec<&Value> = summaries.iter().collect();
    let url = format!("/v1/billing/meters/{id}/event_summaries");
    page.among(&all, SUMMARY, &url, |_| true)
}

/// A required time at the beginning of a minute, an hour or a day.
fn aligned(params: &mut Params, field: &str, name: &str, unit: i64) -> Result<i64, Error> {
    let at = params.integer(field)?;
    let at = at.ok_or_else(|| params.missing(field))?;
    if at.rem_euclid(unit) != 0 {
        let message = format!("{field} has to be aligned with {name} boundaries.");
        return Err(Error::invalid(&message).param(field));
    }
    Ok(at)
}
