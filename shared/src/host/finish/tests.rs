//! The rules for every response, on a bare service.

use axum::{
    body::{Body, to_bytes},
    routing::get,
};
use hyper::header::CONTENT_TYPE;
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::Error;

async fn answer(service: MethodRouter, method: &str) -> (Response, Value) {
    let request = Request::builder()
        .method(method)
        .uri("/any/path")
        .body(Body::empty())
        .unwrap();
    let response = with_middleware(service).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 4096).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    (Response::from_parts(parts, Body::empty()), json)
}

#[tokio::test]
async fn a_panic_answers_500_and_the_service_goes_on() {
    async fn panics() -> Result<(), Error> {
        panic!("sk_test_in_a_panic")
    }

    for _ in 0..2 {
        let (response, body) = answer(get(panics), "GET").await;
        assert_eq!(response.status(), 500);
        assert_eq!(body["error"]["code"], "internal");
        assert!(!body.to_string().contains("sk_test"));
    }
}

#[tokio::test]
async fn another_method_is_405_with_allow_and_our_body() {
    let (response, body) = answer(get(async || "fine"), "DELETE").await;

    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[ALLOW], "GET,HEAD");
    assert_eq!(body["error"]["code"], "method_not_allowed");
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
}

#[tokio::test]
async fn no_answer_is_stored_and_each_names_its_request() {
    let (response, _) = answer(get(async || "fine"), "GET").await;
    let (refused, body) = answer(get(async || Err::<(), _>(Error::Forbidden)), "GET").await;

    for response in [&response, &refused] {
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    assert_eq!(
        refused.headers()["x-request-id"],
        body["error"]["requestId"].as_str().unwrap()
    );
    assert_ne!(
        response.headers()["x-request-id"],
        refused.headers()["x-request-id"]
    );
}

#[tokio::test(start_paused = true)]
async fn how_long_it_took_to_find_nothing_is_not_told() {
    for (work, answered_after) in [(0, 50), (3, 50), (49, 50), (50, 100), (70, 100)] {
        let service = get(move || async move {
            tokio::time::sleep(Duration::from_millis(work)).await;
            Err::<(), _>(Error::NotFound)
        });
        let started = Instant::now();
        let (response, _) = answer(service, "GET").await;
        assert_eq!(response.status(), 404);
        let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap();
        assert_eq!(elapsed, answered_after, "{work}");
    }
}

#[tokio::test]
async fn a_method_that_is_none_of_https_is_not_logged() {
    let (log, _guard) = testing::Log::start();
    let (response, body) = answer(get(async || "fine"), "EYJHBGCIOIJIUZI1NIJ9").await;
    assert_eq!(response.status(), 405);
    assert!(!body.to_string().contains("EYJH"), "{body}");
    assert!(
        log.text().contains("\"http.method\":\"other\""),
        "{}",
        log.text()
    );
    assert!(!log.text().contains("EYJH"), "{}", log.text());
}
