//! The phases of a schedule in a request.

use serde_json::{Value, json};

use super::shape;
use crate::{
    clock::now,
    error::Error,
    metadata,
    objects::subscription::{self, PRORATIONS, items, period::Interval},
    params::Params,
    state::State,
    store::text,
};

/// Reads all phases from the current one on.
pub(super) fn read(
    state: &mut State,
    groups: Vec<Params>,
    held: &Value,
) -> Result<Vec<Value>, Error> {
    let begun = begun(held);
    let mut phases: Vec<Value> = Vec::new();
    for group in groups {
        let start = phases.last().map(end_of);
        phases.push(one(state, group, held, start.unwrap_or(begun))?);
    }
    let past = past(held);
    match phases.first() {
        Some(first) if text_of_start(first) == begun && end_of(first) > now() => {
            Ok(past.into_iter().chain(phases).collect())
        }
        _ => {
            let message = "The first phase has to be the current one, with its start_date.";
            Err(Error::invalid(message).param("phases"))
        }
    }
}

/// The phases that ended.
fn past(held: &Value) -> Vec<Value> {
    let phases = held["phases"].as_array().into_iter().flatten();
    phases
        .filter(|phase| end_of(phase) <= now())
        .cloned()
        .collect()
}

/// The start of the current phase.
fn begun(held: &Value) -> u64 {
    let start = &held["current_phase"]["start_date"];
    start.as_u64().unwrap_or_else(now)
}

fn text_of_start(phase: &Value) -> u64 {
    phase["start_date"].as_u64().unwrap_or_default()
}

/// The end of a phase.
pub(super) fn end_of(phase: &Value) -> u64 {
    phase["end_date"].as_u64().unwrap_or_default()
}

/// The current phase, as a schedule shows it.
pub(super) fn current(phases: &[Value]) -> Value {
    let now = now();
    let is_current = |phase: &&Value| text_of_start(phase) <= now && now < end_of(phase);
    phases.iter().find(is_current).map_or(
        Value::Null,
        |phase| json!({ "end_date": phase["end_date"], "start_date": phase["start_date"] }),
    )
}

fn one(state: &mut State, mut group: Params, held: &Value, start: u64) -> Result<Value, Error> {
    let new = items::read(state, &mut group)?;
    let subscription = state.store.find(text(held, "subscription"));
    let currency = subscription
        .map(|one| one["currency"].clone())
        .unwrap_or_default();
    if new.iter().any(|item| item.price["currency"] != currency) {
        let message = "A phase has the currency of its subscription.";
        return Err(Error::invalid(message).param(&group.name("items")));
    }
    let start = match time(&mut group, "start_date")? {
        Some(given) if given != start => {
            let message = "A phase starts where the one before it ends.";
            return Err(Error::invalid(message).param(&group.name("start_date")));
        }
        _ => start,
    };
    let interval = Interval::of(&new[0].price);
    let end = end(&mut group, interval, start)?;
    let items = new
        .iter()
        .map(|item| shape::item(&item.price, &json!(item.quantity), &item.metadata));
    let mut phase = shape::phase(&currency, items.collect(), start, end);
    if let Some(prorations) = group.choice("proration_behavior", PRORATIONS)? {
        phase["proration_behavior"] = prorations.into();
    }
    if let Some(metadata) = metadata::merged(&mut group, &json!({}))? {
        phase["metadata"] = metadata;
    }
    if let Some(anchor) = group.choice("billing_cycle_anchor", &["automatic", "phase_start"])? {
        phase["billing_cycle_anchor"] = anchor.into();
    }
    group.finish()?;
    Ok(phase)
}

/// The end of a phase: a time, a duration, a number of periods, or one period.
fn end(group: &mut Params, interval: Interval, start: u64) -> Result<u64, Error> {
    let until = time(group, "end_date")?;
    let times = group.integer("iterations")?;
    let mut length = None;
    if let Some(mut duration) = group.nested("duration")? {
        let words = ["day", "month", "week", "year"];
        let unit = duration.choice("interval", &words)?;
        let unit = unit.ok_or_else(|| duration.missing("interval"))?;
        let count = duration.integer("interval_count")?.unwrap_or(1);
        duration.finish()?;
        length = Some(Interval::new(&unit, count));
    }
    let end = match (until, times, length) {
        (Some(until), None, None) => until,
        (None, Some(times), None) => interval.from(start, times),
        (None, None, length) => length.unwrap_or(interval).from(start, 1),
        _ => {
            let message = "A phase has one of duration, end_date and iterations.";
            return Err(Error::invalid(message).param(&group.name("end_date")));
        }
    };
    if end <= start || end <= now() {
        let message = "A phase ends after its start, and in the future.";
        return Err(Error::invalid(message).param(&group.name("end_date")));
    }
    Ok(end)
}

fn time(group: &mut Params, name: &str) -> Result<Option<u64>, Error> {
    if group.says(name, "now") {
        group.accept(&[name]);
        return Ok(Some(now()));
    }
    let time = group.integer(name)?;
    Ok(time.map(i64::unsigned_abs))
}

/// The items of a phase, with their prices.
pub(super) fn items_of(state: &State, phase: &Value) -> Vec<items::New> {
    let items = phase["items"].as_array().into_iter().flatten();
    let new = |item: &Value| {
        let price = state.store.find(text(item, "price"))?.clone();
        let mut new = items::New::of(price, item["quantity"].as_i64());
        new.metadata = item["metadata"].clone();
        Some(new)
    };
    items.filter_map(new).collect()
}

/// Returns true when a subscription has the items of a phase.
pub(super) fn has(held: &Value, phase: &Value) -> bool {
    let (of_held, of_phase) = (shape::items_of(held), phase["items"].as_array());
    let of_phase: Vec<&Value> = of_phase.into_iter().flatten().collect();
    let same = |a: &Value, b: &Value| a["price"] == b["price"] && a["quantity"] == b["quantity"];
    of_held.len() == of_phase.len() && of_held.iter().zip(of_phase).all(|(a, b)| same(a, b))
}

/// The `proration_behavior` of a phase.
pub(super) fn prorations(phase: &Value) -> subscription::Prorations {
    subscription::Prorations::named(text(phase, "proration_behavior"))
}
