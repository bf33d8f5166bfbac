//! Handler for `POST /api/webhooks/stripe`.
//!
//! Stripe calls this once or more for every event, in any order. The signature is verified over the
//! exact bytes received, before anything is parsed.
//!
//! | status | when |
//! |---|---|
//! | `200` | the event is in the database, now or since an earlier delivery |
//! | `200` | the event concerns no order of this deployment |
//! | `400` | the signature is missing, malformed, forged or stale: one message for all |
//! | `400` | the body is not UTF-8 |
//! | `405` | the method is not `POST`; never a redirect |
//! | `413` | the body is over 1 MiB; nothing was hashed |
//! | `503` | the database, a thin event's object or the keys are not available |
//! | `503` | too many charges failed, and the order's payment could not be canceled |
//!
//! After a `503` Stripe delivers the event again. Nothing was written, except in the last case.
//!
//! On Lambda, EventBridge may deliver Stripe events as well, by invoking the function. They are not
//! signed: AWS checks who may invoke the function. The function accepts them only from the partner
//! event source that `STRIPE_EVENT_SOURCE` names. Any status but `200` fails the invocation.
//!
//! On Vercel, where `FAREBOX_NOTIFY_URL` is set, the function then notifies the site: it delivers
//! the messages of the event, and a few others that are due. The answer waits for that, at most
//! three seconds, and is the same without it.
//!
//! An event that contradicts its order, or cannot be read, is a `200` too: it is quarantined with
//! its body, and an error is logged for the operator.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    routing::{MethodRouter, post},
};
use serde::Serialize;
use shared::{
    App, Error, Function,
    delivery::RequestDelivery,
    env::need,
    error::Code,
    event::Event,
    function::Trigger,
    host,
    processor::{Outcome, Processed},
    request::EventBody,
    secrets::{Cause, Keys},
    signature::{self, Rejected},
    store::Accepted,
};
use utoipa::{OpenApi, ToSchema};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "webhook",
    summary: "Stores a signed event from Stripe and updates its order, in one transaction.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/webhooks/stripe",
        permission: None,
        errors: &[&[Code::InvalidRequest, Code::BadSignature, Code::BodyTooLarge]],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::STRIPE_WEBHOOK_SECRET,
        need::DATABASE_URL,
    ],
    max_duration: 60,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(receive))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    let delivery = app.request_delivery();
    post(receive)
        .layer(Extension(delivery))
        .with_state(Arc::new(app))
}

/// The acknowledgement. Stripe reads only the status.
#[derive(Debug, Serialize, ToSchema)]
struct Received {
    /// Always `true`.
    received: bool,
}

/// Receives an event from Stripe.
///
/// Only Stripe calls this route. It delivers the event again after any status but `200`.
#[utoipa::path(
    post,
    path = "/api/webhooks/stripe",
    operation_id = "receiveEvent",
    request_body(content = Object,
        description = "A snapshot event or a thin event, exactly as Stripe signed it"),
    responses(
        (status = 200, description = "The database has the event, or the event concerns no order",
            body = Received,
            example = json!({ "received": true })),
    ),
    security(("stripeSignature" = [])),
)]
async fn receive(
    State(app): State<Arc<App>>,
    headers: axum::http::HeaderMap,
    by_eventbridge: Option<Extension<host::FromEventBridge>>,
    Extension(delivery): Extension<RequestDelivery>,
    EventBody(body): EventBody,
) -> Result<Json<Received>, Error> {
    if by_eventbridge.is_none() {
        verify(&app, &headers, &body).await?;
    }
    let event = Event::parse(&body).map_err(|error| Error::invalid(error.to_string()))?;
    let messages = accept(&app, event).await?;
    delivery.deliver(&messages).await;
    Ok(Json(Received { received: true }))
}

/// Verifies that Stripe signed the body, by a cached secret or, where none matches, by a newer one.
async fn verify(app: &App, headers: &axum::http::HeaderMap, body: &[u8]) -> Result<(), Error> {
    let mut values = headers.get_all("stripe-signature").iter();
    let header = match (values.next(), values.next()) {
        (None, _) => Err(Rejected::Missing),
        (Some(value), None) => value.to_str().map_err(|_| Rejected::Malformed),
        (Some(_), Some(_)) => Err(Rejected::Malformed),
    };
    let header = header.map_err(Error::BadSignature)?;
    let verified_by = |keys: &Keys| -> Result<_, Error> {
        let secrets = keys.stripe_webhook_secrets()?;
        Ok(signature::verify(header, body, secrets, app.clock.now()))
    };
    let keys = app.secrets.current().await?;
    let mut verified = verified_by(&keys)?;
    if verified == Err(Rejected::Mismatch)
        && let Some(newer) = app.secrets.newer_than(&keys, Cause::UnknownSignature).await
    {
        verified = verified_by(&newer)?;
    }
    verified.map_err(Error::BadSignature)
}

/// Processes `event`; returns the ids of the messages that it appended to the outbox.
async fn accept(app: &App, event: Event) -> Result<Vec<String>, Error> {
    let (id, kind) = (event.id.clone(), event.kind.clone());
    let Processed { outcome, messages } = app.processor.process(event).await?;
    // Any other outcome was logged where it arose.
    if let Outcome::Store(accepted) = outcome
        && accepted != Accepted::Quarantined
    {
        let outcome = accepted.as_str();
        tracing::info!(event.id = id, event.type = kind, outcome, "processed an event");
    }
    Ok(messages)
}
