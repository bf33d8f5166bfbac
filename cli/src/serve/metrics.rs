//! The metrics of `farebox serve`, in Prometheus's text format.
//!
//! Requests are counted by [`count`], and other work by fields of the log's events, at any level:
//!
//! | field | counts |
//! |---|---|
//! | `event.outcome` | an event from Stripe, from the webhook or from `reconcile` |
//! | `stripe.outcome`, `stripe.attempt` | a request to Stripe; one above 1 is a retry |
//! | `delivery.outcome` | the delivery of a notification |
//! | `metric.NAME` | what an operator should look at |
//!
//! Values of labels come from this program's own text: a request's own path is no label.

use std::{fmt::Debug, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::header::CONTENT_TYPE,
    middleware::Next,
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TEXT_FORMAT, TextEncoder, core::Collector, proto::MetricFamily,
};
use shared::{
    App, cause, host,
    store::{OutboxSize, RECONCILED_AT, StoreError},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer, Registry as Log,
    filter::{FilterFn, filter_fn},
    layer::Context,
};

/// The upper bounds of the histogram's buckets, in seconds. A payment waits for Stripe.
const BUCKETS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The outcomes that exist from the start, at 0: a rate needs a first value.
const EVENTS: [&str; 8] = [
    "applied",
    "duplicate",
    "ignored",
    "quarantined",
    "other_mode",
    "other_deployment",
    "other_account",
    "failed",
];
const STRIPE: [&str; 5] = ["ok", "refused", "limited", "failed", "unanswered"];
const DELIVERIES: [&str; 3] = ["delivered", "delayed", "dead_lettered"];

/// The counters of this process; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    events: IntCounterVec,
    stripe_requests: IntCounterVec,
    stripe_retries: IntCounter,
    deliveries: IntCounterVec,
    incidents: IntCounterVec,
}

impl Metrics {
    /// Counters at 0.
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str], known: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels);
            let counters = registered(&registry, counters);
            for value in known {
                counters.with_label_values(&[value]);
            }
            counters
        };
        let durations = HistogramOpts::new(
            "farebox_http_request_duration_seconds",
            "The time to an answer, by route.",
        );
        let durations = HistogramVec::new(durations.buckets(BUCKETS.into()), &["route"]);
        let retries = IntCounter::new(
            "farebox_stripe_retries_total",
            "Requests to Stripe that repeat an earlier one.",
        );
        let build = Opts::new("farebox_build_info", "1, with the version of this program.");
        let build = build.const_label("version", env!("CARGO_PKG_VERSION"));
        registered(&registry, IntGauge::with_opts(build)).set(1);
        Self {
            requests: counters(
                "farebox_http_requests_total",
                "Answered requests, by route; `other` is any path that is no route.",
                &["route", "method", "status"],
                &[],
            ),
            durations: registered(&registry, durations),
            events: counters(
                "farebox_events_total",
                "Events from Stripe that the webhook or reconcile processed; a failed one comes \
                 again.",
                &["outcome"],
                &EVENTS,
            ),
            stripe_requests: counters(
                "farebox_stripe_requests_total",
                "Requests to Stripe, retries included.",
                &["outcome"],
                &STRIPE,
            ),
            stripe_retries: registered(&registry, retries),
            deliveries: counters(
                "farebox_notification_deliveries_total",
                "Attempts to deliver a notification to the site.",
                &["outcome"],
                &DELIVERIES,
            ),
            incidents: counters(
                "farebox_incidents_total",
                "Log lines with a field `metric.KIND`; of `reconciled`, the missed events.",
                &["kind"],
                &[],
            ),
            registry,
        }
    }

    /// The part that counts the log's events.
    pub(super) fn of_log(&self) -> impl Layer<Log> + Send + Sync + use<> {
        let counts = |metadata: &Metadata<'_>| metadata.fields().iter().any(|one| is_counted(&one));
        let counts: FilterFn<_> = filter_fn(counts).with_max_level_hint(LevelFilter::DEBUG);
        OfLog(self.clone()).with_filter(counts)
    }

    /// The route that Prometheus reads, and `/healthz` without TLS.
    pub(super) fn router(&self, app: &App) -> Router {
        let (metrics, app) = (self.clone(), app.clone());
        let text = async move || metrics.text(&app).await;
        Router::new()
            .route("/metrics", get(text))
            .route("/healthz", get(async || "ok"))
    }

    async fn text(&self, app: &App) -> Response {
        let mut families = self.registry.gather();
        let database = in_database(app).await;
        let is_up = database.is_ok();
        let database = database.unwrap_or_else(|failure| {
            let cause = cause::causes(&failure);
            tracing::warn!(cause, "the metrics lack those of the database: {failure}");
            Registry::new()
        });
        let up = "1 if the database answered; the gauges that it holds are missing otherwise.";
        gauge(&database, "farebox_database_up", up, i64::from(is_up));
        families.extend(database.gather());
        rendered(&families)
    }
}

