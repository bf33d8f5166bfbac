//! The log: one line of JSON each, on standard output.

use tracing::{Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt::MakeWriter, layer::SubscriberExt as _,
    registry::LookupSpan, util::SubscriberInitExt as _,
};

use crate::env;

/// Starts logging to standard output, at the level that the environment names, else at `level`.
///
/// `crates` log from that level on, and so does this one; other crates from `WARN` on, because
/// below it they may print headers and bodies.
pub fn init_tracing(crates: &[&str], level: Level) {
    // A second call finds the first subscriber, which stays.
    let _ = subscriber(crates, wanted(level), std::io::stdout).try_init();
}

/// Starts logging the same way, with a layer beside it that sees events of every level.
pub fn init_tracing_beside(
    crates: &[&str],
    level: Level,
    beside: impl Layer<Registry> + Send + Sync,
) {
    let logged = lines(std::io::stdout).with_filter(targets(crates, wanted(level)));
    let both = tracing_subscriber::registry().with(beside).with(logged);
    let _ = both.try_init();
}

/// Writes the events of `crates` and of this one to `writer` from `level` on, and those of other
/// crates from `WARN` on.
pub fn subscriber(
    crates: &[&str],
    level: Level,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::registry()
        .with(targets(crates, level))
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

/// `crates` and this one from `level` on, others from `WARN` on. A crate's name may be its
/// package's.
fn targets(crates: &[&str], level: Level) -> Targets {
    let crates = crates.iter().chain([&env!("CARGO_CRATE_NAME")]);
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_targets(crates.map(|name| (name.replace('-', "_"), level)))
        // It repeats the failure of an invocation, which was logged at its origin.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Read as _, sync::Arc};

    use super::*;

    #[test]
    fn a_named_crate_and_this_one_log_from_the_level_on_and_others_from_warn_on() {
        let mut file = tempfile::tempfile().unwrap();
        let writer: Arc<File> = Arc::new(file.try_clone().unwrap());
        let subscriber = subscriber(&["a-function"], Level::INFO, writer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("of shared");
            tracing::info!(target: "a_function::pages", "of the function");
            tracing::debug!(target: "a_function", "below the level");
            tracing::info!(target: "hyper", "a header");
            tracing::warn!(target: "hyper", "a warning");
        });

        let mut logged = String::new();
        std::io::Seek::rewind(&mut file).unwrap();
        file.read_to_string(&mut logged).unwrap();
        let said = ["of shared", "of the function", "a warning"];
        assert!(said.iter().all(|text| logged.contains(text)), "{logged}");
        assert_eq!(logged.lines().count(), said.len(), "{logged}");
    }
}
