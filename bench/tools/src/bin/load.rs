//! The load generator: clients with one connection each, and the times of their responses.
//!
//! It builds every request before it sends the first. A number of nine digits replaces nine zeros
//! in `--body`, `--url` and `--header`. The numbers begin at `--first`, have the stride `--stride`,
//! and stay below `--below`.
//!
//! - `--sign` signs the body as Stripe does; without `--body`, the request is a GET.
//! - `--site-key` signs a token of a new caller for each request, with the roles of `--role`.
//! - `--event`, an HTTP API event, sends each request to a Lambda host as that event, from a new
//!   address.
//! - `--ca` uses TLS.
//! - Several `--url` are used in turn.
//!
//! It prints one line of JSON.

use std::{
    fs,
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use bench_tools::{Options, signature, token};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Uri,
    body::Bytes,
    client::conn::http1::SendRequest,
    http::uri::{Authority, PathAndQuery},
};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

const KNOWN: [&str; 13] = [
    "url", "clients", "requests", "first", "stride", "below", "body", "header", "sign", "site-key",
    "role", "event", "ca",
];

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the harness reads the figures")]
async fn main() {
    let options = Options::from_args(&KNOWN);
    let plan = Arc::new(Plan::read(&options));
    let clients: u64 = options.need("clients");
    let each = options.need::<u64>("requests") / clients;
    let mut running = Vec::new();
    for client in 0..clients {
        let uri = &plan.uris[usize::try_from(client).unwrap_or_default() % plan.uris.len()];
        let turns = client * each..(client + 1) * each;
        let requests: Vec<_> = turns.map(|turn| plan.request(uri, turn)).collect();
        let sender = plan.connect(uri).await;
        running.push((Arc::clone(&plan), sender, requests));
    }
    let started = Instant::now();
    let running: Vec<_> = running
        .into_iter()
        .map(|(plan, sender, requests)| tokio::spawn(send_all(plan, sender, requests)))
        .collect();
    let mut took = Vec::new();
    let mut failures = Vec::new();
    for client in running {
        let (times, failed) = client.await.expect("a client ends");
        took.extend(times);
        failures.extend(failed);
    }
    let seconds = started.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: usize| took.get((took.len() * share / 100).min(took.len().saturating_sub(1)));
    let micros = |share| {
        at(share)
            .map(Duration::as_micros)
            .and_then(|t| u64::try_from(t).ok())
    };
    let figures = json!({
        "requests": took.len(), "seconds": seconds, "p50_us": micros(50), "p99_us": micros(99),
        "failed": failures.len(), "failure": failures.first(),
    });
    println!("{figures}");
}

/// The requests to send.
struct Plan {
    uris: Vec<Uri>,
    first: u64,
    stride: u64,
    below: u64,
    body: Option<String>,
    headers: Vec<(String, String)>,
    secret: Option<String>,
    site_key: Option<String>,
    roles: Vec<String>,
    event: Option<Event>,
    tls: Option<TlsConnector>,
}

/// An HTTP API event, with its version first, as AWS sends it.
#[derive(Clone, Deserialize, Serialize)]
struct Event {
    version: String,
    #[serde(flatten)]
    rest: Value,
}

impl Plan {
    fn read(options: &Options) -> Self {
        let file = |name: &str| {
            let text = options.get(name).map(fs::read_to_string);
            text.map(|text| text.expect("the file is there"))
        };
        let header = |text: &str| {
            let pair = text.split_once(": ").expect("a header is `name: value`");
            (pair.0.to_owned(), pair.1.to_owned())
        };
        Self {
            uris: options
                .all("url")
                .map(|url| url.parse().expect("an address"))
                .collect(),
            first: options.need("first"),
            stride: options.get("stride").map_or(1, |_| options.need("stride")),
            below: options
                .get("below")
                .map_or(u64::MAX, |_| options.need("below")),
            body: file("body"),
            headers: options.all("header").map(header).collect(),
            secret: options.get("sign").map(str::to_owned),
            site_key: options.get("site-key").map(str::to_owned),
            roles: options.all("role").map(str::to_owned).collect(),
            event: file("event").map(|text| serde_json::from_str(&text).expect("JSON")),
            tls: options.get("ca").map(trusting),
        }
    }

