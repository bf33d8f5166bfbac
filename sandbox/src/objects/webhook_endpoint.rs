//! Webhook endpoints of the API; only the response to creation shows the secret.

use serde_json::{Value, json};

use crate::{
    clock::now,
    endpoint::{Endpoint, Subscription},
    engine::Engine,
    error::Error,
    ids,
    list::Page,
    metadata,
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "webhook_endpoint";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::sandbox("POST", "/v1/webhook_endpoints", create),
    Route::new("GET", "/v1/webhook_endpoints", list),
    Route::new("GET", "/v1/webhook_endpoints/{}", retrieve),
    Route::sandbox("POST", "/v1/webhook_endpoints/{}", update),
    Route::sandbox("DELETE", "/v1/webhook_endpoints/{}", delete),
];

fn create(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let url = params.required("url")?;
    let events = params
        .list("enabled_events")?
        .ok_or_else(|| params.missing("enabled_events"))?;
    let mut shown = shape(params.text("api_version")?);
    shown["enabled_events"] = known(events)?;
    details(params, &mut shown)?;
    params.accept(&["connect"]);
    call.params.finish()?;
    let secret = ids::long("whsec_");
    let endpoint = parse(&url, &secret)?;
    shown["id"] = endpoint.id.clone().into();
    shown["url"] = url.into();
    engine.webhooks.add(Endpoint {
        subscription: subscription(&shown),
        ..endpoint
    });
    engine.state().store.insert(shown.clone());
    shown["secret"] = secret.into();
    Ok(shown)
}

fn shape(api_version: Option<String>) -> Value {
    json!({
        "id": "",
        "object": KIND,
        "api_version": api_version,
        "application": null,
        "created": now(),
        "description": null,
        "enabled_events": [],
        "livemode": false,
        "metadata": {},
        "status": "enabled",
        "url": "",
    })
}

fn details(params: &mut Params, endpoint: &mut Value) -> Result<(), Error> {
    if let Some(description) = params.clearable("description")? {
        endpoint["description"] = description;
    }
    if let Some(metadata) = metadata::merged(params, &endpoint["metadata"])? {
        endpoint["metadata"] = metadata;
    }
    Ok(())
}

/// Rejects text that is not an event type.
fn known(events: Vec<String>) -> Result<Value, Error> {
    let looks_like_one = |event: &str| event == "*" || event.contains('.');
    if events.is_empty() {
        let message = "An endpoint needs at least one event.";
        return Err(Error::invalid(message)
            .code("parameter_invalid_empty")
            .param("enabled_events"));
    }
    match events.iter().position(|event| !looks_like_one(event)) {
        None => Ok(events.into()),
        Some(place) => {
            let message = format!("'{}' is not an event type.", events[place]);
            Err(Error::invalid(&message).param(&format!("enabled_events[{place}]")))
        }
    }
}

fn parse(url: &str, secret: &str) -> Result<Endpoint, Error> {
    Endpoint::parse(url, secret).map_err(|refused| {
        let error = Error::invalid(&format!("The URL {refused}."));
        error.code("url_invalid").param("url")
    })
}

/// The subscription of an endpoint: no event while it is disabled.
fn subscription(shown: &Value) -> Subscription {
    let events = shown["enabled_events"].as_array();
    let events = events.into_iter().flatten().filter_map(Value::as_str);
    let events: Vec<String> = events.map(str::to_owned).collect();
    match text(shown, "status") {
        "disabled" => Subscription::Only(Vec::new()),
        _ if events.iter().any(|event| event == "*") => Subscription::All,
        _ => Subscription::Only(events),
    }
}

fn update(engine: &Engine, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let mut shown = engine.state().store.get(KIND, &id, "id")?.clone();
    let params = &mut call.params;
    if let Some(events) = params.list("enabled_events")? {
        shown["enabled_events"] = known(events)?;
    }
    if let Some(disabled) = params.flag("disabled")? {
        shown["status"] = if disabled { "disabled" } else { "enabled" }.into();
    }
    if let Some(url) = params.text("url")? {
        parse(&url, "")?;
        shown["url"] = url.into();
    }
    details(params, &mut shown)?;
    call.params.finish()?;
    engine.webhooks.change(&id, |endpoint| {
        endpoint.subscription = subscription(&shown);
        text(&shown, "url").clone_into(&mut endpoint.url);
    });
    Ok(engine.state().update(&id, &shown))
}

fn delete(engine: &Engine, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let mut state = engine.state();
    state.store.get(KIND, &id, "id")?;
    engine.webhooks.remove(&id);
    Ok(state.store.delete(&id))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/webhook_endpoints", |_| true)
}
