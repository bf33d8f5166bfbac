//! `farebox serve`: a deployment in one process. It serves every route on one port, delivers
//! notifications, and reconciles.
//!
//! The settings are those of the functions, from the environment or `.env`. Several servers may
//! share a database: a message is leased by one of them, and an event counts once.
//!
//! `metrics` counts what it does, and `tls` reads its certificate.

mod metrics;
mod tls;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use axum::{Router, middleware::from_fn_with_state, routing::get};
use notify::Notifier;
use reconcile::Reconciler;
use shared::{
    App,
    host::{self, Listening, Plain},
    store::Migrated,
};
use tokio::{sync::watch, time::timeout};

use self::{
    metrics::Metrics,
    tls::{Files, Tls},
};
use crate::{
    callers::no_such_route,
    functions, migrate,
    settings::{needs, of_command},
};

const USAGE: &str = "\
farebox serve [--bind ADDRESS:PORT] [--tls-cert FILE --tls-key FILE] [--metrics ADDRESS:PORT]

Runs a deployment in one process: all routes, notifications and reconcile. The settings are in the
environment or in .env: docs/configuration.md lists them.

--bind      where the routes are; 127.0.0.1:8080 by default, behind your reverse proxy
--tls-cert  serve them by TLS, with this chain of certificates in PEM
--tls-key   and this private key in PEM; both files are read again when they change
--metrics   serve /metrics for Prometheus at an address of its own, which only Prometheus should
            reach";

/// The options of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Options {
    /// Where the routes are.
    bind: SocketAddr,
    /// The certificate; `None` for plain HTTP.
    tls: Option<Files>,
    /// Where the metrics are.
    metrics: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            tls: None,
            metrics: None,
        }
    }
}

impl Options {
    /// Reads the arguments; `None` when they are wrong.
    fn parse(arguments: &[String]) -> Option<Self> {
        let mut options = Self::default();
        let (mut chain, mut key) = (None, None);
        for option in arguments.chunks(2) {
            let [name, value] = option else { return None };
            match name.as_str() {
                "--bind" => options.bind = value.parse().ok()?,
                "--tls-cert" => chain = Some(value.into()),
                "--tls-key" => key = Some(value.into()),
                "--metrics" => options.metrics = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        options.tls = match (chain, key) {
            (None, None) => None,
            (chain, key) => Some(Files {
                chain: chain?,
                key: key?,
            }),
        };
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

/// The longest time from the signal to stop until open requests and deliveries ended: a platform
/// ends a process after 30 seconds or more.
const GRACE: Duration = Duration::from_secs(25);

async fn serve(options: Options, metrics: Metrics) -> Result<(), host::Error> {
    let mut config = of_command(&needs())?;
    config.limits.is_behind_proxy = options.bind.ip().is_loopback();
    config.limits.warn();
    if let Some(Migrated { from, to }) = migrate::of(&config).await?
        && from != to
    {
        tracing::info!(schema.from = from, schema.to = to, "migrated the database");
    }
    let app = App::open(&config, false).await?;
    let notifier = Notifier::new(&config, app.store.clone(), app.clock.clone());
    notifier.check_destination().await?;
    let reconciler = Reconciler::new(&config, app.clone());
    let (stopping, stopped) = watch::channel(false);
    let stop = || has_stopped(stopped.clone());
    let tls = options.tls.map(Tls::read).transpose();
    let tls = tls.map_err(|failure| host::Error::Start(failure.into()))?;
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
    let routes = router(&app, &metrics);
    let serving = async {
        match tls {
            None => listening.serve(routes, Plain, stop()).await,
            Some(tls) => listening.serve(routes, tls, stop()).await,
        }
    };
    let working = async {
        tokio::join!(
            serving,
            serving_metrics,
            notifier.run(notify::command::PAUSE, stop()),
            reconciler.run(reconcile::command::PAUSE, stop()),
        );
    };
    ended(working, &stopping, host::shutdown_signal).await
}

/// Lets `working` stop at the first signal, and end by itself; a second signal, or the end of
/// [`GRACE`], ends it at once. Then nothing is lost either: Stripe and the outbox repeat what was
/// not done.
async fn ended<S: Future<Output = ()>>(
    working: impl Future<Output = ()>,
    stopping: &watch::Sender<bool>,
    signal: impl Fn() -> S,
) -> Result<(), host::Error> {
    let cut = async {
        signal().await;
        let again = signal();
        tracing::info!("stopping: open requests and deliveries end first");
        stopping.send_replace(true);
        let _ = timeout(GRACE, again).await;
    };
    tokio::select! {
        biased;
        () = working => Ok(()),
        () = cut => Err(host::Error::Work(
            "ended before all open requests and deliveries had ended".into(),
        )),
    }
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
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    #[test]
    fn only_an_address_with_a_port_is_understood() {
        let parse = |text: &str| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            Options::parse(&arguments)
        };
        let both = Options {
            bind: "[::1]:0".parse().unwrap(),
            tls: None,
            metrics: "127.0.0.1:9090".parse().ok(),
        };
        assert_eq!(parse(""), Some(Options::default()));
        assert_eq!(parse("--bind [::1]:0 --metrics 127.0.0.1:9090"), Some(both));
        let with_tls = parse("--tls-key key.pem --tls-cert chain.pem").unwrap();
        let files = Files {
            chain: "chain.pem".into(),
            key: "key.pem".into(),
        };
        assert_eq!(with_tls.tls, Some(files));
        for wrong in [
            "--bind",
            "--bind 8080",
            "--bind localhost:80",
            "--bind 127.0.0.1:80 --metrics",
            "--metrics 9090",
            "--tls-cert chain.pem",
            "--tls-key key.pem",
            "--port 80",
            "8080",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    /// Ends at `signals`, with work that takes `work` from the signal to stop; the time it took.
    async fn stop(work: Duration, signals: u32) -> (Result<(), host::Error>, Duration) {
        let (stopping, stopped) = watch::channel(false);
        let left = Cell::new(signals);
        let signal = || {
            let now = left.get();
            left.set(now.saturating_sub(1));
            async move {
                if now == 0 {
                    std::future::pending::<()>().await;
                }
            }
        };
        let working = async {
            has_stopped(stopped).await;
            tokio::time::sleep(work).await;
        };
        let began = Instant::now();
        (ended(working, &stopping, signal).await, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn work_has_25_seconds_to_end_and_a_second_signal_ends_it_at_once() {
        let (done, took) = stop(Duration::from_secs(24), 1).await;
        assert!(done.is_ok());
        assert_eq!(took.as_secs(), 24);
        let (done, took) = stop(Duration::from_secs(60), 1).await;
        assert!(done.is_err());
        assert_eq!(took.as_secs(), 25);
        let (done, took) = stop(Duration::from_secs(60), 2).await;
        assert!(done.is_err());
        assert_eq!(took.as_secs(), 0);
    }
}
