//! The connections of this process: one in a function, a few in a server.
//!
//! A connection is used by one piece of work at a time. One that idled is checked before its next
//! use, since a frozen function does not hear that the server closed it; one that idles longer is
//! closed.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use secrecy::ExposeSecret as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use tokio_postgres::{Client, NoTls, Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    failure::{Failed, PostgresFailure},
    tls,
    url::PostgresUrl,
};
use crate::secrets::{Cause, Keys, Secrets};

/// A connection that idled this long is checked before its next use.
const UNCHECKED: Duration = Duration::from_secs(10);
/// The longest wait for the answer to that check.
const CHECK: Duration = Duration::from_millis(700);
/// A connection that idled this long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// The connections of this process.
#[derive(Debug)]
pub(super) struct Pool {
    source: Source,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

/// The origin of the server's address.
#[derive(Debug)]
pub(in crate::store) enum Source {
    /// The settings of the process.
    Settings(PostgresUrl),
    /// The secret that holds the keys, which may be rotated.
    Secret(Secrets),
}

/// A connection in use; it returns to the pool when dropped.
pub(super) struct Connection {
    client: Option<Client>,
    tls: Option<MakeRustlsConnect>,
    /// True while an answer is outstanding. Such a connection does not return.
    pub(super) is_busy: bool,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

/// A connection out of use.
struct Idle {
    client: Client,
    tls: Option<MakeRustlsConnect>,
    since: Instant,
    /// The monotonic clock may stand still while a function is frozen.
    since_by_wall: SystemTime,
}

impl fmt::Debug for Idle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idle").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Connection");
        shown
            .field("is_busy", &self.is_busy)
            .finish_non_exhaustive()
    }
}

impl Idle {
    fn age(&self) -> Duration {
        let by_wall = SystemTime::now().duration_since(self.since_by_wall);
        self.since.elapsed().max(by_wall.unwrap_or_default())
    }

    async fn is_alive(&self) -> bool {
        self.age() < UNCHECKED
            || matches!(
                timeout(CHECK, self.client.check_connection()).await,
                Ok(Ok(()))
            )
    }
}

impl Pool {
    /// A pool of at most `most` connections, which are opened as they are needed.
    pub(super) fn new(source: Source, most: usize) -> Arc<Self> {
        let pool = Arc::new(Self {
            source,
            permits: Arc::new(Semaphore::new(most)),
            idle: Mutex::default(),
        });
        tokio::spawn(close_idle(Arc::downgrade(&pool)));
        pool
    }

    /// A connection, by `deadline`.
    pub(super) async fn connection(
        self: &Arc<Self>,
        deadline: Instant,
    ) -> Result<Connection, Failed> {
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Failed::for_good(PostgresFailure::NoConnection));
        };
        let (client, tls) = match timeout_at(deadline, self.idle_client()).await {
            Ok(Some(found)) => found,
            _ => {
                let opened = timeout_at(deadline, Box::pin(self.source.open())).await;
                opened.unwrap_or_else(|_| Err(Failed::timed_out()))?
            }
        };
        Ok(Connection {
            client: Some(client),
            tls,
            is_busy: false,
            pool: Arc::clone(self),
            _permit: permit,
        })
    }

    /// The connection that was used last, if it is alive.
    async fn idle_client(&self) -> Option<(Client, Option<MakeRustlsConnect>)> {
        loop {
            let found = self.idle().pop()?;
            if found.client.is_closed() {
                continue;
            }
            if found.is_alive().await {
                return Some((found.client, found.tls));
            }
            self.forget_idle();
        }
    }

    /// Closes the connections out of use: one was found dead, and the others may be.
    pub(super) fn forget_idle(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the connections that idle too long, as long as the pool is used.
async fn close_idle(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(IDLE / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        pool.idle().retain(|one| one.age() < IDLE);
    }
}

impl Source {
    async fn open(&self) -> Result<(Client, Option<MakeRustlsConnect>), Failed> {
        let secrets = match self {
            Self::Settings(url) => return open(url).await,
            Self::Secret(secrets) => secrets,
        };
        let keys = secrets.current().await;
        let keys = keys.map_err(|unreadable| {
            let what = format!("its address is in a secret, and {unreadable}");
            Failed::for_good(PostgresFailure::Unreachable(what))
        })?;
        let refused = match open(&url_in(&keys)?).await {
            Err(failed) if failed.is_refusal => failed,
            opened => return opened,
        };
        // The password may have been rotated.
        match secrets.newer_than(&keys, Cause::DatabaseRefused).await {
            Some(newer) => open(&url_in(&newer)?).await,
            None => Err(refused),
        }
    }
}

fn url_in(keys: &Keys) -> Result<PostgresUrl, Failed> {
    let url = keys.database_url().map_err(|missing| missing.to_string());
    let url = url.and_then(|url| PostgresUrl::parse(url.expose_secret()));
    url.map_err(|fault| {
        let what = format!("DATABASE_URL in the secret {fault}");
        Failed::for_good(PostgresFailure::NotAdmitted(what))
    })
}

/// Connects to `url`.
async fn open(url: &PostgresUrl) -> Result<(Client, Option<MakeRustlsConnect>), Failed> {
    let tls = tls::of(url).map_err(Failed::for_good)?;
    let client = match tls.clone() {
        Some(tls) => connect(url, tls).await,
        None => connect(url, NoTls).await,
    };
    Ok((client.map_err(|error| Failed::to_connect(&error))?, tls))
}

async fn connect<T>(url: &PostgresUrl, tls: T) -> Result<Client, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let (client, connection) = url.config.connect(tls).await?;
    // Ends with the client. A failure reaches whoever waits for an answer.
    tokio::spawn(async move { connection.await.unwrap_or_default() });
    Ok(client)
}

impl Connection {
    pub(super) fn client(&self) -> &Client {
        self.client.as_ref().expect("it is taken at the end alone")
    }

    /// Asks the server to end what it does for this connection, in the background.
    pub(super) fn cancel(&self) {
        let token = self.client().cancel_token();
        let tls = self.tls.clone();
        tokio::spawn(timeout(IDLE, async move {
            let _ = match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            };
        }));
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let client = self.client.take();
        let Some(client) = client.filter(|client| !self.is_busy && !client.is_closed()) else {
            return;
        };
        self.pool.idle().push(Idle {
            client,
            tls: self.tls.take(),
            since: Instant::now(),
            since_by_wall: SystemTime::now(),
        });
    }
}
