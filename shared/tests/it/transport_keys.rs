//! Calls whose key Stripe does not take any more, and the connection that is opened without one.

use std::time::Duration;

use shared::stripe::{RetryPolicy, Stripe, StripeError};
use stripe_client_core::{RequestBuilder, StripeMethod};
use testing::{Outage, SecretsManager, Shop};
use tokio::net::TcpListener;

use crate::peer::{Act, Peer, fine};

fn unauthorized() -> Act {
    let body = r#"{"error":{"type":"invalid_request_error"}}"#;
    Act::Answer("401 Unauthorized", "request-id: req_401\r\n", body)
}

/// A client of `peer` whose keys are in a secret that changed since they were read.
async fn client_with_old_keys(peer: &Peer) -> (Stripe, SecretsManager) {
    let manager = SecretsManager::start(&Shop::bundle()).await;
    let stripe = peer.client_with(Duration::ZERO, &manager.variables());
    stripe.retrieve_intent("pi_1").await.unwrap();
    let mut bundle = Shop::bundle();
    bundle["STRIPE_SECRET_KEY"] = "rk_test_next".into();
    manager.put(&bundle);
    (stripe, manager)
}

#[tokio::test]
async fn a_refused_key_is_replaced_once_and_a_second_refusal_stands() {
    let mut peer = Peer::start(vec![fine(), unauthorized(), unauthorized(), fine()]).await;
    let (stripe, manager) = client_with_old_keys(&peer).await;

    let failure = stripe.retrieve_intent("pi_1").await.unwrap_err();

    assert!(
        matches!(&failure, StripeError::Refused(refusal) if refusal.status == 401),
        "{failure:?}"
    );
    assert_eq!(manager.readings(), 2);
    let keys: Vec<bool> = peer
        .asked()
        .iter()
        .map(|(_, head)| head.contains("Bearer rk_test_next"))
        .collect();
    assert_eq!(keys, [false, false, true]);
}

#[tokio::test]
async fn a_post_that_was_refused_was_not_carried_out_and_may_be_sent_again() {
    let mut peer = Peer::start(vec![fine(), unauthorized(), fine()]).await;
    let (stripe, _manager) = client_with_old_keys(&peer).await;
    let request = RequestBuilder::new(StripeMethod::Post, "/payment_intents")
        .form(&serde_json::json!({ "amount": 5 }));

    let sent = request.customize::<shared::stripe::PaymentIntent>();
    sent.send(&stripe).await.unwrap();

    assert_eq!(peer.asked().len(), 3);
}

#[tokio::test]
async fn the_deadline_holds_while_the_keys_are_read_again() {
    let peer = Peer::start(vec![fine(), unauthorized()]).await;
    let (stripe, manager) = client_with_old_keys(&peer).await;
    manager.fail(Outage::Silent);
    let stripe = stripe.with_retry_policy(RetryPolicy {
        attempt: Duration::from_millis(400),
        reused: Duration::from_millis(400),
        deadline: Duration::from_millis(500),
        first_delay: Duration::ZERO,
    });

    let started = std::time::Instant::now();
    let failure = stripe.retrieve_intent("pi_1").await.unwrap_err();

    assert!(matches!(failure, StripeError::Refused(_)), "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_connection_that_was_warmed_without_a_key_serves_the_first_call() {
    let nothing = Act::Answer("401 Unauthorized", "", "");
    let mut peer = Peer::start(vec![nothing, fine()]).await;
    let stripe = peer.client(Duration::ZERO);

    stripe.warm().await;
    stripe.retrieve_intent("pi_1").await.unwrap();

    let [(1, warming), (1, _)] = &peer.asked()[..] else {
        panic!("not two requests on one connection")
    };
    assert!(warming.starts_with("HEAD / "), "{warming}");
    assert!(!warming.to_ascii_lowercase().contains("authorization"));
}

#[tokio::test]
async fn a_stripe_that_is_silent_does_not_hold_the_start_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::silent(&listener);
    // The clock stands, and jumps whenever all wait.
    tokio::time::pause();
    let started = tokio::time::Instant::now();

    peer.client(Duration::ZERO).warm().await;

    assert!(started.elapsed() < Duration::from_secs(3));
}
