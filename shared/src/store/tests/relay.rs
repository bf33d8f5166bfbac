//! A relay between the database and DynamoDB: it records requests and answers, and injects the
//! faults of a test.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response, StatusCode},
};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::place::{Home, Place, stand_in};
use crate::http;

/// A fault, in place of DynamoDB's answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// This status and this body.
    Answer(u16, Value),
    /// DynamoDB carries out the request, and the connection ends before its answer arrives.
    Lose,
    /// The request is never answered.
    Hang,
}

impl Fault {
    /// The error with `code`, in DynamoDB's format.
    pub(super) fn error(status: u16, code: &str) -> Self {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
        Self::Answer(status, json!({ "__type": kind, "message": "of a test" }))
    }

    /// A transaction that is canceled for these reasons, in the order of its items.
    pub(super) fn canceled(reasons: &[&str]) -> Self {
        let reasons = reasons.iter().map(|code| json!({ "Code": code }));
        let reasons: Vec<Value> = reasons.collect();
        let Self::Answer(status, mut body) = Self::error(400, "TransactionCanceledException")
        else {
            panic!("an answer")
        };
        body["CancellationReasons"] = json!(reasons);
        Self::Answer(status, body)
    }
}

/// One request, and DynamoDB's answer.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) operation: String,
    pub(super) asked: Value,
    pub(super) answered: Value,
}

/// Chooses the fault for the nth request of an operation, from 0.
type Rule = Box<dyn Fn(&str, usize) -> Option<Fault> + Send + Sync>;

pub(super) struct Relay {
    pub(super) address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    target: Option<String>,
    client: http::Client,
    rule: Rule,
    log: Mutex<Vec<Exchange>>,
}

impl Relay {
    /// A new table behind a relay; the home reaches the table through it.
    pub(super) async fn before_a_table(
        rule: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> (Self, Home) {
        let table = Place::DynamoDb.make().await;
        let relay = Self::start(Some(stand_in()), rule).await;
        let home = table.through(&relay.address);
        (relay, home)
    }

    /// A relay without a table: `rule` answers everything.
    pub(super) async fn alone(
        rule: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, rule).await
    }

    async fn start(
        target: Option<String>,
        rule: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            target,
            client: http::pooled_client(),
            rule: Box::new(rule),
            log: Mutex::default(),
        });
        let service = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            address,
            shared,
            task,
        }
    }

    /// The exchanges since the last call.
    pub(super) fn log(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.shared.log.lock().unwrap())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let target = headers["x-amz-target"].to_str().unwrap();
    let operation = target.rsplit('.').next().unwrap().to_owned();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let nth = {
        let mut log = shared.log.lock().unwrap();
        log.push(Exchange {
            operation: operation.clone(),
            asked: asked.clone(),
            answered: Value::Null,
        });
        let same = log.iter().filter(|one| one.operation == operation);
        same.count() - 1
    };
    let fault = (shared.rule)(&operation, nth);
    match fault {
        Some(Fault::Answer(status, body)) => return answer(status, body.to_string().into()),
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::Lose) | None => {}
    }
    let (status, answered) = shared.forward(&headers, asked).await;
    let mut log = shared.log.lock().unwrap();
    let exchange = log.iter_mut().rev().find(|one| one.operation == operation);
    if let Some(exchange) = exchange {
        exchange.answered = serde_json::from_slice(&answered).unwrap();
    }
    match fault {
        Some(Fault::Lose) => {
            let lost = futures_util::stream::once(async { Err::<Bytes, _>("lost") });
            Response::new(Body::from_stream(lost))
        }
        _ => answer(status, answered),
    }
}

impl Shared {
    /// Forwards the request, and requests its consumed capacity.
    async fn forward(&self, headers: &HeaderMap, mut asked: Value) -> (u16, Bytes) {
        asked["ReturnConsumedCapacity"] = json!("TOTAL");
        let target = self.target.as_ref().expect("something is behind the relay");
        let mut request = hyper::Request::post(target);
        for name in [
            "authorization",
            "content-type",
            "x-amz-date",
            "x-amz-target",
        ] {
            request = request.header(name, &headers[name]);
        }
        let request = request.body(Full::from(asked.to_string())).unwrap();
        let response = self.client.request(request).await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            response.into_body().collect().await.unwrap().to_bytes(),
        )
    }
}

fn answer(status: u16, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        "application/x-amz-json-1.0".parse().unwrap(),
    );
    headers.insert("x-amzn-requestid", "request-of-a-test".parse().unwrap());
    response
}
