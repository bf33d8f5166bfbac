//! Calls to Stripe against a peer that does on the socket exactly what a test says.

use std::time::Duration;

use shared::stripe::{RetryPolicy, StripeError};
use stripe_client_core::{RequestBuilder, StripeMethod};
use tokio::net::TcpListener;

use crate::peer::{Act, Peer, fine};

/// An answer that is not to be followed by another attempt.
const ODD: &str = "request-id: req_odd\r\nstripe-should-retry: false\r\n";

#[tokio::test]
async fn a_connection_that_went_stale_is_replaced_at_once() {
    let mut peer = Peer::start(vec![fine(), Act::Close, fine()]).await;
    // A wait of a minute would break the deadline: only a retry without any can succeed.
    let stripe = peer.client(Duration::from_secs(60));

    stripe.retrieve_intent("pi_1").await.unwrap();
    stripe.retrieve_intent("pi_1").await.unwrap();

    let connections: Vec<usize> = peer.asked().into_iter().map(|(number, _)| number).collect();
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn a_connection_that_froze_is_replaced_at_once() {
    let mut peer = Peer::start(vec![fine(), Act::Freeze, fine()]).await;
    let stripe = peer.client(Duration::ZERO).with_retry_policy(RetryPolicy {
        attempt: Duration::from_secs(30),
        deadline: Duration::from_secs(30),
        reused: Duration::from_millis(500),
        first_delay: Duration::from_secs(60),
    });

    stripe.retrieve_intent("pi_1").await.unwrap();
    stripe.retrieve_intent("pi_1").await.unwrap();

    let connections: Vec<usize> = peer.asked().into_iter().map(|(number, _)| number).collect();
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn the_kept_connection_is_used_again() {
    let mut peer = Peer::start(vec![fine(), fine(), fine()]).await;
    let stripe = peer.client(Duration::ZERO);
    for _ in 0..3 {
        stripe.retrieve_intent("pi_1").await.unwrap();
    }
    assert!(peer.asked().iter().all(|(connection, _)| *connection == 1));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again() {
    let cut_json = Act::Answer("200 OK", "", "{\"id\":\"pi_1\",");
    let peer = Peer::start(vec![Act::Cut, cut_json, fine()]).await;
    let intent = peer
        .client(Duration::ZERO)
        .retrieve_intent("pi_1")
        .await
        .unwrap();
    assert_eq!(intent.id, "pi_1");
}

#[tokio::test]
async fn the_status_and_the_request_id_of_an_odd_answer_are_kept() {
    let cases = [
        (Act::Answer("502 Bad Gateway", ODD, "<html>"), 502),
        (Act::Answer("500 Internal Server Error", ODD, ""), 500),
        (
            Act::Answer("429 Too Many Requests", ODD, "{\"error\":{\"ty"),
            429,
        ),
    ];
    for (act, expected) in cases {
        let peer = Peer::start(vec![act]).await;
        let failure = peer
            .client(Duration::ZERO)
            .retrieve_intent("pi_1")
            .await
            .unwrap_err();
        let kept = matches!(&failure,
            StripeError::Unanswered { status: Some(status), request_id: Some(id), .. }
            if *status == expected && id == "req_odd");
        assert!(kept, "{failure:?}");
    }
}

#[tokio::test]
async fn every_attempt_carries_key_version_and_idempotency_key() {
    let busy = Act::Answer(
        "409 Conflict",
        "",
        r#"{"error":{"code":"idempotency_key_in_use"}}"#,
    );
    let mut peer = Peer::start(vec![busy, fine()]).await;
    let stripe = peer.client(Duration::ZERO);
    let key = stripe::IdempotencyKey::new("one-operation").unwrap();

    let request = RequestBuilder::new(StripeMethod::Post, "/payment_intents")
        .form(&serde_json::json!({ "amount": 5 }));
    let request = request.customize::<shared::stripe::PaymentIntent>();
    let strategy = stripe::RequestStrategy::Idempotent(key);
    request
        .request_strategy(strategy)
        .send(&stripe)
        .await
        .unwrap();

    let asked = peer.asked();
    assert_eq!(asked.len(), 2);
    for (_, head) in asked {
        let head = head.to_ascii_lowercase();
        assert!(
            head.starts_with("post /v1/payment_intents http/1.1"),
            "{head}"
        );
        assert!(head.contains("authorization: bearer sk_test_abc"), "{head}");
        assert!(head.contains("idempotency-key: one-operation"), "{head}");
        assert!(head.contains("stripe-version: 2026-09-30.endive"), "{head}");
        assert!(head.ends_with("amount=5"), "{head}");
    }
}

#[tokio::test]
async fn a_post_without_a_key_is_sent_once() {
    let mut peer = Peer::start(vec![Act::Close, fine()]).await;
    let stripe = peer.client(Duration::ZERO);
    let request = RequestBuilder::new(StripeMethod::Post, "/payment_intents")
        .form(&serde_json::json!({ "amount": 5 }));

    let sent = request
        .customize::<shared::stripe::PaymentIntent>()
        .send(&stripe)
        .await;

    assert!(sent.is_err());
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn nobody_waits_longer_than_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::silent(&listener);
    let stripe = peer.client(Duration::ZERO).with_retry_policy(RetryPolicy {
        attempt: Duration::from_millis(50),
        reused: Duration::from_millis(500),
        deadline: Duration::from_millis(200),
        first_delay: Duration::from_millis(1),
    });

    let started = std::time::Instant::now();
    let failure = stripe.retrieve_intent("pi_1").await.unwrap_err();

    assert!(
        matches!(failure, StripeError::Unanswered { status: None, .. }),
        "{failure:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_failure_that_is_replayed_ends_the_call_and_is_told_apart() {
    let replayed = |advice| {
        let headers = match advice {
            true => {
                "request-id: req_2\r\nidempotent-replayed: true\r\nstripe-should-retry: false\r\n"
            }
            false => "request-id: req_2\r\nidempotent-replayed: true\r\n",
        };
        Act::Answer("500 Internal Server Error", headers, "{\"error\":{}}")
    };
    for advice in [true, false] {
        let first = Act::Answer("500 Internal Server Error", "", "{\"error\":{}}");
        let mut peer = Peer::start(vec![first, replayed(advice)]).await;
        let request = RequestBuilder::new(StripeMethod::Post, "/payment_intents")
            .form(&serde_json::json!({ "amount": 5 }));
        let key = stripe::IdempotencyKey::new("one-operation").unwrap();
        let failure = request
            .customize::<shared::stripe::PaymentIntent>()
            .request_strategy(stripe::RequestStrategy::Idempotent(key))
            .send(&peer.client(Duration::ZERO))
            .await
            .unwrap_err();

        assert!(failure.is_replayed(), "{failure:?}");
        assert!(failure.to_string().contains("req_2"), "{failure}");
        assert_eq!(peer.asked().len(), 2);
    }
}
