//! The control plane's routes about the sandbox itself.
//!
//! Each kind of object has its own under [`crate::objects`].

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    billing::AfterRetries,
    endpoint::{Endpoint, Payload},
    engine::Engine,
    error::Error,
    faults::Fault,
    route::{Call, Route, done},
    webhooks::Order,
};

/// The control plane's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::sandbox("GET", "/_sandbox/requests", requests),
    Route::sandbox("GET", "/_sandbox/deliveries", deliveries),
    Route::sandbox("POST", "/_sandbox/faults", inject),
    Route::sandbox("DELETE", "/_sandbox/faults", clear_faults),
    Route::sandbox("GET", "/_sandbox/idempotency_keys", idempotency_keys),
    Route::sandbox("POST", "/_sandbox/idempotency_keys/forget", forget),
    Route::sandbox("POST", "/_sandbox/api_keys/expire", expire_key),
    Route::sandbox("POST", "/_sandbox/confirmations", limit_confirmations),
    Route::sandbox("POST", "/_sandbox/retries", set_retries),
    Route::sandbox("POST", "/_sandbox/webhooks", add_webhook),
    Route::sandbox("POST", "/_sandbox/webhooks/secrets", set_secrets),
    Route::sandbox("POST", "/_sandbox/webhooks/pause", pause),
    Route::sandbox("POST", "/_sandbox/webhooks/resume", resume),
    Route::sandbox("POST", "/_sandbox/webhooks/hold", hold),
    Route::sandbox("POST", "/_sandbox/webhooks/release", release),
    Route::sandbox("POST", "/_sandbox/webhooks/duplicate", duplicate),
    Route::sandbox("POST", "/_sandbox/webhooks/delay", delay),
];

fn requests(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    Ok(json!({
        "connections": engine.connections(),
        "dropped": engine.log.dropped(),
        "data": engine.log.requests(),
    }))
}

fn deliveries(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    Ok(json!({
        "dropped": engine.webhooks.dropped_deliveries(),
        "data": engine.webhooks.deliveries(),
    }))
}

fn inject(engine: &Engine, call: Call) -> Result<Value, Error> {
    let fault = Fault::parse(call.params)?;
    engine.state().faults.inject(fault);
    Ok(done())
}

fn clear_faults(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    engine.state().faults.clear();
    Ok(done())
}

fn idempotency_keys(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    let (saved, dropped) = engine.state().keys.count();
    Ok(json!({ "saved": saved, "dropped": dropped }))
}

fn forget(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    engine.state().keys.forget();
    Ok(done())
}

fn expire_key(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let key = call.params.required("key")?;
    call.params.finish()?;
    engine.state().expired_keys.insert(key);
    Ok(done())
}

fn limit_confirmations(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let most = call.params.integer("most")?;
    let most = most.ok_or_else(|| call.params.missing("most"))?;
    call.params.finish()?;
    engine.state().max_confirmations = u32::try_from(most).unwrap_or(0);
    Ok(done())
}

/// Sets when the invoices of subscriptions are collected again, and what follows the last attempt.
fn set_retries(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let days = call.params.list("days")?;
    let then = call
        .params
        .choice("then", &["cancel", "past_due", "unpaid"])?;
    let parsed = days.map(|days| days.iter().map(|day| day.parse()).collect());
    let parsed: Option<Result<Vec<u64>, _>> = parsed;
    let refused = |_| call.params.mistyped("days", "a list of numbers of days");
    let days = parsed.transpose().map_err(refused)?;
    call.params.finish()?;
    let billing = &mut engine.state().billing;
    if let Some(days) = days {
        billing.retries = days;
    }
    if let Some(then) = then {
        billing.after_retries = match then.as_str() {
            "past_due" => AfterRetries::PastDue,
            "unpaid" => AfterRetries::Unpaid,
            _ => AfterRetries::Cancel,
        };
    }
    Ok(done())
}

fn add_webhook(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let (url, secret) = (
        call.params.required("url")?,
        call.params.required("secret")?,
    );
    let payload = call.params.choice("payload", &["snapshot", "thin"])?;
    call.params.finish()?;
    let endpoint = Endpoint::parse(&url, &secret)
        .map_err(|refused| Error::invalid(&refused.to_string()).param("url"))?;
    engine
        .webhooks
        .add(endpoint.with_payload(match payload.as_deref() {
            Some("thin") => Payload::Thin,
            _ => Payload::Snapshot,
        }));
    Ok(done())
}

fn set_secrets(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let secrets = call.params.list("secrets")?;
    let secrets = secrets.ok_or_else(|| call.params.missing("secrets"))?;
    call.params.finish()?;
    engine.webhooks.set_secrets(&secrets);
    Ok(done())
}

fn pause(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    engine.webhooks.pause();
    Ok(done())
}

fn resume(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    engine.webhooks.resume();
    Ok(done())
}

fn hold(engine: &Engine, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    engine.webhooks.hold();
    Ok(done())
}

fn release(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let order = call.params.choice("order", &["as_sent", "reversed"])?;
    call.params.finish()?;
    engine.webhooks.release(match order.as_deref() {
        Some("reversed") => Order::Reversed,
        _ => Order::AsSent,
    });
    Ok(done())
}

fn duplicate(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let times = call
        .params
        .integer("times")?
        .ok_or_else(|| call.params.missing("times"))?;
    call.params.finish()?;
    engine
        .webhooks
        .duplicate(usize::try_from(times).unwrap_or(1));
    Ok(done())
}

fn delay(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let ms = call
        .params
        .integer("ms")?
        .ok_or_else(|| call.params.missing("ms"))?;
    call.params.finish()?;
    let ms = u64::try_from(ms).unwrap_or(0);
    engine.webhooks.delay(Duration::from_millis(ms));
    Ok(done())
}
