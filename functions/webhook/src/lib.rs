//! Handler for `POST /api/webhooks/stripe`.
//!
//! Stripe calls this once or more for every event, in any order. The signature is checked over the
//! exact bytes received, before anything is parsed.
//!
//! | we answer | when |
//! |---|---|
//! | `200` | the event is in the database, now or since an earlier delivery, or it concerns no order of ours |
//! | `400` | the signature is missing, malformed, forged, or more than five minutes off: one message for all; or the body is not UTF-8 |
//! | `405` | the method is not `POST`; never a redirect |
//! | `413` | the body is over 1 MiB; nothing was hashed |
//! | `503` | the database did not take it, Stripe did not give a thin event's object, or the keys cannot be read; nothing was written, and Stripe delivers it again |
//! | `503` | it tells of one charge too many that failed, and the order's payment could not be canceled; Stripe delivers it again |
//!
//! On Lambda, EventBridge may bring Stripe's events as well, by invoking the function. They are not
//! signed: who may invoke the function is AWS's to check, and they are taken from the partner event
//! source alone that `STRIPE_EVENT_SOURCE` names. Where `200` is not the answer, the invocation
//! fails.
//!
//! An event that contradicts its order, or that cannot be read, is a `200` too: it is kept, with
//! its body, and an error is logged for a person to look at.

mod openapi;

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    routing::{MethodRouter, post},
};
pub use openapi::ApiDoc;
use openapi::Refusals;
use serde::Serialize;
use shared::{
    App, Error, Function,
    env::need,
    event::Event,
    function::Trigger,
    host,
    processor::Outcome,
    request::EventBody,
    secrets::{Cause, Keys},
    signature::{self, Rejected},
    store::Accepted,
};
use utoipa::ToSchema;

/// What this function is.
pub const FUNCTION: Function = Function {
    name: "webhook",
    summary: "Stores a signed event from Stripe and updates its order, in one transaction.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/webhooks/stripe",
        permission: None,
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::STRIPE_WEBHOOK_SECRET,
        need::DATABASE_URL,
    ],
    max_duration: 60,
};

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    post(receive).with_state(Arc::new(app))
}

/// What Stripe is told; it reads the status alone.
#[derive(Debug, Serialize, ToSchema)]
struct Received {
    received: bool,
}

/// Takes an event of Stripe's.
///
/// Stripe alone calls this. Any answer but `200` makes it deliver the event again.
#[utoipa::path(
    post,
    path = "/api/webhooks/stripe",
    operation_id = "receiveEvent",
    request_body(content = Object, description = "A snapshot event or a thin event, exactly as Stripe signed it"),
    responses(
        (status = 200, description = "The event is in the database, or concerns no order", body = Received,
            example = json!({ "received": true })),
        Refusals,
    ),
    security(("stripeSignature" = [])),
)]
async fn receive(
    State(app): State<Arc<App>>,
    headers: axum::http::HeaderMap,
    by_eventbridge: Option<Extension<host::FromEventBridge>>,
    EventBody(body): EventBody,
) -> Result<Json<Received>, Error> {
    if by_eventbridge.is_none() {
        verify(&app, &headers, &body).await?;
    }
    let event = Event::parse(&body).map_err(|error| Error::invalid(error.to_string()))?;
    accept(&app, event).await?;
    Ok(Json(Received { received: true }))
}

/// Whether Stripe signed it, by a secret that is held or, where none explains the signature, by
/// one that came since.
async fn verify(app: &App, headers: &axum::http::HeaderMap, body: &[u8]) -> Result<(), Error> {
    let mut values = headers.get_all("stripe-signature").iter();
    let header = match (values.next(), values.next()) {
        (None, _) => Err(Rejected::Missing),
        (Some(value), None) => value.to_str().map_err(|_| Rejected::Malformed),
        (Some(_), Some(_)) => Err(Rejected::Malformed),
    };
    let header = header.map_err(Error::BadSignature)?;
    let explained_by = |keys: &Keys| -> Result<_, Error> {
        let secrets = keys.stripe_webhook_secrets()?;
        Ok(signature::verify(header, body, secrets, app.clock.now()))
    };
    let keys = app.secrets.current().await?;
    let mut verified = explained_by(&keys)?;
    if verified == Err(Rejected::Mismatch)
        && let Some(newer) = app.secrets.newer_than(&keys, Cause::UnknownSignature).await
    {
        verified = explained_by(&newer)?;
    }
    verified.map_err(Error::BadSignature)
}

async fn accept(app: &App, event: Event) -> Result<(), Error> {
    let (id, kind) = (event.id.clone(), event.kind.clone());
    let taken = app.processor.take(event).await?;
    // What else there is to say of an event was logged where it was taken.
    if let Outcome::Store(accepted) = taken
        && accepted != Accepted::Quarantined
    {
        let outcome = accepted.as_str();
        tracing::info!(event.id = id, event.type = kind, outcome, "took an event");
    }
    Ok(())
}
