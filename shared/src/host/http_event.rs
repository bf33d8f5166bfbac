//! Requests that an API Gateway or a function's URL hands to Lambda as events.
//!
//! `lambda_http` finds out of which kind an event is by reading it as one kind after the other, the body each time. AWS lets
//! an event of payload version 2.0 begin with its version: such a one is read once, here. All others are left to `lambda_http`.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::routing::MethodRouter;
use lambda_http::{
    Adapter, LambdaEvent, aws_lambda_events::apigw::ApiGatewayV2httpRequest, request::LambdaRequest,
};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};
use tower::ServiceExt as _;

use super::{Error, runtime_ended};

/// Serves the requests that Lambda hands over, until Lambda ends the process.
pub(super) async fn serve(service: MethodRouter) -> Result<(), Error> {
    let has_served = AtomicBool::new(false);
    let service = Adapter::from(service).map_request(|event: LambdaEvent<HttpEvent>| {
        has_served.store(true, Relaxed);
        let HttpEvent(payload) = event.payload;
        LambdaEvent::new(payload, event.context)
    });
    let ended = lambda_http::lambda_runtime::run(service).await;
    runtime_ended(ended, has_served.load(Relaxed))
}

/// An event of either version.
#[derive(Debug)]
struct HttpEvent(LambdaRequest);

impl<'de> Deserialize<'de> for HttpEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = deserializer.deserialize_map(Entries);
        event.map(Self).map_err(|_| D::Error::custom(UNREADABLE))
    }
}

/// What is told of an event that cannot be read. It is not quoted: it may hold anything.
const UNREADABLE: &str = "the event is not an HTTP request of payload version 1.0 or 2.0";

/// Reads an event by its entries.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = LambdaRequest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HTTP request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<LambdaRequest, A::Error> {
        let first: Option<(String, Value)> = entries.next_entry()?;
        if matches!(&first, Some((name, value)) if name == "version" && value == "2.0") {
            let event = ApiGatewayV2httpRequest::deserialize(MapAccessDeserializer::new(entries));
            return event.map(LambdaRequest::ApiGatewayV2);
        }
        let mut event = Map::from_iter(first);
        while let Some((name, value)) = entries.next_entry()? {
            event.insert(name, value);
        }
        serde_json::from_str(&Value::from(event).to_string()).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests;
