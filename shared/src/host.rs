//! Runs a service on Lambda, on Vercel, or on a port.
//!
//! A function is a `MethodRouter`: one route, whatever its path. Every host serves it through
//! [`with_middleware`], so that the rules for every response are in one place. A function without a
//! route handles plain events on Lambda ([`events`]) and serves a schedule on Vercel
//! ([`on_schedule`]). Elsewhere it is a program with a command line.

mod cron;
mod deferred;
mod events;
mod finish;
mod http_event;
mod init_error;
mod log;
mod server;
mod usage;

use std::{
    future::Future,
    io::IsTerminal as _,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use axum::routing::MethodRouter;
pub use cron::on_schedule;
pub use events::events;
pub use finish::{method_name, with_middleware};
pub use http_event::FromEventBridge;
pub use log::{init_tracing, init_tracing_beside, subscriber};
use server::Server;
pub use server::{Handler, Open, Plain};
use tokio::net::TcpListener;
pub use usage::{usage, usage_lines};

use crate::{
    App, Config, Function,
    access::{CreatePayment, Permission as _},
    app::OpenError,
    aws::Aws,
    cause::{Cause, causes},
    env::{Platform, RUNTIME_API, need},
    store,
};

/// The reason why a function could not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings do not allow a start, or something that they name could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something that the command line names could not be opened.
    #[error("{0}")]
    Start(Cause),
    /// The process could not listen on the port.
    #[error("cannot listen on the port: {0}")]
    Port(#[from] std::io::Error),
    /// The Lambda runtime ended.
    #[error("the Lambda runtime ended")]
    Lambda(#[source] lambda_http::Error),
    /// The program's task failed.
    #[error("the run failed: {0}")]
    Work(Cause),
}

impl From<store::StoreError> for Error {
    fn from(failure: store::StoreError) -> Self {
        Self::Open(failure.into())
    }
}

/// Runs a whole program: logs what the crate `name` says from its first line on, and reports the
/// error that ended it.
pub async fn run(name: &str, program: impl Future<Output = Result<(), Error>>) -> ExitCode {
    init_tracing(&[name], tracing::Level::INFO);
    match program.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            if let (Ok(true), Ok(interface)) = (is_lambda(), std::env::var(RUNTIME_API)) {
                init_error::post(&interface, &error.to_string()).await;
            }
            ExitCode::FAILURE
        }
    }
}

/// Reports to the log, or in plain text on a terminal.
#[expect(clippy::print_stderr, reason = "a person started this and reads it")]
fn report(error: &Error) {
    // These texts contain their cause.
    let cause = match error {
        Error::Work(cause) | Error::Start(cause) => causes(cause.as_ref()),
        error => causes(error),
    };
    if std::io::stderr().is_terminal() {
        eprintln!("error: {error} {cause}");
    } else if let Error::Work(_) = error {
        tracing::error!(cause, "{error}");
    } else {
        tracing::error!(cause, "could not start: {error}");
    }
}

/// Returns true when this process runs as a Lambda function.
///
/// # Errors
///
/// [`Error::Open`] when `PORT` is set and is not a port.
pub fn is_lambda() -> Result<bool, Error> {
    Ok(platform()? == Platform::Lambda)
}

/// Returns true when this process is a deployment on Vercel.
///
/// # Errors
///
/// As [`is_lambda`].
pub fn is_vercel() -> Result<bool, Error> {
    Ok(matches!(platform()?, Platform::Vercel { .. }))
}

fn platform() -> Result<Platform, Error> {
    Platform::current().map_err(|wrong| Error::Open(wrong.into()))
}

