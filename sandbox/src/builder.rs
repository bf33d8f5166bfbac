//! Starts a sandbox: port, webhooks, routes and timers.

use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{net::TcpListener, sync::broadcast, task::JoinSet};

use crate::{
    control,
    endpoint::{Endpoint, Payload, RefusedUrl},
    engine::Engine,
    executor::Executor,
    log::Log,
    objects,
    route::Router,
    sandbox::Sandbox,
    server,
    state::State,
    timers,
    webhooks::{Retry, Webhooks, delivery},
};

/// The number of activities that a slow watcher may lag behind before it misses one.
const ACTIVITIES: usize = 4096;

/// The settings of a new sandbox.
#[derive(Debug, Clone)]
pub struct Builder {
    port: u16,
    webhooks: Vec<(String, String, Payload)>,
    retry: Retry,
    settle_after: Option<Duration>,
    allowed_origins: Vec<String>,
}

/// The sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another process listens on this port.
    #[error("port {0} of 127.0.0.1 is taken: stop the other program, or choose another port")]
    PortTaken(u16),
    /// The port cannot be opened for another reason.
    #[error("port {port} of 127.0.0.1 cannot be opened: {cause}")]
    Listen {
        /// The requested port.
        port: u16,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// The webhook URL is not allowed.
    #[error("webhook URL {0}")]
    Webhook(#[from] RefusedUrl),
}

impl Default for Builder {
    fn default() -> Self {
        let retry = Retry {
            base: Duration::from_secs(1),
            tries: 8,
        };
        Self {
            port: 0,
            webhooks: Vec::new(),
            retry,
            settle_after: None,
            allowed_origins: Vec::new(),
        }
    }
}

impl Sandbox {
    /// Starts an empty sandbox on a free port.
    ///
    /// # Panics
    ///
    /// When this machine has no free port, and outside a tokio runtime.
    pub async fn start() -> Self {
        let started = Self::builder().start().await;
        started.expect("loopback has a free port")
    }

    /// Configures a sandbox before its start.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets the port; `0`, the default, is any free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sends every event to this URL, signed with this secret; commas separate several secrets.
    #[must_use]
    pub fn webhook(self, url: &str, secret: &str) -> Self {
        self.with_webhook(url, secret, Payload::Snapshot)
    }

    /// Like [`Builder::webhook`], with thin events, which contain only the object's id.
    #[must_use]
    pub fn thin_webhook(self, url: &str, secret: &str) -> Self {
        self.with_webhook(url, secret, Payload::Thin)
    }

    fn with_webhook(mut self, url: &str, secret: &str, payload: Payload) -> Self {
        let webhook = (url.to_owned(), secret.to_owned(), payload);
        self.webhooks.push(webhook);
        self
    }

    /// Sets the pause before the first retry of a delivery, one second by default.
    ///
    /// It doubles before every further retry.
    #[must_use]
    pub fn retry_base(mut self, base: Duration) -> Self {
        self.retry.base = base;
        self
    }

    /// Sets the number of attempts of a delivery, eight by default.
    #[must_use]
    pub fn retry_tries(mut self, tries: u32) -> Self {
        self.retry.tries = tries;
        self
    }

    /// Lets pages of this origin, such as `http://127.0.0.1:4242`, call the control plane as well.
    ///
    /// By default, pages of this machine may call everything else, and pages of other machines
    /// nothing.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.allowed_origins.push(origin.to_owned());
        self
    }

    /// Ends bank debits after this time, with the result of the test account.
    ///
    /// Without it a debit stays `processing` until [`Sandbox::settle`] or
    /// [`Sandbox::fail_settlement`] ends it.
    #[must_use]
    pub fn settle_after(mut self, time: Duration) -> Self {
        self.settle_after = Some(time);
        self
    }

    /// Starts the sandbox.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the port is taken, or a webhook is not `http` on this machine.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let (watchers, _) = broadcast::channel(ACTIVITIES);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await;
        let listener = listener.map_err(|cause| self.listen_error(cause))?;
        let address = listener
            .local_addr()
            .map_err(|cause| self.listen_error(cause))?;
        let url = format!("http://{address}");
        let state = State::at(url.clone(), self.settle_after);
        let state = Arc::new(Mutex::new(state));
        let (webhooks, queue) = Webhooks::new(Arc::clone(&state), self.retry, watchers.clone());
        for (url, secret, payload) in &self.webhooks {
            webhooks.add(Endpoint::parse(url, secret)?.with_payload(*payload));
        }
        let log = Log::new(watchers);
        let engine = Engine::new(state, log, webhooks, self.allowed_origins);
        let engine = Arc::new(engine);
        let mut tasks = JoinSet::new();
        tasks.spawn(delivery::run(engine.webhooks.dispatcher(), queue));
        tasks.spawn(timers::run(Arc::clone(&engine), objects::TIMERS));
        let executor = Executor {
            engine: Arc::clone(&engine),
            router: Router::new(&[&objects::routes(), control::ROUTES]),
        };
        tasks.spawn(server::run(listener, Arc::new(executor)));
        Ok(Sandbox::new(url, engine, tasks))
    }

    fn listen_error(&self, cause: io::Error) -> StartError {
        let port = self.port;
        match cause.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken(port),
            _ => StartError::Listen { port, cause },
        }
    }
}
