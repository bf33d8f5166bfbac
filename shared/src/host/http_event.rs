//! Lambda's events for a function with a route: requests through an API Gateway, a function's URL
//! or an Application Load Balancer, and Stripe events from EventBridge.
//!
//! `lambda_http` detects the kind of a request by reading it as one kind after the other, the body
//! each time. AWS lets an event of payload version 2.0 begin with its version: such a request is
//! read as one at once, here. All others are left to `lambda_http`.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
    routing::MethodRouter,
};
use http_body_util::BodyExt as _;
use hyper::{Request, header::CONTENT_TYPE};
use lambda_http::{
    Adapter, BoxFuture, Context, LambdaEvent, aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    request::LambdaRequest,
};
use lambda_runtime::{Diagnostic, service_fn};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, json, value::RawValue};
use tower::{Service as _, ServiceExt};

use super::{Error, events::diagnostic, runtime_ended};

/// Serves Lambda's events, until Lambda ends the process. Accepts Stripe events from the partner
/// event source `source` alone.
pub(super) async fn serve(service: MethodRouter, source: Option<String>) -> Result<(), Error> {
    let has_served = &AtomicBool::new(false);
    let route = ServiceExt::<lambda_http::Request>::map_response(service.clone(), Utf8);
    let mut requests = Adapter::from(route);
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

/// A response whose body is sent as it is, if it is UTF-8. `lambda_http`'s own conversion decodes
/// it from the encoding that its header names, and so adds the tables of all encodings to a
/// program.
struct Utf8(Response);

impl lambda_http::IntoResponse for Utf8 {
    fn into_response(self) -> BoxFuture<'static, lambda_http::Response<lambda_http::Body>> {
        Box::pin(async move {
            let (head, body) = self.0.into_parts();
            let body = body.collect().await.expect("responses are in memory");
            let body = match String::from_utf8(body.to_bytes().into()) {
                Ok(text) => lambda_http::Body::Text(text),
                Err(other) => lambda_http::Body::Binary(other.into_bytes()),
            };
            Response::from_parts(head, body)
        })
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
    detail: Box<RawValue>,
}

impl PartnerEvent {
    /// The Stripe event, if it came from `source`.
    fn of(self, source: Option<&str>) -> Result<String, Diagnostic> {
        if source == Some(&self.source) {
            return Ok(self.detail.get().to_owned());
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
        let event = Box::<RawValue>::deserialize(deserializer).ok();
        let invocation = event.and_then(|event| Self::read(event.get()).ok());
        invocation.ok_or_else(|| D::Error::custom(UNREADABLE))
    }
}

/// The error for an event that cannot be read. It quotes nothing: the event may contain anything.
const UNREADABLE: &str = "the event is not one of an API Gateway, a load balancer or EventBridge";

/// The entries that distinguish an event from EventBridge from a request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entries {
    source: Option<Value>,
    detail: Option<Box<RawValue>>,
    request_context: Option<Box<RawValue>>,
}

impl Invocation {
    fn read(event: &str) -> Result<Self, serde_json::Error> {
        if begins_with_version_2(event).is_some() {
            let request: ApiGatewayV2httpRequest = serde_json::from_str(event)?;
            return Ok(Self::Request(LambdaRequest::ApiGatewayV2(request)));
        }
        match serde_json::from_str(event)? {
            Entries {
                source: Some(Value::String(source)),
                detail: Some(detail),
                request_context: None,
            } => Ok(Self::Event(PartnerEvent { source, detail })),
            _ => serde_json::from_str(event).map(Self::Request),
        }
    }
}

/// `None` unless the first entry of `event` is its version, and that is 2.0.
fn begins_with_version_2(event: &str) -> Option<()> {
    let name = event.strip_prefix('{')?.trim_start();
    let colon = name.strip_prefix(r#""version""#)?.trim_start();
    let value = colon.strip_prefix(':')?.trim_start();
    value.strip_prefix(r#""2.0""#).map(drop)
}

#[cfg(test)]
mod tests;
