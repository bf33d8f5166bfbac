//! An order of zero is paid without a payment.

use create_intent::service;
use futures_util::future::join_all;
use serde_json::json;
use testing::TestServer;

use crate::post_signed;

#[tokio::test]
async fn an_order_of_zero_is_paid_at_once_and_its_site_is_notified_once() {
    let api = TestServer::start(service).await;
    let free = json!({ "amount": 0 });
    let answers = join_all((0..4).map(|_| post_signed(&api, &free))).await;

    let (first, late): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
    assert!(!first.is_empty());
    for answer in late {
        assert_eq!(answer.code(409), "order_already_paid");
    }
    for answer in first {
        assert_eq!(answer.body["clientSecret"], json!(null));
        assert_eq!(
            (&answer.body["amount"], &answer.body["status"]),
            (&json!(0), &json!("paid"))
        );
    }
    assert!(api.shop.stripe.payment_intents().is_empty());
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn an_order_that_became_free_closes_its_intent_first() {
    let api = TestServer::start(service).await;
    let priced = post_signed(&api, &json!({ "amount": 1500, "version": 1 }))
        .await
        .expect(200);
    assert!(priced.body["clientSecret"].is_string());
    let free = post_signed(&api, &json!({ "amount": 0, "version": 2 }))
        .await
        .expect(200);

    assert_eq!(free.body["status"], "paid");
    let [intent] = &api.shop.stripe.payment_intents()[..] else {
        panic!("not exactly one")
    };
    assert_eq!(intent["status"], "canceled");
    api.shop.accept_events().await;
    assert_eq!(api.shop.status("o_1").await, "paid");
    let late = post_signed(&api, &json!({ "amount": 900, "version": 3 })).await;
    assert_eq!(late.code(409), "order_already_paid");
}
