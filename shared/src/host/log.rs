//! The log: one line of JSON each, on standard output.

use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _,
    registry::LookupSpan, util::SubscriberInitExt as _,
};

use crate::env;

/// Starts logging to standard output, at the level that the environment names, else at `level`.
pub fn init_tracing(level: Level) {
    // A second call finds the first subscriber, which stays.
    let _ = subscriber(wanted(level), std::io::stdout).try_init();
}

/// Starts logging the same way, with a layer beside it that sees events of every level.
pub fn init_tracing_beside(level: Level, beside: impl Layer<Registry> + Send + Sync) {
    let logged = lines(std::io::stdout).with_filter(targets(wanted(level)));
    let both = tracing_subscriber::registry().with(beside).with(logged);
    let _ = both.try_init();
}

/// Writes events of `level` or above to `writer`. Other crates log from `WARN` on: below that they
/// may print headers and bodies.
pub fn subscriber(
    level: Level,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::registry()
        .with(targets(level))
        .with(lines(writer))
}

/// The level that the environment names, else `level`.
fn wanted(level: Level) -> Level {
    env::log_level(|name| std::env::var(name).ok()).unwrap_or(level)
}

/// Formats each event as one line of JSON.
fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> impl Layer<S> {
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
}

/// The crates that log from the requested level on; a test compares them with the list of
/// functions.
pub const CRATES: [&str; 11] = [
    "create_checkout",
    "create_intent",
    "customer",
    "farebox",
    "notify",
    "order",
    "portal",
    "reconcile",
    "refund",
    "shared",
    "webhook",
];

/// Farebox's crates from `level` on, others from `WARN` on.
fn targets(level: Level) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(CRATES.map(|name| (name, level)))
        // It repeats the failure of an invocation, which was logged at its origin.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
}
