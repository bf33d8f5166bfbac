//! Handler for `GET /api/health`.
//!
//! Staff and monitors read the numbers of waiting, given up and quarantined work. A monitor needs
//! the status alone. It calls neither Stripe nor your site, and writes nothing.
//!
//! | status | when |
//! |---|---|
//! | `200` | no threshold is passed |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller reads the system's health |
//! | `503` | a threshold is passed, with the numbers; or the database did not answer |
//!
//! [`report`] has the thresholds.

pub mod report;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use shared::{
    App, Error, Function,
    access::{Authorized, Permission as _, ReadSystem},
    env::need,
    error::Code,
    function::Trigger,
    request::Query,
};
use utoipa::OpenApi;

use self::report::Report;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "health",
    summary: "Returns the numbers of waiting, given up and quarantined work; `503` when a \
              threshold is passed.",
    trigger: Trigger::Route {
        method: "GET",
        path: "/api/health",
        permission: Some(ReadSystem::NAME),
        errors: &[&[Code::InvalidRequest, Code::Unhealthy]],
    },
    settings: &[need::FAREBOX_SITE_KEY, need::DATABASE_URL],
    max_duration: 30,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(read))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    get(read).with_state(Arc::new(app))
}

/// The query, which is empty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Tells whether the deployment needs an operator.
#[utoipa::path(
    get,
    path = "/api/health",
    operation_id = "readHealth",
    responses(
        (status = 200, description = "No threshold is passed", body = Report,
            example = json!({ "problems": [], "due": { "number": 2, "isCapped": false },
                "deadLettered": { "number": 0, "isCapped": false },
                "quarantined": { "number": 0, "isCapped": false },
                "oldestDueSeconds": 4, "lastQuarantinedAt": null,
                "reconciledAt": 1_790_000_000, "reconciledUntil": 1_789_999_400 })),
    ),
    security(("callerToken" = [])),
)]
async fn read(
    caller: Authorized<ReadSystem>,
    State(app): State<Arc<App>>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Report>, Error> {
    caller.reach_list(None)?;
    let report = Report::read(&app.store, app.reconcile_late, app.clock.now()).await?;
    report.if_healthy().map(Json)
}
