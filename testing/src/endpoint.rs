//! The site's endpoint: it verifies deliveries with the Standard Webhooks library, compares them
//! with their schemas in `openapi.json`, and answers as the test says.

use std::{
    future::Future,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
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

use crate::check_notification;

/// One delivery that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message's id.
    pub id: String,
    /// True when the library accepts the signature.
    pub is_signed: bool,
    /// The message.
    pub body: Value,
    /// True when it was acknowledged.
    pub is_acknowledged: bool,
}

#[derive(Clone)]
struct Inbox {
    secret: &'static str,
    /// `None` answers never.
    status: Arc<Mutex<Option<StatusCode>>>,
    received: Arc<Mutex<Vec<Received>>>,
    count: watch::Sender<usize>,
    /// The faults of messages that are not as `openapi.json` describes them.
    misfits: Arc<Mutex<Vec<String>>>,
    /// The number of deliveries that it answers.
    most: Arc<AtomicUsize>,
}

/// The site's endpoint, which acknowledges all until a test says otherwise.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    inbox: Inbox,
    server: JoinHandle<()>,
}

impl Inbox {
    fn status(&self) -> Option<StatusCode> {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true when it answers one more.
    fn answers_one(&self) -> bool {
        let left = |most: usize| most.checked_sub(1);
        let order = Ordering::Relaxed;
        self.most.fetch_update(order, order, left).is_ok()
    }

    fn keep(&self, received: Received) {
        let held = self.received.lock();
        held.unwrap_or_else(PoisonError::into_inner).push(received);
        self.count.send_modify(|count| *count += 1);
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Listens on a free port; deliveries are signed by `secret`.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn start(secret: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port is there");
        let address = listener.local_addr().expect("it is bound");
        let inbox = Inbox {
            secret,
            status: Arc::new(Mutex::new(Some(StatusCode::NO_CONTENT))),
            received: Arc::default(),
            misfits: Arc::default(),
            count: watch::Sender::new(0),
            most: Arc::new(AtomicUsize::new(usize::MAX)),
        };
        let router = Router::new()
            .route("/notify", post(receive))
            .with_state(inbox.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        let url = format!("http://{address}/notify");
        Self { url, inbox, server }
    }

    /// The value of `FAREBOX_NOTIFY_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Answers with `status` from now on.
    ///
    /// # Panics
    ///
    /// When that is no status.
    pub fn answer_with(&self, status: u16) {
        self.set(Some(StatusCode::from_u16(status).expect("a status")));
    }

    /// Receives from now on, and never answers.
    pub fn hang(&self) {
        self.set(None);
    }

    /// Answers the first `count` deliveries alone.
    pub fn hang_after(&self, count: usize) {
        self.inbox.most.store(count, Ordering::Relaxed);
    }

    fn set(&self, status: Option<StatusCode>) {
        let held = self.inbox.status.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// What came so far.
    ///
    /// # Panics
    ///
    /// When a message was not as `openapi.json` describes it.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        let misfits = self.inbox.misfits.lock();
        let misfits = misfits.unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(misfits, [""; 0]);
        let held = self.inbox.received.lock();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends when `count` messages came.
    ///
    /// # Panics
    ///
    /// When the endpoint is dropped before.
    pub fn has_received(&self, count: usize) -> impl Future<Output = ()> + use<> {
        let mut seen = self.inbox.count.subscribe();
        async move {
            let came = seen.wait_for(|received| *received >= count).await;
            came.expect("the endpoint is there");
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> Response {
    let status = inbox.status().filter(|_| inbox.answers_one());
    let id = headers["webhook-id"].to_str().expect("an id is text");
    let webhook = Webhook::new(inbox.secret).expect("a secret");
    let message = serde_json::from_slice(&body).expect("a message is JSON");
    if let Err(fault) = check_notification(&message) {
        let held = inbox.misfits.lock();
        held.unwrap_or_else(PoisonError::into_inner).push(fault);
    }
    let received = Received {
        id: id.to_owned(),
        is_signed: webhook.verify(&body, &headers).is_ok(),
        body: message,
        is_acknowledged: status.is_some_and(|status| status.is_success()),
    };
    inbox.keep(received);
    match status {
        Some(status) => (status, [(LOCATION, "/elsewhere")]).into_response(),
        None => std::future::pending().await,
    }
}
