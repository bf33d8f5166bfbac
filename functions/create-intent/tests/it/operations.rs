//! The same operation gives the same intent, however often and from wherever it is sent.

use create_intent::service;
use serde_json::json;
use testing::TestServer;

use crate::{intent_id, mugs, only_intent, order_id};

#[tokio::test]
async fn the_same_operation_gives_the_same_intent() {
    let api = TestServer::start(service).await;

    let first = api.post("k1", &mugs(2)).await.expect(200);
    let second = api.post("k1", &mugs(2)).await.expect(200);

    assert_eq!(first.body, second.body);
    assert_eq!(only_intent(&api)["id"], intent_id(&first));
}

#[tokio::test]
async fn twins_at_the_same_moment_give_one_intent() {
    let api = TestServer::start(service).await;
    let other = api.another().await;
    let token = api.shop.token("ada");
    let body = mugs(1);

    let calls = (0..8).map(|n| {
        let client = if n % 2 == 0 { &api.client } else { &other };
        client.request().bearer(&token).key("k1").post(&body)
    });
    let mut secrets = Vec::new();
    for answer in futures_util::future::join_all(calls).await {
        secrets.push(answer.expect(200).body["clientSecret"].clone());
    }

    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    assert_eq!(only_intent(&api)["client_secret"], secrets[0]);
}

#[tokio::test]
async fn a_retry_finds_the_intent_after_stripe_forgot_the_key() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);

    api.shop.stripe.forget_idempotency_keys();
    let again = api.another().await;
    let token = api.shop.token("ada");
    let second = again
        .request()
        .bearer(&token)
        .key("k1")
        .post(&mugs(1))
        .await
        .expect(200);

    assert_eq!(first.body, second.body);
    let _ = only_intent(&api);
}

#[tokio::test]
async fn the_order_of_the_items_does_not_matter_to_an_operation() {
    let api = TestServer::start(service).await;
    let one = json!({ "items": [{ "price": "mug", "quantity": 1 },
        { "price": "shirt", "quantity": 1 }, { "price": "mug", "quantity": 1 }] });
    let same = json!({ "items": [{ "price": "shirt", "quantity": 1 },
        { "price": "mug", "quantity": 2 }] });

    let first = api.post("k1", &one).await.expect(200);
    let second = api.post("k1", &same).await.expect(200);

    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn the_same_key_with_other_contents_is_refused() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let other = api.post("k-other", &mugs(1)).await.expect(200);

    assert_eq!(
        api.post("k1", &mugs(2)).await.code(409),
        "idempotency_key_reused"
    );
    let mut elsewhere = mugs(1);
    elsewhere["orderId"] = json!(order_id(&other));
    assert_eq!(
        api.post("k1", &elsewhere).await.code(409),
        "idempotency_key_reused"
    );
    assert_eq!(
        api.shop
            .order(&order_id(&first))
            .await
            .revision()
            .contents
            .amount()
            .minor_units(),
        1500
    );
}

#[tokio::test]
async fn two_callers_with_the_same_key_have_two_orders() {
    let api = TestServer::start(service).await;
    let ada = api.post("k1", &mugs(1)).await.expect(200);
    let bob = api.shop.token("bob");
    let bob = api
        .client
        .request()
        .bearer(&bob)
        .key("k1")
        .post(&mugs(1))
        .await
        .expect(200);

    assert_ne!(order_id(&ada), order_id(&bob));
    assert_ne!(intent_id(&ada), intent_id(&bob));
    assert_eq!(api.shop.stripe.payment_intents().len(), 2);
}

#[tokio::test]
async fn items_need_a_key_of_a_sensible_form() {
    let api = TestServer::start(service).await;

    let answer = api.as_caller("ada").post(&mugs(1)).await.expect(400);
    assert!(
        answer.body.to_string().contains("Idempotency-Key"),
        "{}",
        answer.body
    );
    for key in ["with space", &"x".repeat(256), "", "\u{e4}"] {
        assert_eq!(
            api.post(key, &mugs(1)).await.code(400),
            "invalid_request",
            "{key}"
        );
    }
    let token = api.shop.token("ada");
    let twice = api
        .client
        .request()
        .bearer(&token)
        .key("k1")
        .key("k2")
        .post(&mugs(1))
        .await;
    assert_eq!(twice.code(400), "invalid_request");
    assert!(api.shop.stripe.payment_intents().is_empty());
}
