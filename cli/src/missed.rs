//! The page's "Fetch missed events": one reconcile run.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use reconcile::{Reconciler, Report, time_range::TimeRange};
use sandbox::Sandbox;
use shared::{Clock, stripe::KEPT};

use crate::{
    activity::{Activity, Entry, Source},
    orders::Orders,
};

/// The dependencies of a run, and the feed for its results.
#[derive(Clone, Debug)]
pub(crate) struct Missed {
    pub(crate) reconciler: Reconciler,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) orders: Orders,
    pub(crate) activity: Activity,
}

/// The route of the button.
pub(crate) fn routes(missed: Missed) -> Router {
    Router::new()
        .route("/dev/reconcile", post(reconcile_all))
        .with_state(missed)
}

/// Processes all events of the sandbox at once; a scheduled run would leave out the newest ones.
async fn reconcile_all(State(missed): State<Missed>) -> Result<Json<Report>, StatusCode> {
    let now = Clock::default().now();
    let all = TimeRange {
        since: now - KEPT,
        until: now + 1,
    };
    let entry = Entry::new(Source::Reconcile, "events that webhooks missed");
    let report = match missed.reconciler.process(all).await {
        Ok(report) => report,
        Err(failure) => {
            let entry = entry.ok(false).detail(failure.to_string());
            missed.activity.add(entry);
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    missed.activity.add(entry.detail(report.to_string()));
    for intent in missed.sandbox.payment_intents() {
        let Some(order) = intent["metadata"]["farebox_order"].as_str() else {
            continue;
        };
        if let Some(change) = missed.orders.read_change(order).await {
            change.add_to(&missed.activity);
        }
    }
    Ok(Json(report))
}
