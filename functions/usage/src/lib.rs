//! Handler for `POST /api/usage`.
//!
//! Your site's server reports what callers used, and Stripe's meters bill it. All events of a
//! request are checked before any is stored. Then one transaction stores all of them in the outbox,
//! and each is delivered to Stripe at once, where that works. What is not delivered stays in the
//! outbox, and `notify` delivers it: at least once, and Stripe counts an identifier once.
//!
//! Read [`batch`] for the form of the events.
//!
//! | status | when |
//! |---|---|
//! | `200` | all events are stored; each is `delivered`, or `accepted` and delivered later |
//! | `400` | an event is wrong, names no active meter, or a caller without a customer; none is stored |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller reports usage |
//! | `503` | the database or the keys are not available; nothing is stored |

pub mod batch;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json,
    extract::{FromRef, State},
    routing::{MethodRouter, post},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use shared::{
    App, Error, Function,
    access::{Authenticator, Authorized, CallerId, Permission as _, ReportUsage},
    delivery::UsageReporter,
    env::need,
    error::Code,
    function::Trigger,
    request,
    store::{Message, MeterEvent},
};
use utoipa::{OpenApi, ToSchema};

use crate::batch::{Checked, UsageBatch};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "usage",
    summary: "Reports the usage of callers to Stripe's meters, at least once and counted once.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/usage",
        permission: Some(ReportUsage::NAME),
        errors: &[&[Code::InvalidRequest, Code::BodyTooLarge]],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::FAREBOX_SITE_KEY,
        need::DATABASE_URL,
    ],
    max_duration: 30,
};

/// The longest wait for Stripe's meters.
const METERS_DEADLINE: Duration = Duration::from_secs(2);
/// The most callers that are read at once.
const AT_ONCE: usize = 8;

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(report))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    let reporter = UsageReporter::new(app.stripe.clone(), app.store.clone(), app.clock.clone());
    post(report).with_state(Usage {
        app: Arc::new(app),
        reporter,
    })
}

/// The parts of the handler.
#[derive(Clone, Debug)]
struct Usage {
    app: Arc<App>,
    reporter: UsageReporter,
}

impl FromRef<Usage> for Authenticator {
    fn from_ref(usage: &Usage) -> Self {
        usage.app.authenticator.clone()
    }
}

/// What became of the events.
#[derive(Serialize, ToSchema)]
struct ReportedUsage {
    /// In the order of the request.
    events: Vec<ReportedEvent>,
}

/// What became of one event.
#[derive(Serialize, ToSchema)]
struct ReportedEvent {
    /// The event's identifier.
    identifier: String,
    status: ReportStatus,
}

/// Whether Stripe has an event.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportStatus {
    /// It is stored, and Stripe receives it later, or received it before.
    Accepted,
    /// Stripe has received it.
    Delivered,
}

/// Reports the usage of callers to Stripe's meters.
///
/// Farebox checks all events before it stores any. Stripe counts an identifier once, so a report
/// may be repeated.
#[utoipa::path(
    post,
    path = "/api/usage",
    operation_id = "reportUsage",
    request_body(content = UsageBatch, example = json!({ "events": [
        { "meter": "api_requests", "caller": "user_42", "value": 25, "identifier": "req_8d0a2f" },
    ] })),
    responses(
        (status = 200, description = "All events are stored", body = ReportedUsage,
            example = json!({ "events": [{ "identifier": "req_8d0a2f", "status": "delivered" }] })),
    ),
    security(("callerToken" = [])),
)]
async fn report(
    caller: Authorized<ReportUsage>,
    State(usage): State<Usage>,
    request::Json(batch): request::Json<UsageBatch>,
) -> Result<Json<ReportedUsage>, Error> {
    let _ = caller.reach_list(None)?;
    let now = usage.app.clock.now();
    let events = batch.checked(now)?;
    let (customers, ()) =
        tokio::try_join!(usage.customers_of(&events), usage.check_meters(&events))?;
    let messages: Vec<Message> = events
        .iter()
        .zip(customers)
        .map(|(event, customer)| Message::of_usage(&meter_event(event, customer), now))
        .collect();
    let delivered = usage.reporter.report(&messages).await?;
    let events = events.into_iter().zip(delivered);
    let events = events.map(|(event, is_delivered)| ReportedEvent {
        identifier: event.identifier,
        status: match is_delivered {
            true => ReportStatus::Delivered,
            false => ReportStatus::Accepted,
        },
    });
    Ok(Json(ReportedUsage {
        events: events.collect(),
    }))
}

fn meter_event(event: &Checked, stripe_customer: String) -> MeterEvent {
    MeterEvent {
        meter: event.meter.clone(),
        customer: event.caller.clone(),
        stripe_customer,
        value: event.value.clone(),
        identifier: event.identifier.clone(),
        timestamp: event.timestamp,
    }
}

impl Usage {
    /// The Stripe customer of each event's caller.
    async fn customers_of(&self, events: &[Checked]) -> Result<Vec<String>, Error> {
        let callers: HashSet<CallerId> = events.iter().map(|event| event.caller.clone()).collect();
        let read = stream::iter(callers).map(async |caller| {
            let link = self.app.store.customer_of(&caller).await?;
            Ok::<_, Error>((caller, link.and_then(|link| link.customer)))
        });
        let customers: HashMap<CallerId, Option<String>> =
            read.buffer_unordered(AT_ONCE).try_collect().await?;
        let of = |(n, event): (usize, &Checked)| {
            let customer = customers.get(&event.caller).cloned().flatten();
            customer.ok_or_else(|| {
                Error::invalid(format!(
                    "`events[{n}].caller` has no Stripe customer: it gets one with its first \
                     payment, or by `farebox import`"
                ))
            })
        };
        events.iter().enumerate().map(of).collect()
    }

    /// Checks that each event names an active meter. Where Stripe does not tell its meters, the
    /// delivery finds out.
    async fn check_meters(&self, events: &[Checked]) -> Result<(), Error> {
        let stripe = self.app.stripe.clone().with_deadline(METERS_DEADLINE);
        let mut known: Vec<&str> = Vec::new();
        for (n, event) in events.iter().enumerate() {
            if known.contains(&event.meter.as_str()) {
                continue;
            }
            match self.reporter.meters().find(&stripe, &event.meter).await {
                Ok(Some(_)) => known.push(&event.meter),
                Ok(None) => {
                    return Err(Error::invalid(format!(
                        "`events[{n}].meter` is the event name of no active meter at Stripe"
                    )));
                }
                Err(failure) => {
                    tracing::warn!(
                        cause = %failure,
                        "Farebox cannot read Stripe's meters, and stores usage without checking \
                         their names"
                    );
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
