//! Starts and stops all parts.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use notify::Notifier;
use reconcile::Reconciler;
use sandbox::{Sandbox, StartError};
use shared::{
    App, Clock, host,
    store::{self, Store},
    stripe::Stripe,
};
use tokio::net::TcpListener;

use crate::{
    activity::Activity,
    callers, demo_checkout,
    demo_clock::{self, DemoClock},
    env_file, functions, migrate,
    missed::{self, Missed},
    options::Options,
    orders::Orders,
    page,
    settings::{Addresses, Settings, SettingsError, environment},
    site::{self, Site},
    terminal, trail,
    watch::{self, Watched},
};

/// The pause between two reads of the outbox: a developer is waiting.
const PAUSE: Duration = Duration::from_millis(100);
/// The time for open requests to finish at shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// The server did not start, or it stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Another program listens on the port.
    #[error("port {0} is taken: is another `farebox dev` running? Choose another with --port")]
    PortTaken(u16),
    /// The port cannot be opened.
    #[error("port {0} cannot be opened: {1}")]
    Port(u16, #[source] io::Error),
    /// The sandbox did not start.
    #[error("the sandbox did not start: {0} (--sandbox-port)")]
    Sandbox(#[from] StartError),
    /// The settings do not allow a start.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database could not be opened.
    #[error("the database could not be opened: {0}")]
    Store(#[from] store::StoreError),
    /// The server ended by itself.
    #[error("the server ended: {0}")]
    Ended(#[source] io::Error),
}

/// Starts as `options` say, and serves until shutdown.
pub async fn run(options: Options) -> ExitCode {
    let activity = Activity::default();
    let mut crates: Vec<&str> = functions::all().map(|one| one.name).collect();
    crates.push(env!("CARGO_CRATE_NAME"));
    let trail = trail::into(activity.clone());
    host::init_tracing_beside(&crates, tracing::Level::WARN, trail);
    let started = Server::start(&options, activity, environment().collect()).await;
    let served = match started {
        Ok(server) => {
            // A reader of the greeting may stop it at once.
            let stop = host::shutdown_signal();
            terminal::greet(&server, &options);
            server.serve(stop).await
        }
        Err(failure) => Err(failure),
    };
    match served {
        Ok(()) => {
            terminal::print("\nStopped.");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            terminal::error(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

/// All parts, ready to serve.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    notify: Notifier,
    sandbox: Option<Arc<Sandbox>>,
    activity: Activity,
    pub(crate) settings: Settings,
}

impl Server {
    /// Opens the port, starts the sandbox unless Stripe itself is called, and opens the database.
    /// Activity goes to `activity`.
    ///
    /// # Errors
    ///
    /// [`ServerError`] when a port is taken, a setting is wrong, or the database cannot be opened.
    pub async fn start(
        options: &Options,
        activity: Activity,
        environment: HashMap<String, String>,
    ) -> Result<Self, ServerError> {
        let listener = listen(options.port).await?;
        let address = listener
            .local_addr()
            .map_err(|e| ServerError::Port(options.port, e))?;
        let sandbox = match options.stripe {
            true => None,
            false => {
                let builder = Sandbox::builder().port(options.sandbox_port);
                let builder = callers::own_origins(address)
                    .iter()
                    .fold(builder, |builder, origin| builder.allow_origin(origin));
                Some(Arc::new(builder.start().await?))
            }
        };
        let addresses = Addresses {
            port: address.port(),
            sandbox: sandbox.as_ref().map(|sandbox| sandbox.url()),
        };
        let settings = Settings::read(options, addresses, environment).await?;
        if settings.has_own_notify_url {
            activity.set_external();
        }
        env_file::create(&settings.config, addresses).await?;
        migrate::of(&settings.config).await?;
        let store = Store::open(
            &settings.config.store,
            settings.config.aws.as_ref(),
            &settings.config.secrets,
        )
        .await?;
        let config = &settings.config;
        let stripe = Stripe::new(&config.stripe, config.secrets.clone());
        let app = App::new(config, stripe, store.clone(), Clock::default());
        if let Some(sandbox) = &sandbox {
            seed(sandbox, address, &settings.webhook_secrets);
        }
        let site = Site {
            secrets: settings.config.secrets.clone(),
            roles: settings.config.access.roles.clone(),
            sandbox: sandbox.clone(),
            trial_days: settings.trial_days,
            activity: activity.clone(),
        };
        Ok(Self {
            router: router(&settings, app, site, &activity, address),
            notify: Notifier::new(&settings.config, store, Clock::default()),
            listener,
            address,
            sandbox,
            activity,
            settings,
        })
    }

    /// The URL of the shop.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of the sandbox, unless Stripe itself is called.
    #[must_use]
    pub fn sandbox_url(&self) -> Option<&str> {
        self.sandbox.as_ref().map(|sandbox| sandbox.url())
    }

    /// Serves until `stop`, then finishes open requests.
    ///
    /// # Errors
    ///
    /// [`ServerError::Ended`] when the server ends by itself.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let (stopping, stopped) = tokio::sync::watch::channel(false);
        let has_stopped = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        let activity = self.activity.clone();
        let shutdown = async move {
            stop.await;
            activity.end();
            stopping.send_replace(true);
            tokio::time::sleep(GRACE).await;
        };
        let served = axum::serve(self.listener, self.router)
            .with_graceful_shutdown(has_stopped(stopped.clone()))
            .into_future();
        let watched = async {
            match &self.sandbox {
                Some(sandbox) => watch::sandbox(sandbox, self.activity.clone()).await,
                None => has_stopped(stopped.clone()).await,
            }
        };
        let delivered = self.notify.run(PAUSE, has_stopped(stopped.clone()));
        tokio::select! {
            (served, ()) = async { tokio::join!(served, delivered) } => {
                served.map_err(ServerError::Ended)
            }
            // The grace period is over: a connection that a browser keeps open does not delay the
            // stop.
            () = shutdown => Ok(()),
            () = async { watched.await; std::future::pending().await } => Ok(()),
        }
    }
}

async fn listen(port: u16) -> Result<TcpListener, ServerError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ServerError::PortTaken(port),
        _ => ServerError::Port(port, error),
    })
}

/// Adds the shop's catalogue and the webhook endpoint to the sandbox.
fn seed(sandbox: &Sandbox, address: SocketAddr, webhook_secrets: &[String]) {
    for price in sandbox::demo_catalogue() {
        sandbox.add_price(price);
    }
    sandbox.add_promotion_code(demo_checkout::CODE, demo_checkout::PERCENT_OFF);
    sandbox.save_portal_settings();
    let webhook = format!("http://{address}/api/webhooks/stripe");
    sandbox.add_webhook(&webhook, &webhook_secrets.join(","));
}

fn router(
    settings: &Settings,
    app: App,
    site: Site,
    activity: &Activity,
    address: SocketAddr,
) -> Router {
    let orders = Orders::new(app.store.clone());
    let watched = Watched {
        activity: activity.clone(),
        orders: orders.clone(),
    };
    let missed = site.sandbox.as_ref().map_or_else(Router::new, |sandbox| {
        missed::routes(Missed {
            reconciler: Reconciler::new(&settings.config, app.clone()),
            sandbox: Arc::clone(sandbox),
            orders,
            activity: activity.clone(),
        })
    });
    let clock = site.sandbox.as_ref().map_or_else(Router::new, |sandbox| {
        demo_clock::routes(DemoClock {
            sandbox: Arc::clone(sandbox),
            activity: activity.clone(),
        })
    });
    let paths = functions::paths();
    let functions = functions::router(&app).layer(from_fn_with_state(watched, watch::calls));
    let local = Router::new()
        .merge(site::routes(site))
        .merge(page::routes())
        .merge(missed)
        .merge(clock)
        .layer(from_fn_with_state(
            callers::own_origins(address),
            callers::own_pages,
        ));
    functions
        .merge(local)
        .fallback(async move || callers::no_such_route(&paths))
        .layer(from_fn(callers::this_machine))
}
