//! The pooled HTTP client for calls to Stripe, AWS and the site.
//!
//! A connection may die unseen while it is idle: a server or a middlebox drops it, or the process
//! is frozen, as Lambda does between requests. So a connection that was idle for long is not used,
//! by wall-clock time, which goes on while a process is frozen. A reused one must answer soon.

mod connection;

use std::{
    fmt,
    pin::pin,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use connection::{Connector, Used};
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::capture_connection},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::{sleep, timeout_at};

type Pool = legacy::Client<HttpsConnector<Connector>, Full<Bytes>>;

/// The longest time that an unused connection is kept: less than the minute after which load
/// balancers commonly drop one, Stripe's and AWS's among them.
const IDLE: Duration = Duration::from_secs(45);

/// A client that pools its connections; cheap to clone, and all clones share them.
///
/// Its pool, with the roots of TLS, is built at its first request: a function may never send one.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Arc<RwLock<Option<Arc<Pool>>>>,
    wall: Wall,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection failed, or the response on it.
    #[error(transparent)]
    Failed(#[from] legacy::Error),
    /// No connection was open in time.
    #[error("no connection within {0:?}")]
    NotConnected(Duration),
    /// A reused connection did not answer in time: it may be dead. It is not used again, nor are
    /// the others that were idle with it.
    #[error("no answer within {0:?} on a reused connection")]
    Silent(Duration),
}

impl Error {
    /// Returns true when an open connection failed, as one that was kept too long does. Another may
    /// succeed.
    #[must_use]
    pub fn is_of_an_open_connection(&self) -> bool {
        match self {
            Self::Failed(error) => !error.is_connect(),
            Self::NotConnected(_) => false,
            Self::Silent(_) => true,
        }
    }
}

/// Creates a client with pooled connections: a handshake costs more than a call.
///
/// They speak HTTP/1.1, as Stripe's own libraries do: on Lambda, where a process serves one request
/// at a time, no concurrent calls would share a connection. Plain HTTP is for addresses on this
/// machine that the settings allow.
#[must_use]
pub fn pooled_client() -> Client {
    Client::new(Wall::new(SystemTime::now))
}

impl Client {
    fn new(wall: Wall) -> Self {
        Self {
            pool: Arc::default(),
            wall,
        }
    }

    /// Sends `request`, and waits for the head of the response.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`]
    pub async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Error> {
        let answer = self.pool().request(request).await?;
        Ok(used(answer))
    }

    /// Sends a request that may be sent twice: a connection must be open within `limit`, and a
    /// reused one must answer within it.
    ///
    /// # Errors
    ///
    /// [`Error`]
    pub async fn request_within(
        &self,
        mut request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<Response<Incoming>, Error> {
        let until = tokio::time::Instant::now() + limit;
        let pool = self.pool();
        let mut captured = capture_connection(&mut request);
        let mut answering = pin!(pool.request(request));
        let was_used = async {
            let connection = captured.wait_for_connection_metadata().await;
            connection.as_ref().is_some_and(Used::is_in)
        };
        tokio::select! {
            answer = &mut answering => return Ok(used(answer?)),
            was_used = was_used => {
                if !was_used {
                    return Ok(used(answering.await?));
                }
            }
            () = sleep(limit) => return Err(Error::NotConnected(limit)),
        }
        match timeout_at(until, answering).await {
            Ok(answer) => Ok(used(answer?)),
            Err(_) => {
                self.renew(&pool);
                Err(Error::Silent(limit))
            }
        }
    }

    fn pool(&self) -> Arc<Pool> {
        if let Some(pool) = &*self.pool.read().unwrap_or_else(PoisonError::into_inner) {
            return Arc::clone(pool);
        }
        let mut held = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(held.get_or_insert_with(|| Arc::new(pool(&self.wall))))
    }

    /// Drops the connections of `old`, once.
    fn renew(&self, old: &Arc<Pool>) {
        let mut held = self.pool.write().unwrap_or_else(PoisonError::into_inner);
        held.take_if(|held| Arc::ptr_eq(held, old));
    }
}

/// The response, whose connection is marked as used.
fn used(answer: Response<Incoming>) -> Response<Incoming> {
    if let Some(used) = answer.extensions().get::<Used>() {
        used.set();
    }
    answer
}

fn pool(wall: &Wall) -> Pool {
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .wrap_connector(Connector::new());
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(wall.clone())
        .pool_idle_timeout(IDLE)
        .build(connector)
}

/// The clock by which connections age: the machine's own timer or, where that is ahead, the wall
/// clock.
#[derive(Clone)]
struct Wall {
    timer: TokioTimer,
    started: Instant,
    started_at: SystemTime,
    wall: fn() -> SystemTime,
}

impl Wall {
    fn new(wall: fn() -> SystemTime) -> Self {
        Self {
            timer: TokioTimer::new(),
            started: Instant::now(),
            started_at: wall(),
            wall,
        }
    }
}

impl fmt::Debug for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wall")
    }
}

impl hyper::rt::Timer for Wall {
    fn sleep(&self, duration: Duration) -> std::pin::Pin<Box<dyn hyper::rt::Sleep>> {
        self.timer.sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> std::pin::Pin<Box<dyn hyper::rt::Sleep>> {
        self.timer
            .sleep(deadline.saturating_duration_since(self.now()))
    }

    fn now(&self) -> Instant {
        let on_the_wall = (self.wall)().duration_since(self.started_at);
        self.timer
            .now()
            .max(self.started + on_the_wall.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
