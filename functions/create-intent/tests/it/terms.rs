//! The terms of an order's payment: when its money is taken, and until when it may be paid.

use create_intent::service;
use serde_json::{Value, json};
use shared::order::CaptureMethod;
use testing::{Shop, TestServer};

use crate::{intent_id, mugs, only_intent, open_intent, order_id, post_signed};

#[tokio::test]
async fn a_signed_capture_method_wins_over_the_setting() {
    for (setting, claim, method) in [
        ("", Value::Null, "automatic"),
        ("", json!("manual"), "manual"),
        ("manual", Value::Null, "manual"),
        ("manual", json!("automatic"), "automatic"),
    ] {
        let shop = Shop::open_with(&[("FAREBOX_CAPTURE", setting)]).await;
        let api = TestServer::over(shop, service).await;
        let _answer = post_signed(&api, &json!({ "captureMethod": claim })).await;
        let made = only_intent(&api)["capture_method"].clone();
        let is_manual = made == "manual";
        assert_eq!(is_manual, method == "manual", "{setting} {claim}: {made}");
    }
}

#[tokio::test]
async fn the_setting_applies_to_items_as_well_and_the_order_becomes_authorized() {
    let shop = Shop::open_with(&[("FAREBOX_CAPTURE", "manual")]).await;
    let api = TestServer::over(shop, service).await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let intent = intent_id(&answer);

    let _held = api
        .shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.accept_events_of(&intent).await;

    assert_eq!(api.shop.status(&order_id(&answer)).await, "authorized");
    let again = api.post("k1", &mugs(1)).await;
    assert_eq!(
        again.code(409),
        "payment_processing",
        "no second payment is opened"
    );
}

#[tokio::test]
async fn an_intent_does_not_follow_an_order_to_another_capture_method() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let first = post_signed(&api, &json!({})).await.expect(200);
    api.shop.clock.advance(10);
    let manual = json!({ "captureMethod": "manual" });
    let second = post_signed(&api, &manual).await.expect(200);
    assert_ne!(intent_id(&first), intent_id(&second));
    assert_eq!(open_intent(&api)["capture_method"], "manual");
}

#[tokio::test]
async fn an_order_takes_no_payment_after_its_time_and_a_new_signing_gives_it_more() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let now = api.shop.clock.now();
    let _first = post_signed(&api, &json!({ "expiresAt": now + 60 }))
        .await
        .expect(200);
    assert_eq!(api.shop.order("o_1").await.deadline(), Some(now + 60));

    api.shop.clock.advance(60);
    let late = post_signed(&api, &json!({ "expiresAt": now + 60, "iat": now })).await;
    assert_eq!(late.code(409), "order_expired");
    let other = json!({ "orderId": "o_2", "expiresAt": now + 60 });
    assert_eq!(post_signed(&api, &other).await.code(409), "order_expired");

    let longer = post_signed(&api, &json!({ "expiresAt": now + 120 })).await;
    assert_eq!(longer.expect(200).body["status"], "created");
    assert_eq!(api.shop.order("o_1").await.deadline(), Some(now + 120));
}

#[tokio::test]
async fn an_order_of_items_has_the_time_that_the_setting_gives_and_a_change_gives_no_more() {
    let shop = Shop::open_with(&[("FAREBOX_ORDER_TTL", "600")])
        .await
        .at_fixed_time();
    let api = TestServer::over(shop, service).await;
    let now = api.shop.clock.now();
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let order = order_id(&answer);
    api.shop.clock.advance(300);
    let change = json!({ "orderId": order, "items": [{ "price": "mug", "quantity": 2 }] });
    let _changed = api.post("k2", &change).await.expect(200);
    assert_eq!(api.shop.order(&order).await.deadline(), Some(now + 600));

    api.shop.clock.advance(300);
    for (key, body) in [("k1", &mugs(1)), ("k3", &change)] {
        assert_eq!(
            api.post(key, body).await.code(409),
            "order_expired",
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_signed_order_without_an_end_of_its_own_has_the_time_from_its_first_request() {
    let shop = Shop::open_with(&[("FAREBOX_ORDER_TTL", "600")])
        .await
        .at_fixed_time();
    let api = TestServer::over(shop, service).await;
    let now = api.shop.clock.now();
    let _answer = post_signed(&api, &json!({ "iat": now - 30 }))
        .await
        .expect(200);
    let order = api.shop.order("o_1").await;
    assert_eq!(order.deadline(), Some(now + 600));
    assert_eq!(
        order.revision().contents.capture_method(),
        CaptureMethod::Automatic
    );
}

#[tokio::test]
async fn wrong_terms_of_a_signed_order_are_refused_by_name() {
    let api = TestServer::start(service).await;
    let cases = [
        (json!({ "captureMethod": "later" }), "`captureMethod`"),
        (json!({ "captureMethod": true }), "`captureMethod`"),
        (json!({ "expiresAt": "tomorrow" }), "`expiresAt`"),
        (json!({ "expiresAt": 1.5 }), "`expiresAt`"),
    ];
    for (claims, named) in cases {
        let refused = post_signed(&api, &claims).await;
        let message = refused.body["error"]["message"].to_string();
        assert_eq!(refused.code(400), "invalid_request", "{claims}");
        assert!(message.contains(named), "{claims}: {message}");
    }
}
