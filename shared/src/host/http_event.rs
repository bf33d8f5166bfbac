//! Lambda's events for a function with a route: requests through an API Gateway, a function's URL
//! or an Application Load Balancer, and Stripe events from EventBridge.
//!
//! `lambda_http` detects the kind of a request by reading it as one kind after the other, the body
//! each time. AWS lets an event of payload version 2.0 begin with its version: such a request is
//! read once, here. All others are left to `lambda_http`.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
    routing::MethodRouter,
};
use hyper::{Request, header::CONTENT_TYPE};
use lambda_http::{
    Adapter, Context, LambdaEvent, aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    request::LambdaRequest,
};
use lambda_runtime::{Diagnostic, service_fn};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value, json};
use tower::{Service as _, ServiceExt as _};

use super::{Error, events::diagnostic, runtime_ended};

/// Serves Lambda's events, until Lambda ends the process. Accepts Stripe events from the partner
/// event source `source` alone.
pub(super) async fn serve(service: MethodRouter, source: Option<String>) -> Result<(), Error> {
    let has_served = &AtomicBool::new(false);
    let mut requests = Adapter::from(service.clone());
    let invoked = service_fn(move |LambdaEvent { payload, context }| {
        has_served.store(true, Relaxed);
        // A route is always ready.
        let answering = match payload {
            Invocation::Request(request) => Ok(requests.call(LambdaEvent::new(request, context))),
            Invocation::Event(event) => Err(event.of(source.as_deref()).map(|detail| {
                let request = event_request(detail, context);
                service.clone().oneshot(request)
            })),
        };
        async move {
            match answering {
                Ok(answer) => match answer.await {
                    Ok(answer) => Ok(Answer::Request(answer)),
                    Err(never) => match never {},
                },
                Err(answering_event) => {
                    event_answer(answering_event?.await.into_response()).map(Answer::Event)
                }
            }
        }
    });
    let ended = lambda_runtime::run(invoked).await;
    runtime_ended(ended, has_served.load(Relaxed))
}

/// Marks, in a request's extensions, a Stripe event from EventBridge. Nobody else can create one,
/// and there is no signature to verify.
#[derive(Clone, Copy, Debug)]
pub struct FromEventBridge(());

/// The event as a request to the function's route.
fn event_request(detail: String, context: Context) -> Request<Body> {
    let mut request = Request::new(Body::from(detail));
    *request.method_mut() = hyper::Method::POST;
    let json = hyper::header::HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    request.extensions_mut().insert(context);
    request.extensions_mut().insert(FromEventBridge(()));
    request
}

/// An event that was not processed is a failed invocation, so that Lambda retries it.
fn event_answer(response: Response) -> Result<Value, Diagnostic> {
    match response.status() {
        status if status.is_success() => Ok(json!({ "received": true })),
        status => Err(diagnostic(
            "Failed",
            &format!("the event was not processed: {status}"),
        )),
    }
}

/// The answer to an invocation.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<R> {
    Request(R),
    Event(Value),
}

/// An event from Lambda.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are requests, and each is there for a moment"
)]
enum Invocation {
    Request(LambdaRequest),
    Event(PartnerEvent),
}

/// An event on a partner event bus
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html>).
///
/// The event is not signed, so its trust depends on who may invoke the function. EventBridge
/// accepts such an event only from the partner whose source begins with `aws.partner/`, and
/// delivers it by a rule that names the function.
#[derive(Debug)]
struct PartnerEvent {
    source: String,
    detail: Value,
}

impl PartnerEvent {
    /// The Stripe event, if it came from `source`.
    fn of(self, source: Option<&str>) -> Result<String, Diagnostic> {
        if source == Some(&self.source) {
            return Ok(self.detail.to_string());
        }
        tracing::error!(
            "rejected an event from EventBridge: STRIPE_EVENT_SOURCE names another source"
        );
        Err(diagnostic(
            "Refused",
            "STRIPE_EVENT_SOURCE names another source than the event's",
        ))
    }
}

impl<'de> Deserialize<'de> for Invocation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = deserializer.deserialize_map(Entries);
        event.map_err(|_| D::Error::custom(UNREADABLE))
    }
}

/// The error for an event that cannot be read. It quotes nothing: the event may contain anything.
const UNREADABLE: &str = "the event is not one of an API Gateway, a load balancer or EventBridge";

/// Reads an event by its entries.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Invocation;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an HTTP request or an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Invocation, A::Error> {
        let first: Option<(String, Value)> = entries.next_entry()?;
        if matches!(&first, Some((name, value)) if name == "version" && value == "2.0") {
            let event = ApiGatewayV2httpRequest::deserialize(MapAccessDeserializer::new(entries));
            return event.map(|event| Invocation::Request(LambdaRequest::ApiGatewayV2(event)));
        }
        let mut event = Map::from_iter(first);
        while let Some((name, value)) = entries.next_entry()? {
            event.insert(name, value);
        }
        if let (Some(Value::String(source)), Some(detail)) =
            (event.get("source"), event.get("detail"))
            && !event.contains_key("requestContext")
        {
            return Ok(Invocation::Event(PartnerEvent {
                source: source.clone(),
                detail: detail.clone(),
            }));
        }
        let request = serde_json::from_str(&Value::from(event).to_string());
        request.map(Invocation::Request).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests;
