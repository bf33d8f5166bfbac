//! Who may refund, and how much: by call, by day and by currency.

use refund::service;
use serde_json::{Value, json};
use testing::{Log, NOW, Shop, TestServer};

use crate::{amounts, left, post_as, rest, with_order};

/// An order of `minor_units` of `currency`, at a time that stands still.
async fn api(minor_units: i64, currency: &str) -> TestServer {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    api.shop.paid_order("o_1", minor_units, currency).await;
    api
}

fn part(amount: i64) -> Value {
    json!({ "orderId": "o_1", "amount": amount })
}

#[tokio::test]
async fn a_role_without_the_permission_refunds_nothing() {
    let api = with_order().await;
    for role in ["guest", "customer", "support"] {
        assert_eq!(
            post_as(&api, role, "k1", &rest()).await.code(403),
            "forbidden"
        );
    }
    let stranger = api.client.request().key("k1").post(&rest()).await;
    assert_eq!(stranger.code(401), "unauthenticated");
    assert_eq!(amounts(&api.shop), [0; 0]);
    assert_eq!(left(&api).await, 1500);
}

#[tokio::test]
async fn one_call_is_limited_and_a_smaller_one_is_done() {
    let api = api(90_000, "usd").await;
    for body in [part(50_001), rest()] {
        assert_eq!(
            post_as(&api, "finance", "k1", &body).await.code(403),
            "refund_limit"
        );
    }
    let _ = post_as(&api, "finance", "k2", &part(50_000))
        .await
        .expect(200);
    let _ = post_as(&api, "finance", "k3", &rest()).await.expect(200);
    assert_eq!(amounts(&api.shop), [40_000, 50_000]);
}

#[tokio::test]
async fn a_currency_that_the_role_does_not_name_is_denied() {
    let api = api(5_000, "jpy").await;
    let denied = post_as(&api, "finance", "k1", &part(1)).await;
    assert_eq!(denied.code(403), "refund_limit");
    let _ = post_as(&api, "admin", "k2", &part(1)).await.expect(200);
}

#[tokio::test]
async fn a_day_is_limited_and_the_next_one_is_another() {
    let api = api(900_000, "usd").await;
    for key in ["k1", "k2", "k3", "k4"] {
        let _ = post_as(&api, "finance", key, &part(50_000))
            .await
            .expect(200);
    }
    let denied = post_as(&api, "finance", "k5", &part(1)).await;
    assert_eq!(denied.code(403), "refund_limit");
    let again = post_as(&api, "finance", "k4", &part(50_000)).await;
    let _ = again.expect(200);
    let gus = api.shop.token_of("gus", &["finance"]);
    let gus = api.client.request().bearer(&gus).key("k5");
    let _ = gus.post(&part(1)).await.expect(200);

    api.shop.clock.advance(24 * 60 * 60);
    let _ = post_as(&api, "finance", "k5", &part(50_000))
        .await
        .expect(200);
    assert_eq!(amounts(&api.shop).len(), 6);
}

#[tokio::test]
async fn what_stripe_refuses_does_not_count_against_the_day() {
    let api = api(50_000, "usd").await;
    api.shop.paid_order("o_2", 200_000, "usd").await;
    let intent = api.shop.order("o_1").await.intent().unwrap().to_owned();
    // Its event is not delivered.
    api.shop.stripe.refund(&intent, None).unwrap();
    let refused = post_as(&api, "finance", "k1", &part(50_000)).await;
    assert_eq!(refused.code(409), "refund_exceeds_paid");

    for key in ["k1", "k2", "k3", "k4"] {
        let body = json!({ "orderId": "o_2", "amount": 50_000 });
        let _ = post_as(&api, "finance", key, &body).await.expect(200);
    }
}

#[tokio::test]
async fn each_refund_and_each_denial_is_recorded() {
    let api = api(90_000, "usd").await;
    let (log, guard) = Log::start();
    let _ = post_as(&api, "finance", "k1", &part(50_001))
        .await
        .expect(403);
    let _ = post_as(&api, "finance", "k2", &part(500)).await.expect(200);
    drop(guard);

    let text = log.text();
    let lines = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let records: Vec<Value> = lines.filter(|line| line["audit"] == true).collect();
    let of = |record: &Value| {
        let names = ["action", "object", "allowed", "why"];
        names.map(|name| record[name].clone())
    };
    let expected = [
        json!(["refund:create", "o_1", false, "limit"]),
        json!(["refund:create", "o_1", true, "any"]),
    ];
    let records: Vec<Value> = records.iter().map(|one| json!(of(one))).collect();
    assert_eq!(records, expected);
    assert!(!log.says("fay"), "{text}");
    assert_eq!(api.shop.clock.now(), NOW);
}
