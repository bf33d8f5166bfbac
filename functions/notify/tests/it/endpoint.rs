//! The site's endpoint: it verifies deliveries with the Standard Webhooks library, and answers as
//! the test says.

use std::{
    future::Future,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// One delivery that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) is_signed: bool,
    pub(crate) body: Value,
}

#[derive(Clone)]
struct Inbox {
    secret: &'static str,
    status: Arc<Mutex<StatusCode>>,
    received: Arc<Mutex<Vec<Received>>>,
    count: watch::Sender<usize>,
}

pub(crate) struct Endpoint {
    url: String,
    inbox: Inbox,
    server: JoinHandle<()>,
}

impl Endpoint {
    pub(crate) async fn start(secret: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        let inbox = Inbox {
            secret,
            status: Arc::new(Mutex::new(StatusCode::NO_CONTENT)),
            received: Arc::default(),
            count: watch::Sender::new(0),
        };
        let router = Router::new()
            .route("/notify", post(receive))
            .with_state(inbox.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inbox, server }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn answer_with(&self, status: u16) {
        *self.inbox.status.lock().unwrap() = StatusCode::from_u16(status).unwrap();
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inbox.received.lock().unwrap().clone()
    }

    /// Ends when `count` messages came.
    pub(crate) fn has_received(&self, count: usize) -> impl Future<Output = ()> + use<> {
        let mut seen = self.inbox.count.subscribe();
        async move {
            seen.wait_for(|received| *received >= count).await.unwrap();
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> Response {
    let id = headers["webhook-id"].to_str().unwrap().to_owned();
    let webhook = Webhook::new(inbox.secret).unwrap();
    let received = Received {
        is_signed: webhook.verify(&body, &headers).is_ok(),
        body: serde_json::from_slice(&body).unwrap(),
        id,
    };
    inbox.received.lock().unwrap().push(received);
    inbox.count.send_modify(|count| *count += 1);
    let status = *inbox.status.lock().unwrap();
    (status, [(LOCATION, "/elsewhere")]).into_response()
}