/// Counts a request, for [`axum::middleware::from_fn_with_state`] around all routes.
pub(super) async fn count(
    State(metrics): State<Metrics>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let method = host::method_name(request.method());
    let started = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let status = response.status();
    let labels = [route, method, status.as_str()];
    metrics.requests.with_label_values(&labels).inc();
    let durations: Histogram = metrics.durations.with_label_values(&[route]);
    durations.observe(started.elapsed().as_secs_f64());
    response
}

/// The numbers that the database holds.
async fn in_database(app: &App) -> Result<Registry, StoreError> {
    let (OutboxSize { due, dead_lettered }, oldest, quarantine, reconciled) = tokio::try_join!(
        app.store.outbox_size(),
        app.store.oldest_undelivered(),
        app.store.quarantine_size(),
        app.store.cursor(RECONCILED_AT),
    )?;
    let registry = Registry::new();
    let age = oldest.map_or(0, |since| (app.clock.now() - since).max(0));
    for (name, help, value) in [
        (
            "farebox_outbox_due",
            "Notifications that are not delivered, and not given up; counted to 100.",
            i64::from(due.number),
        ),
        (
            "farebox_outbox_dead_letters",
            "Notifications that were given up; counted to 100.",
            i64::from(dead_lettered.number),
        ),
        (
            "farebox_outbox_oldest_due_seconds",
            "The age of the oldest notification that is due, or 0; on DynamoDB of the 25 that are \
             due next.",
            age,
        ),
        (
            "farebox_quarantined_events",
            "Quarantined events, also those that were released; counted to 100.",
            i64::from(quarantine.quarantined.number),
        ),
    ] {
        gauge(&registry, name, help, value);
    }
    if let Some(at) = reconciled.and_then(|at| at.parse().ok()) {
        let help = "The time of the latest success of reconcile; missing if it never ran.";
        let name = "farebox_reconcile_last_success_timestamp_seconds";
        gauge(&registry, name, help, at);
    }
    Ok(registry)
}

fn gauge(registry: &Registry, name: &str, help: &str, value: i64) {
    registered(registry, IntGauge::new(name, help)).set(value);
}

/// Registers a metric. Names and labels are constants of this file, which a test reads.
fn registered<M: Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<M>,
) -> M {
    let metric = metric.expect("its name and its labels are well-formed");
    let added = registry.register(Box::new(metric.clone()));
    added.expect("its name is new");
    metric
}

fn rendered(families: &[MetricFamily]) -> Response {
    match TextEncoder::new().encode_to_string(families) {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(cause = %error, "the metrics cannot be written");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Counts the log's events.
struct OfLog(Metrics);

impl<S: Subscriber> Layer<S> for OfLog {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Fields(&self.0));
    }
}

/// The fields of one event.
struct Fields<'a>(&'a Metrics);

impl Fields<'_> {
    fn number(&self, field: &Field, value: u64) {
        if field.name() == ATTEMPT && value > 1 {
            self.0.stripe_retries.inc();
        }
        if let Some(kind) = field.name().strip_prefix(INCIDENT) {
            self.0.incidents.with_label_values(&[kind]).inc_by(value);
        }
    }
}

const ATTEMPT: &str = "stripe.attempt";
const INCIDENT: &str = "metric.";

fn is_counted(field: &Field) -> bool {
    let names = [
        "event.outcome",
        "stripe.outcome",
        "delivery.outcome",
        ATTEMPT,
    ];
    names.contains(&field.name()) || field.name().starts_with(INCIDENT)
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, u64::try_from(value).unwrap_or(0));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let counters = match field.name() {
            "event.outcome" => &self.0.events,
            "stripe.outcome" => &self.0.stripe_requests,
            "delivery.outcome" => &self.0.deliveries,
            _ => return,
        };
        counters.with_label_values(&[value]).inc();
    }
}
