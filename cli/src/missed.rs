//! "Ask for missed events": one run of reconcile, when a person presses it.

use std::sync::Arc;

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use reconcile::{Reconciler, Report, time_range::TimeRange};
use sandbox::Sandbox;
use shared::{Clock, stripe::KEPT};

use crate::{
    activity::{Activity, Note, Source},
    orders::Orders,
};

/// What a run needs, and where it is noted.
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
        .route("/dev/reconcile", post(ask))
        .with_state(missed)
}

/// All that the sandbox has: a person does not wait until a run on a schedule would ask for it.
async fn ask(State(missed): State<Missed>) -> Result<Json<Report>, StatusCode> {
    let now = Clock::default().now();
    let all = TimeRange {
        since: now - KEPT,
        until: now + 1,
    };
    let note = Note::new(Source::Reconcile, "events that no webhook brought");
    let report = match missed.reconciler.process(all).await {
        Ok(report) => report,
        Err(failure) => {
            let note = note.ok(false).detail(failure.to_string());
            missed.activity.note(note);
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    missed.activity.note(note.detail(report.to_string()));
    for intent in missed.sandbox.payment_intents() {
        let Some(order) = intent["metadata"]["farebox_order"].as_str() else {
            continue;
        };
        if let Some(change) = missed.orders.look(order).await {
            change.note(&missed.activity);
        }
    }
    Ok(Json(report))
}
