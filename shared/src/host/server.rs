//! A plain HTTP server that no peer can exhaust: each connection has timeouts, and there is a cap
//! on connections.
//!
//! At the cap, connections that wait for a further request are closed. Those that are still sending
//! the head of a request have one second for it. So a peer that opens connections and sends nothing
//! delays others by that second, and never for good.

mod connection;
#[cfg(test)]
mod tests;

use std::{
    future::{Future, ready},
    io,
    sync::Arc,
    time::Duration,
};

pub use connection::Handler;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};

/// The timeouts of one connection.
#[derive(Clone, Copy, Debug)]
struct Timeouts {
    /// From the first byte of a request, or the connection's start, to the end of the request's
    /// head.
    head: Duration,
    /// The same, while the server is at its cap, or stops.
    hurried_head: Duration,
    /// From there to the end of the body.
    body: Duration,
    /// From an answer to the next request. Proxies keep connections for two minutes at most by
    /// default, and one must not be closed while its proxy is about to use it.
    idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            hurried_head: Duration::from_secs(1),
            body: Duration::from_secs(20),
            idle: Duration::from_secs(130),
        }
    }
}

/// A server and its limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    timeouts: Timeouts,
    /// The most connections at once.
    cap: u32,
}

impl Server {
    /// Creates a server with a cap that leaves open files for its own calls and its database.
    pub(super) fn new() -> Self {
        let limits = std::fs::read_to_string("/proc/self/limits");
        Self {
            timeouts: Timeouts::default(),
            cap: cap(limits.as_deref().ok().and_then(open_files)),
        }
    }

    /// The most connections at once.
    pub(super) fn cap(self) -> u32 {
        self.cap
    }

    /// Serves `service` on `listener`, until `stop` completes; then finishes the open requests.
    /// `open` makes each connection ready.
    pub(super) async fn serve<O: Open>(
        self,
        listener: TcpListener,
        service: impl Handler,
        open: O,
        stop: impl Future<Output = ()>,
    ) {
        let places = Arc::new(Semaphore::new(self.cap as usize));
        let hurry = watch::Sender::new(false);
        let accepting = async {
            loop {
                let place = free_place(&places, &hurry).await;
                let (stream, peer) = accept(&listener).await;
                let service = connection::service(service.clone(), peer, self.timeouts.body);
                let (timeouts, hurry) = (self.timeouts, hurry.subscribe());
                let opening = open.open(stream);
                tokio::spawn(async move {
                    let opened = in_time(opening, timeouts, hurry.clone()).await;
                    if let Some(Ok(stream)) = opened {
                        connection::serve(stream, service, timeouts, hurry).await;
                    }
                    drop(place);
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stop => {}
        }
        drop(listener);
        hurry.send_replace(true);
        // The semaphore is never closed.
        let _ = places.acquire_many(self.cap).await;
    }
}

/// Makes connections ready for requests.
pub trait Open: Send + Sync {
    /// A connection that is ready.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Makes `stream` ready. A failure is the peer's.
    fn open(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static;
}

/// Connections without TLS.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl Open for Plain {
    type Stream = TcpStream;

    fn open(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<TcpStream>> + Send + 'static {
        ready(Ok(stream))
    }
}

/// The output of `opening`, unless it takes longer than the head of a request may.
async fn in_time<T>(
    opening: impl Future<Output = T>,
    timeouts: Timeouts,
    mut hurry: watch::Receiver<bool>,
) -> Option<T> {
    let hurried = async {
        // The sender lives as long as the server.
        let _ = hurry.wait_for(|is_hurried| *is_hurried).await;
        sleep(timeouts.hurried_head).await;
    };
    tokio::select! {
        opened = opening => Some(opened),
        () = sleep(timeouts.head) => None,
        () = hurried => None,
    }
}

/// A place for one more connection. While there is none, all connections have the shorter timeout.
async fn free_place(
    places: &Arc<Semaphore>,
    hurry: &watch::Sender<bool>,
) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    tracing::warn!("the server has reached its limit of connections");
    hurry.send_replace(true);
    let place = Arc::clone(places).acquire_owned().await;
    hurry.send_replace(false);
    place.ok()
}

/// The next connection. A failure to accept one, such as for lack of files, passes within a second.
async fn accept(listener: &TcpListener) -> (TcpStream, std::net::SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            // The peer left before it was accepted.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(cause = %error, "the server could not accept a connection");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// The cap for a process with this limit on open files: a third of it, since each request may open
/// as many connections of its own to Stripe and AWS.
fn cap(open_files: Option<u32>) -> u32 {
    // The least that any system allows by default.
    (open_files.unwrap_or(256) / 3).clamp(8, 1024)
}

/// The soft limit on open files, in the text of Linux's `/proc/self/limits`.
fn open_files(limits: &str) -> Option<u32> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u32::MAX),
        number => number.parse().ok(),
    }
}
