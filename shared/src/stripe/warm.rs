//! Connects to Stripe before the first call, so that no payer waits for the handshakes.

use std::time::Duration;

use http_body_util::Full;
use hyper::{Method, Request, body::Bytes, header::USER_AGENT};
use tokio::time::{Instant, timeout};

use super::Stripe;

/// The longest delay of a start.
const TIMEOUT: Duration = Duration::from_secs(2);

impl Stripe {
    /// Opens the connection that the calls will use. A failure does no harm: the first call
    /// connects by itself.
    pub async fn warm(&self) {
        let started = Instant::now();
        let is_open = matches!(timeout(TIMEOUT, self.touch()).await, Ok(Some(())));
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(is_open, elapsed_ms, "connected to Stripe");
    }

    /// Requests the head of the front page. That needs no key, so none is sent, and any answer
    /// leaves the connection in the pool.
    async fn touch(&self) -> Option<()> {
        let request = Request::builder()
            .method(Method::HEAD)
            .uri(format!("{}/", self.base.as_str()))
            .header(USER_AGENT, concat!("Farebox/", env!("CARGO_PKG_VERSION")))
            .body(Full::<Bytes>::default())
            .ok()?;
        self.http.request(request).await.ok().map(drop)
    }
}
