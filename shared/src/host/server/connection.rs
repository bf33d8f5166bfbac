//! Serves one connection within its timeouts.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use hyper::{
    Request,
    body::{Bytes, Frame, Incoming, SizeHint},
    server::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    time::{Instant, Sleep, sleep, sleep_until},
};
use tower::{Service, ServiceExt as _};

use super::Timeouts;

/// A service of requests: a function, or a router of several.
pub trait Handler:
    Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Handler for S where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// A service, with its connection's peer and limit.
#[derive(Clone)]
pub(super) struct Served<S> {
    service: S,
    peer: SocketAddr,
    body: Duration,
}

/// `service` for the connection of `peer`, whose bodies must arrive within `body`.
pub(super) fn service<S>(service: S, peer: SocketAddr, body: Duration) -> Served<S> {
    Served {
        service,
        peer,
        body,
    }
}

/// Serves `stream` until its peer closes it, or is too slow. On `hurry` it finishes the open
/// request and accepts no other.
pub(super) async fn serve<S: Handler>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    served: Served<S>,
    timeouts: Timeouts,
    mut hurry: watch::Receiver<bool>,
) {
    let phase = Shared::default();
    let service = hyper::service::service_fn(|request| served.clone().answer(request, &phase));
    let io = TokioIo::new(Watched {
        stream,
        phase: phase.clone(),
    });
    let mut serving = pin!(http1::Builder::new().serve_connection(io, service));
    let mut timer = pin!(sleep_until(Instant::now()));
    loop {
        let is_hurried = *hurry.borrow_and_update();
        let ended = poll_fn(|cx| {
            // A failure is the peer's: it disconnected, or did not speak HTTP.
            if serving.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if is_hurried && !matches!(phase.get(), Phase::Head(_)) {
                serving.as_mut().graceful_shutdown();
                // This closes a waiting connection.
                if serving.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
            }
            let Some(deadline) = phase.get().deadline(&timeouts, is_hurried) else {
                return Poll::Pending;
            };
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            timer.as_mut().poll(cx)
        });
        tokio::select! {
            () = ended => return,
            Ok(()) = hurry.changed() => {}
        }
    }
}

impl<S: Handler> Served<S> {
    async fn answer(
        self,
        request: Request<Incoming>,
        phase: &Shared,
    ) -> Result<Response, Infallible> {
        phase.set(Phase::Serving);
        let mut request = request.map(|body| {
            Body::new(Timely {
                body,
                timer: Box::pin(sleep(self.body)),
            })
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let answer = self.service.oneshot(request).await;
        phase.set(Phase::Idle(Instant::now()));
        answer
    }
}

/// A connection's phase, and its begin.
#[derive(Clone, Copy)]
enum Phase {
    /// Its peer is sending the head of a request.
    Head(Instant),
    /// The service is handling a request.
    Serving,
    /// An answer is on its way, or was sent, and no further request has begun.
    Idle(Instant),
}

impl Phase {
    /// The time by which it must end.
    fn deadline(self, timeouts: &Timeouts, is_hurried: bool) -> Option<Instant> {
        match self {
            Self::Head(since) if is_hurried => Some(since + timeouts.hurried_head),
            Self::Head(since) => Some(since + timeouts.head),
            Self::Serving => None,
            Self::Idle(since) => Some(since + timeouts.idle),
        }
    }
}

/// The phase of one connection.
#[derive(Clone)]
struct Shared(Arc<Mutex<Phase>>);

impl Default for Shared {
    /// A new connection is expected to send a request.
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Phase::Head(Instant::now()))))
    }
}

impl Shared {
    fn get(&self) -> Phase {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

/// A stream that detects the begin of a request.
struct Watched<S> {
    stream: S,
    phase: Shared,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        if buffer.filled().len() > before && matches!(self.phase.get(), Phase::Idle(_)) {
            self.phase.set(Phase::Head(Instant::now()));
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A body that fails when it does not arrive in time.
struct Timely {
    body: Incoming,
    timer: Pin<Box<Sleep>>,
}

impl hyper::body::Body for Timely {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
