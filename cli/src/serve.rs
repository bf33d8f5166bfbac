//! `farebox serve`: a deployment in one process. It serves every route on one port, delivers
//! notifications, and reconciles.
//!
//! The settings are those of the functions, from the environment or `.env`. Several servers may
//! share a database: a message is leased by one of them, and an event counts once.

mod metrics;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use notify::Notifier;
use reconcile::Reconciler;
use shared::{
    App,
    host::{self, Listening, Plain},
};
use tokio::sync::watch;

use self::metrics::Metrics;
use crate::{
    callers::no_such_route,
    functions,
    settings::{needs, of_command},
};

const USAGE: &str = "\
farebox serve [--bind ADDRESS:PORT] [--metrics ADDRESS:PORT]

Runs a deployment in one process: all routes, notifications and reconcile. The settings are in the
environment or in .env: docs/configuration.md lists them. Without --bind it listens on
127.0.0.1:8080, behind your reverse proxy. --metrics serves /metrics for Prometheus on an address of
its own, which only Prometheus should reach.";

/// The options of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    /// Where the routes are.
    bind: SocketAddr,
    /// Where the metrics are.
    metrics: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            metrics: None,
        }
    }
}

impl Options {
    /// Reads the arguments; `None` when they are wrong.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self::default();
        for option in arguments.chunks(2) {
            let [name, value] = option else { return None };
            match name.as_str() {
                "--bind" => options.bind = value.parse().ok()?,
                "--metrics" => options.metrics = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs the server, by its `arguments`.
pub async fn run(arguments: &[String]) -> ExitCode {
    let Some(options) = Options::parse(arguments) else {
        return host::usage(arguments, USAGE);
    };
    let mut crates: Vec<&str> = functions::all().map(|one| one.name).collect();
    crates.push(env!("CARGO_CRATE_NAME"));
    let metrics = Metrics::new();
    host::init_tracing_beside(&crates, tracing::Level::INFO, metrics.of_log());
    host::run(env!("CARGO_CRATE_NAME"), serve(options, metrics)).await
}

async fn serve(options: Options, metrics: Metrics) -> Result<(), host::Error> {
    let config = of_command(&needs())?;
    config.limits.warn();
    let app = App::open(&config, false).await?;
    let notifier = Notifier::new(&config, app.store.clone(), app.clock.clone());
    notifier.check_destination().await?;
    let reconciler = Reconciler::new(&config, app.clone());
    let (stopping, stopped) = watch::channel(false);
    let stop = || has_stopped(stopped.clone());
    let scraped = match options.metrics {
        None => None,
        Some(address) => Some(Listening::at(address).await?),
    };
    if let Some(listening) = &scraped {
        tracing::info!(metrics.address = %listening.address(), "serving metrics");
    }
    let listening = Listening::at(options.bind).await?;
    listening.log();
    let serving_metrics = async {
        if let Some(listening) = scraped {
            listening.serve(metrics.router(&app), Plain, stop()).await;
        }
    };
    let shutdown = async {
        host::shutdown_signal().await;
        tracing::info!("stopping: open requests and deliveries end first");
        stopping.send_replace(true);
    };
    tokio::join!(
        shutdown,
        listening.serve(router(&app, &metrics), Plain, stop()),
        serving_metrics,
        notifier.run(notify::command::PAUSE, stop()),
        reconciler.run(reconcile::command::PAUSE, stop()),
    );
    Ok(())
}

/// Completes when the server stops.
async fn has_stopped(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// All routes, and `/healthz` for the platform: it tells that the process serves. `/api/health`
/// tells how the deployment is.
fn router(app: &App, metrics: &Metrics) -> Router {
    let paths = functions::paths();
    functions::router(app)
        .route("/healthz", get(async || "ok"))
        .fallback(async move || no_such_route(&paths))
        .layer(from_fn_with_state(metrics.clone(), metrics::count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_with_a_port_is_understood() {
        let parse = |text: &str| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            Options::parse(&arguments)
        };
        let both = Options {
            bind: "[::1]:0".parse().unwrap(),
            metrics: "127.0.0.1:9090".parse().ok(),
        };
        assert_eq!(parse(""), Some(Options::default()));
        assert_eq!(parse("--bind [::1]:0 --metrics 127.0.0.1:9090"), Some(both));
        for wrong in [
            "--bind",
            "--bind 8080",
            "--bind localhost:80",
            "--bind 127.0.0.1:80 --metrics",
            "--metrics 9090",
            "--port 80",
            "8080",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
