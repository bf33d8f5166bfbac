//! `farebox serve`: a deployment in one process. It serves every route on one port, delivers
//! notifications, and reconciles.
//!
//! The settings are those of the functions, from the environment or `.env`. Several servers may
//! share a database: a message is leased by one of them, and an event counts once.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use axum::{Router, routing::get};
use notify::Notifier;
use reconcile::Reconciler;
use shared::{App, host};
use tokio::sync::watch;

use crate::{
    callers::no_such_route,
    functions,
    settings::{needs, of_command},
};

/// The address without `--bind`.
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

const USAGE: &str = "\
farebox serve [--bind ADDRESS:PORT]

Runs a deployment in one process: all routes, notifications and reconcile. The settings are in the
environment or in .env: docs/configuration.md lists them. Without --bind it listens on
127.0.0.1:8080, behind your reverse proxy.";

/// Runs the server, by its `arguments`.
pub async fn run(arguments: &[String]) -> ExitCode {
    let Some(address) = parse(arguments) else {
        return host::usage(arguments, USAGE);
    };
    let mut crates: Vec<&str> = functions::all().map(|one| one.name).collect();
    crates.push(env!("CARGO_CRATE_NAME"));
    host::init_tracing(&crates, tracing::Level::INFO);
    host::run(env!("CARGO_CRATE_NAME"), serve(address)).await
}

/// The address to listen on; `None` when the arguments are wrong.
fn parse(arguments: &[String]) -> Option<SocketAddr> {
    match arguments {
        [] => Some(DEFAULT),
        [name, address] if name == "--bind" => address.parse().ok(),
        _ => None,
    }
}

async fn serve(address: SocketAddr) -> Result<(), host::Error> {
    let config = of_command(&needs())?;
    config.limits.warn();
    let app = App::open(&config, false).await?;
    let notifier = Notifier::new(&config, app.store.clone(), app.clock.clone());
    notifier.check_destination().await?;
    let reconciler = Reconciler::new(&config, app.clone());
    let (stopping, stopped) = watch::channel(false);
    let stop = || has_stopped(stopped.clone());
    let shutdown = async {
        host::shutdown_signal().await;
        tracing::info!("stopping: open requests and deliveries end first");
        stopping.send_replace(true);
    };
    let serving = async {
        let served = host::serve_all(router(&app), address, stop()).await;
        stopping.send_replace(true);
        served
    };
    let (served, (), (), ()) = tokio::join!(
        serving,
        notifier.run(notify::command::PAUSE, stop()),
        reconciler.run(reconcile::command::PAUSE, stop()),
        async {
            tokio::select! {
                () = shutdown => {}
                () = stop() => {}
            }
        },
    );
    served
}

/// Completes when the server stops.
async fn has_stopped(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// All routes, and `/healthz` for the platform: it tells that the process serves. `/api/health`
/// tells how the deployment is.
fn router(app: &App) -> Router {
    let paths = functions::paths();
    functions::router(app)
        .route("/healthz", get(async || "ok"))
        .fallback(async move || no_such_route(&paths))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_with_a_port_is_understood() {
        let parse = |text: &str| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            parse(&arguments)
        };
        assert_eq!(parse(""), Some(DEFAULT));
        assert_eq!(parse("--bind [::1]:0"), "[::1]:0".parse().ok());
        for wrong in [
            "--bind",
            "--bind 8080",
            "--bind localhost:80",
            "--port 80",
            "8080",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
