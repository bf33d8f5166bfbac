//! The log: one line of JSON each, on standard output.

use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::config;

/// Logs to standard output from here on, at the level that the environment names, else at `level`.
pub fn init_tracing(level: Level) {
    let level = config::log_level(|name| std::env::var(name).ok()).unwrap_or(level);
    // A second call finds a subscriber; the first one stays.
    let _ = subscriber(level, std::io::stdout).try_init();
}

/// Writes what is logged at `level` or above to `writer`. Other crates are heard from `WARN` on:
/// below that they may print headers and bodies.
pub fn subscriber(
    level: Level,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    let ours = [
        "create_intent",
        "customer",
        "dev",
        "fulfil",
        "order",
        "portal",
        "reconcile",
        "refund",
        "shared",
        "webhook",
    ];
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(ours.map(|name| (name, level)))
        // It repeats the failure of an invocation, which is logged where it happened.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    tracing_subscriber::registry().with(targets).with(lines)
}