    /// The request of this turn.
    fn request(&self, uri: &Uri, turn: u64) -> Request<Full<Bytes>> {
        let number = (self.first + turn * self.stride) % self.below;
        let numbered = |text: &str| text.replace("000000000", &format!("{number:09}"));
        let body = numbered(self.body.as_deref().unwrap_or_default());
        let headers = self.headers.iter();
        let mut headers: Vec<_> = headers
            .map(|(name, value)| (name.clone(), numbered(value)))
            .collect();
        if let Some(secret) = &self.secret {
            let signed = signature(secret, body.as_bytes());
            headers.push(("stripe-signature".to_owned(), signed));
        }
        if let Some(key) = &self.site_key {
            let token = token(key, &format!("payer-{number}"), &self.roles);
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        let method = if self.body.is_some() { "POST" } else { "GET" };
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut request = Request::builder().method(method).uri(numbered(path));
        request = request.header("host", uri.authority().map_or("", Authority::as_str));
        let Some(event) = &self.event else {
            for (name, value) in headers {
                request = request.header(name, value);
            }
            return request.body(body.into()).expect("it can be sent");
        };
        let mut event = event.clone();
        let rest = &mut event.rest;
        for (name, value) in headers {
            rest["headers"][name] = value.into();
        }
        rest["headers"]["content-length"] = body.len().to_string().into();
        rest["body"] = body.into();
        rest["requestContext"]["http"]["sourceIp"] = address(number).to_string().into();
        let event = serde_json::to_string(&event).expect("an event is JSON");
        request.body(event.into()).expect("it can be sent")
    }

    async fn connect(&self, uri: &Uri) -> SendRequest<Full<Bytes>> {
        let host = uri.host().expect("the address has a host");
        let port = uri.port_u16().expect("the address has a port");
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.expect("it listens");
        stream.set_nodelay(true).expect("it is a socket");
        match &self.tls {
            None => speak(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned()).expect("a name");
                let stream = tls.connect(name, stream).await;
                speak(stream.expect("it speaks TLS")).await
            }
        }
    }

    /// True for a successful response.
    fn is_good(&self, status: u16, body: &[u8]) -> bool {
        let answered = || serde_json::from_slice::<Value>(body).unwrap_or_default();
        status == 200 && (self.event.is_none() || answered()["statusCode"] == 200)
    }
}

/// An address of a private network, different for each of 16 million numbers.
fn address(number: u64) -> Ipv4Addr {
    let [.., second, third, fourth] = number.to_be_bytes();
    Ipv4Addr::new(10, second, third, fourth)
}

fn trusting(authority: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let der = fs::read(authority).expect("the certificate is there");
    roots.add(CertificateDer::from(der)).expect("it is one");
    let config = ClientConfig::builder().with_root_certificates(roots);
    TlsConnector::from(Arc::new(config.with_no_client_auth()))
}

async fn speak<S>(stream: S) -> SendRequest<Full<Bytes>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let spoken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = spoken.expect("it speaks HTTP");
    tokio::spawn(connection);
    sender
}

/// Sends requests one after another; returns their times, and the failed responses.
async fn send_all(
    plan: Arc<Plan>,
    mut sender: SendRequest<Full<Bytes>>,
    requests: Vec<Request<Full<Bytes>>>,
) -> (Vec<Duration>, Vec<String>) {
    let mut took = Vec::with_capacity(requests.len());
    let mut failures = Vec::new();
    for request in requests {
        let started = Instant::now();
        let answer = match exchange(&mut sender, request).await {
            Ok((status, body)) if plan.is_good(status, &body) => {
                took.push(started.elapsed());
                continue;
            }
            Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
            Err(error) => error.to_string(),
        };
        failures.push(answer);
    }
    (took, failures)
}

async fn exchange(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> hyper::Result<(u16, Bytes)> {
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?;
    Ok((status, body.to_bytes()))
}
