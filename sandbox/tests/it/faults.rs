//! Faults, at the socket.

use std::{io::ErrorKind, time::Duration};

use serde_json::json;
use stripe_sandbox::{Fault, Sandbox};

use crate::{
    api::{Form, api},
    raw::exchange,
};

const INTENTS: &str = "/v1/payment_intents";
const MUG: Form<'static> = &[("amount", "1500"), ("currency", "usd")];
const BODY: &str = "amount=1500&currency=usd";

#[tokio::test]
async fn faults_that_answer_execute_nothing() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let faults = [
        (Fault::rate_limit(), 429),
        (Fault::error(), 500),
        (Fault::bad_gateway(), 502),
        (Fault::empty(), 500),
        (Fault::incomplete_decline(), 402),
        (Fault::unauthorized(), 401),
        (Fault::restricted(), 403),
    ];
    for (fault, status) in faults {
        stripe.inject(fault.retry_after(2).should_retry(false));
        let reply = api.post(INTENTS, MUG).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("retry-after"), Some("2"));
        assert_eq!(reply.header("stripe-should-retry"), Some("false"));
        assert!(reply.header("request-id").is_some());
    }
    assert!(stripe.payment_intents().is_empty());
    api.post(INTENTS, MUG).await.ok();
}

#[tokio::test]
async fn odd_answers_are_as_odd_as_promised() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    stripe.inject(Fault::bad_gateway());
    assert!(api.post(INTENTS, MUG).await.text.starts_with("<html>"));
    stripe.inject(Fault::empty());
    assert_eq!(api.post(INTENTS, MUG).await.text, "");
    stripe.inject(Fault::incomplete_decline());
    let reply = api.post(INTENTS, MUG).await;
    assert_eq!(reply.body, json!({ "error": { "type": "card_error" } }));
    stripe.inject(Fault::restricted());
    let error = api
        .post(INTENTS, MUG)
        .await
        .refused(403, "more_permissions_required");
    assert!(error["message"].as_str().unwrap().contains("rk_test_"));
}

#[tokio::test]
async fn a_reset_is_a_reset_and_executes_nothing() {
    let stripe = Sandbox::start().await;
    stripe.inject(Fault::reset());

    let failure = exchange(&stripe, "POST", INTENTS, BODY).await.unwrap_err();

    assert_eq!(failure.kind(), ErrorKind::ConnectionReset);
    assert!(stripe.payment_intents().is_empty());
    assert_eq!(stripe.requests()[0].status, None);
}

#[tokio::test]
async fn a_lost_answer_is_executed_and_kept_under_its_key() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    stripe.inject(Fault::lost_answer().on("POST", INTENTS));

    let headers = [("idempotency-key", "key-1")];
    let lost = api.send("POST", INTENTS, &headers, BODY).await;

    assert!(lost.is_err());
    assert_eq!(stripe.payment_intents().len(), 1);
    let replayed = api.post_once("key-1", INTENTS, MUG).await;
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    assert_eq!(replayed.ok(), stripe.payment_intents()[0]);
}

#[tokio::test]
async fn a_lost_answer_closes_without_a_byte() {
    let stripe = Sandbox::start().await;
    stripe.inject(Fault::lost_answer());

    assert_eq!(exchange(&stripe, "POST", INTENTS, BODY).await.unwrap(), "");
    assert_eq!(stripe.payment_intents().len(), 1);
}

#[tokio::test]
async fn a_truncated_answer_ends_in_the_middle() {
    let stripe = Sandbox::start().await;
    stripe.inject(Fault::truncated());

    let wire = exchange(&stripe, "POST", INTENTS, BODY).await.unwrap();

    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"));
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
    assert!(body.starts_with('{') && serde_json::from_str::<serde_json::Value>(body).is_err());
    assert_eq!(stripe.payment_intents().len(), 1);
}

#[tokio::test]
async fn a_hanging_request_holds_up_no_other() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let mut watch = stripe.observe();
    stripe.inject(Fault::hang());

    tokio::select! {
        _ = exchange(&stripe, "POST", INTENTS, BODY) => panic!("it got a response"),
        _ = watch.recv() => {}
    }

    api.post(INTENTS, MUG).await.ok();
    assert_eq!(stripe.payment_intents().len(), 1);
    assert_eq!(stripe.requests()[0].status, None);
}

#[tokio::test]
async fn a_wrong_amount_is_only_in_the_answer() {
    let stripe = Sandbox::start().await;
    stripe.inject(Fault::wrong_amount());

    assert_eq!(api(&stripe).post(INTENTS, MUG).await.ok()["amount"], 1501);

    assert_eq!(stripe.payment_intents()[0]["amount"], 1500);
}

#[tokio::test]
async fn a_fault_strikes_what_it_is_for_as_often_as_it_should() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    stripe.inject(Fault::error().on("POST", INTENTS).times(2));
    stripe.inject(Fault::rate_limit().on("GET", "/v1/refunds").times(0));

    assert_eq!(api.get(INTENTS).await.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(api.post(INTENTS, MUG).await.status);
        assert_eq!(api.get("/v1/refunds").await.status, 429);
    }

    assert_eq!(statuses, [500, 500, 200]);
}

/// Resolves when a request has arrived.
async fn arrival(stripe: &Sandbox) {
    while stripe.requests().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_outlives_the_caller_that_gave_up() {
    let stripe = Sandbox::start().await;
    let mut watch = stripe.observe();
    stripe.inject(Fault::latency(Duration::from_millis(50)));

    tokio::select! {
        _ = exchange(&stripe, "POST", INTENTS, BODY) => panic!("it got a response"),
        arrived = tokio::time::timeout(Duration::from_secs(20), arrival(&stripe)) => {
            arrived.expect("it arrives");
        }
    }

    let created = watch.recv().await.unwrap();
    assert!(matches!(created, stripe_sandbox::Activity::Event { .. }));
    assert_eq!(stripe.payment_intents().len(), 1);
}