/// Reads the settings of a program, and demands those that it needs.
pub type ReadConfig = fn(&[&'static str]) -> Result<Config, Error>;

/// Reads the settings of this process, and demands those that it `needs`.
///
/// # Errors
///
/// [`Error::Open`] lists every variable that is missing or malformed.
pub fn config(needs: &[&'static str]) -> Result<Config, Error> {
    Ok(Config::from_env(needs).map_err(OpenError::from)?)
}

/// Runs a function with a route, from its first log line to its exit code: reads the settings,
/// opens the [`App`], and serves until shutdown.
pub async fn serve(function: Function, service: fn(App) -> MethodRouter) -> ExitCode {
    let calls_stripe = function.needs(need::STRIPE_SECRET_KEY);
    let starts_payments = function.demands(CreatePayment::NAME);
    let open = move |config: Config| async move {
        if starts_payments {
            config.limits.warn();
        }
        Ok(App::open(&config, calls_stripe).await?)
    };
    // On the heap, as the parts below: their futures are large, and a start would touch several
    // copies of them on the stack, page by page.
    let served = Box::pin(serve_opened(function.settings, open, service));
    run(function.name, served).await
}

/// Runs a scheduled function on Vercel, whose schedule authenticates by `CRON_SECRET`.
///
/// # Errors
///
/// As [`serve_opened`].
pub async fn serve_scheduled<A, Open, Fut>(
    function: Function,
    open: Open,
    service: fn(A) -> MethodRouter,
) -> Result<(), Error>
where
    A: 'static,
    Open: Fn(Config) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<A, Error>> + Send + 'static,
{
    let needs = [function.settings, &[need::CRON_SECRET]].concat();
    serve_opened(&needs, open, service).await
}

/// Runs a function: reads its settings, demands those that it `needs`, runs `open`, and serves
/// `service` until shutdown.
///
/// Where AWS credentials come with requests, it opens at the first request; else before it serves.
///
/// # Errors
///
/// [`Error`] when settings are missing or wrong, `open` fails, the process cannot listen on the
/// port, or the runtime ends.
pub async fn serve_opened<A, Open, Fut>(
    needs: &[&'static str],
    open: Open,
    service: fn(A) -> MethodRouter,
) -> Result<(), Error>
where
    A: 'static,
    Open: Fn(Config) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<A, Error>> + Send + 'static,
{
    let config = config(needs)?;
    let source = config.stripe_event_source.clone();
    let identity = config.aws.as_ref().and_then(Aws::web_identity).cloned();
    let router = match identity {
        None => service(Box::pin(open(config)).await?),
        Some(identity) => deferred::deferred(identity, move || {
            let opening = open(config.clone());
            async move { Ok(service(opening.await?)) }
        }),
    };
    Box::pin(host(with_middleware(router), source)).await
}

/// Serves `service` on the present platform until shutdown; on Lambda also to EventBridge, for
/// events of the partner event source `source`.
async fn host(service: MethodRouter, source: Option<String>) -> Result<(), Error> {
    match platform()? {
        Platform::Lambda => http_event::serve(service, source).await,
        Platform::Vercel { port } | Platform::Http { port } => {
            let listening = Listening::at((Ipv4Addr::LOCALHOST, port).into()).await?;
            // A reader of the address may stop it at once.
            let stop = shutdown_signal();
            listening.log();
            listening.serve(service, Plain, stop).await;
            Ok(())
        }
    }
}

/// A server that listens, and does not serve yet.
#[derive(Debug)]
pub struct Listening {
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Listens at `address`.
    ///
    /// # Errors
    ///
    /// [`Error::Port`] when the process cannot listen there.
    pub async fn at(address: SocketAddr) -> Result<Self, Error> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            server: Server::new(),
            address: listener.local_addr()?,
            listener,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Logs where it listens.
    pub fn log(&self) {
        let (address, cap) = (self.address, self.server.cap());
        tracing::info!(%address, connections.cap = cap, "listening");
    }

    /// Serves `service` until `stop`; then finishes the open requests. [`with_middleware`] belongs
    /// around each route. `open` makes each connection ready, such as by a TLS handshake.
    pub async fn serve<O: Open>(
        self,
        service: impl Handler,
        open: O,
        stop: impl Future<Output = ()>,
    ) {
        self.server.serve(self.listener, service, open, stop).await;
    }
}

/// Interprets the end of Lambda's runtime in a process that `has_served` an event, or none. Lambda
/// ends a process by a signal; its emulator closes the connection on which the process waits for an
/// event.
fn runtime_ended(end: Result<(), lambda_http::Error>, has_served: bool) -> Result<(), Error> {
    let ended = end.map_err(Error::Lambda);
    match ended {
        Err(error) if has_served => {
            tracing::info!(cause = causes(&error), "stopped: {error}");
            Ok(())
        }
        ended => ended,
    }
}

/// Completes when the process receives `SIGTERM` or Ctrl-C.
pub fn shutdown_signal() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async move {
        let [Ok(mut terminate), Ok(mut interrupt)] = signals else {
            // Without handlers the signals end the process by default.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
