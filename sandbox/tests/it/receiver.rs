//! A webhook endpoint with configurable responses.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{
    HeaderMap, Request, Response, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// One received delivery.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Default)]
struct Inbox {
    answers: VecDeque<u16>,
    hooks: Vec<Hook>,
}

/// An endpoint on a free port; dropping it closes it.
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Mutex<Inbox>>,
    _server: JoinSet<()>,
}

impl Receiver {
    /// Responds with these statuses in turn, then with 200.
    pub(crate) async fn answering(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let answers = statuses.iter().copied().collect();
        let inbox = Arc::new(Mutex::new(Inbox {
            answers,
            hooks: Vec::new(),
        }));
        let mut server = JoinSet::new();
        server.spawn(accept(listener, Arc::clone(&inbox)));
        Self {
            url,
            inbox,
            _server: server,
        }
    }

    /// Every received delivery, in order.
    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.inbox.lock().unwrap().hooks.clone()
    }

    /// The types of the received events, in order.
    pub(crate) fn types(&self) -> Vec<String> {
        let types = self
            .hooks()
            .into_iter()
            .map(|hook| hook.event()["type"].as_str().unwrap().to_owned());
        types.collect()
    }
}

impl Hook {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn signature(&self) -> &str {
        self.headers["stripe-signature"].to_str().unwrap()
    }
}

async fn accept(listener: TcpListener, inbox: Arc<Mutex<Inbox>>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(serve(stream, Arc::clone(&inbox)));
    }
}

async fn serve(stream: TcpStream, inbox: Arc<Mutex<Inbox>>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let inbox = Arc::clone(&inbox);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let mut inbox = inbox.lock().unwrap();
            inbox.hooks.push(Hook {
                headers: head.headers,
                body,
            });
            let status = inbox.answers.pop_front().unwrap_or(200);
            let response = Response::builder()
                .status(status)
                .body(Empty::<Bytes>::new());
            Ok::<_, Infallible>(response.unwrap())
        }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
