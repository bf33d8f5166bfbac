//! `notify` onto an EventBridge bus: what is put there, and what counts as delivered. The other
//! side is a socket that speaks the API; the tests of the whole stack use an emulator.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use shared::Clock;
use testing::{Log, NOW, Shop};
use tokio::net::TcpListener;

use crate::{app, message, run};

#[derive(Clone)]
struct Bus {
    /// What it is asked to do.
    target: Arc<Mutex<&'static str>>,
    answer: Arc<Mutex<(StatusCode, Value)>>,
    received: Arc<Mutex<Vec<Value>>>,
}

async fn put_events(
    State(bus): State<Bus>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let target = headers["x-amz-target"].to_str().unwrap();
    let wanted = bus.target.lock().unwrap();
    assert_eq!(target, *wanted);
    drop(wanted);
    assert!(
        headers.contains_key("authorization"),
        "the request is signed"
    );
    let request = serde_json::from_slice(&body).unwrap();
    bus.received.lock().unwrap().push(request);
    let (status, answer) = bus.answer.lock().unwrap().clone();
    (status, Json(answer))
}

/// EventBridge that answers `status` and `answer`, and a shop that delivers there.
async fn shop(status: u16, answer: Value) -> (Shop, Bus) {
    let bus = Bus {
        target: Arc::new(Mutex::new("AWSEvents.PutEvents")),
        answer: Arc::new(Mutex::new((StatusCode::from_u16(status).unwrap(), answer))),
        received: Arc::default(),
    };
    let router = Router::new()
        .route("/", post(put_events))
        .with_state(bus.clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let changes = [
        ("FAREBOX_NOTIFY_URL", "eventbridge:orders"),
        ("FAREBOX_NOTIFY_SECRET", ""),
        ("FAREBOX_NOTIFY_EVENTS", "customer.*"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", &url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-tests"),
    ];
    let mut shop = Shop::open_with(&changes).await;
    shop.clock = Clock::default();
    (shop, bus)
}

#[tokio::test]
async fn a_message_is_an_event_with_its_id_and_type() {
    let taken = json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }] });
    let (shop, bus) = shop(200, taken).await;
    message(&shop, "evt_1").await;

    assert_eq!(app(&shop).drain().await.unwrap().delivered, 1);

    let received = bus.received.lock().unwrap().clone();
    let [request] = &received[..] else {
        panic!("one call: {received:?}")
    };
    let entry = &request["Entries"][0];
    assert_eq!(entry["EventBusName"], "orders");
    assert_eq!(entry["Source"], "farebox");
    assert_eq!(entry["DetailType"], "stripe.customer.created");
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert!(detail["id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(detail["type"], "stripe.customer.created");
    assert_eq!(detail["data"]["id"], "evt_1");
}

#[tokio::test]
async fn an_entry_that_was_refused_inside_a_200_is_not_delivered() {
    let refused = json!({ "FailedEntryCount": 1,
        "Entries": [{ "ErrorCode": "InternalFailure", "ErrorMessage": "ada@example.com" }] });
    let (shop, _) = shop(200, refused).await;
    message(&shop, "evt_1").await;
    let (log, _guard) = Log::start();

    assert_eq!(app(&shop).drain().await.unwrap().delayed, 1);

    assert!(log.text().contains("InternalFailure"), "{}", log.text());
    assert!(!log.text().contains("ada@example.com"), "{}", log.text());
}

#[tokio::test]
async fn a_denied_call_keeps_the_message_and_logs_the_code_without_the_keys() {
    let denied = json!({ "__type": "AccessDeniedException", "message": "AKIDEXAMPLE may not" });
    let (shop, _) = shop(400, denied).await;
    message(&shop, "evt_1").await;
    let (log, _guard) = Log::start();

    assert_eq!(app(&shop).drain().await.unwrap().delayed, 1);

    let text = log.text();
    assert!(text.contains("AccessDeniedException"), "{text}");
    for secret in ["AKIDEXAMPLE", "a-secret-of-the-tests"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_bus_it_does_not_start_and_says_so() {
    let missing = json!({ "__type": "ResourceNotFoundException", "message": "no such bus" });
    let (shop, bus) = shop(400, missing).await;
    *bus.target.lock().unwrap() = "AWSEvents.DescribeEventBus";
    message(&shop, "evt_1").await;

    let output = tokio::task::block_in_place(|| run(&shop, &["--once"]));

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("cannot find the event bus `orders`"),
        "{said}"
    );
    assert!(said.contains("ResourceNotFoundException"), "{said}");
    assert_eq!(shop.store.lease_due(NOW + 9, 60, 9).await.unwrap().len(), 1);
}
