//! The pooled HTTP client that calls to Stripe and to the site go through.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

/// A client that keeps its connections; cheap to clone, and all clones share them.
pub type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Connections are kept: a handshake costs more than a call. They speak HTTP/1.1, as Stripe's own libraries do: on Lambda, where a
/// process serves one request at a time, there are no calls to send at once over one connection. Plain HTTP is for addresses that the settings
/// allowed, on this machine.
#[must_use]
pub fn pooled_client() -> Client {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_secs(60)));
    // A path that died without a word is noticed by what is not acknowledged, long before a call to Stripe is given up.
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(Duration::from_secs(3)));
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(90))
        .build(connector)
}
