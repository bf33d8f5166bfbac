//! Meter events: usage of a customer, reported once or more under one identifier.

use serde_json::{Map, Value, json};

use super::{by_event, name};
use crate::{
    clock::{now, real_now},
    error::Error,
    ids,
    objects::{customer, test_clock},
    params::Params,
    route::Call,
    state::State,
    store::text,
    usage::Record,
};

/// Stripe's name for this kind of object.
const KIND: &str = "billing.meter_event";
/// The oldest timestamp that an event may have, in seconds before now.
const PAST: i64 = 35 * 86_400;
/// The latest timestamp that an event may have, in seconds after now.
const AHEAD: i64 = 5 * 60;
/// The maximum number of significant digits of a value.
const DIGITS: usize = 15;

pub(super) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let event = name(params, "event_name")?;
    let payload = payload(params)?;
    let identifier = match params.has("identifier") {
        true => name(params, "identifier")?,
        false => ids::long(""),
    };
    let timestamp = params.integer("timestamp")?;
    call.params.finish()?;
    let meter = by_event(state, &event).ok_or_else(|| {
        let message = format!("No active meter has the event name '{event}'.");
        Error::invalid(&message)
            .code("resource_missing")
            .param("event_name")
    })?;
    let key = text(&meter["customer_mapping"], "event_payload_key");
    let customer = entry(&payload, key)?.to_owned();
    customer::expect(state, &customer).map_err(|error| error.param(&param(key)))?;
    let _time = test_clock::of_customer(state, &customer);
    let value = value(&meter, &payload)?;
    let timestamp = in_time(timestamp, now().cast_signed())?;
    if !state.usage.claim(&identifier, real_now()) {
        let message = format!("An event already exists with identifier {identifier}.");
        return Err(Error::invalid(&message));
    }
    let record = Record {
        customer,
        timestamp,
        value,
    };
    state.usage.record(text(&meter, "id"), record);
    Ok(json!({
        "object": KIND,
        "created": now(),
        "event_name": event,
        "identifier": identifier,
        "livemode": false,
        "payload": payload,
        "timestamp": timestamp,
    }))
}

fn param(key: &str) -> String {
    format!("payload[{key}]")
}

/// The payload: texts by key.
fn payload(params: &mut Params) -> Result<Map<String, Value>, Error> {
    if !params.has("payload") {
        return Err(params.missing("payload"));
    }
    let pairs = params.texts("payload")?.into_iter();
    Ok(pairs.map(|(key, value)| (key, value.into())).collect())
}

fn entry<'a>(payload: &'a Map<String, Value>, key: &str) -> Result<&'a str, Error> {
    let entry = payload.get(key).and_then(Value::as_str);
    entry
        .filter(|entry| !entry.is_empty())
        .ok_or_else(|| Params::default().missing(&param(key)))
}

/// The value of an event; a meter that counts events needs none.
fn value(meter: &Value, payload: &Map<String, Value>) -> Result<f64, Error> {
    let key = text(&meter["value_settings"], "event_payload_key");
    if meter["default_aggregation"]["formula"] == "count" && !payload.contains_key(key) {
        return Ok(1.0);
    }
    let written = entry(payload, key)?;
    let refused = |message: String| Error::invalid(&message).param(&param(key));
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let value = written.parse::<f64>().ok();
    let value = value.filter(|_| written.chars().all(plain));
    let value = value.ok_or_else(|| {
        let message = format!("{} has to be a number, not '{written}'.", param(key));
        refused(message)
    })?;
    let digits = written.chars().filter(char::is_ascii_digit);
    match digits.skip_while(|digit| *digit == '0').count() {
        digits if digits > DIGITS => Err(refused(format!(
            "The value in the event payload can have at most {DIGITS} digits. Received {written}."
        ))),
        _ => Ok(value),
    }
}

/// The time of an event, by default `now`.
fn in_time(timestamp: Option<i64>, now: i64) -> Result<i64, Error> {
    let timestamp = timestamp.unwrap_or(now);
    let bound = if timestamp < now - PAST {
        "within the past 35 days"
    } else if timestamp > now + AHEAD {
        "at most 5 minutes in the future"
    } else {
        return Ok(timestamp);
    };
    let message = format!("timestamp has to be {bound}, not {timestamp}.");
    Err(Error::invalid(&message).param("timestamp"))
}
