//! The answers, the refunds at Stripe, and the record in the database.

use refund::service;
use serde_json::{Value, json};
use shared::order::RefundReason;
use testing::{Answer, TestServer};

use crate::{amounts, left, post, refund_part, rest, with_order};

#[tokio::test]
async fn what_is_left_is_refunded_and_the_site_is_notified() {
    let api = with_order().await;

    let answer = post(&api, "k1", &rest()).await.expect(200);

    let [refund] = &api.shop.stripe.refunds()[..] else {
        panic!("not one refund")
    };
    let expected = json!({ "orderId": "o_1", "refundId": refund["id"], "amount": 1500,
        "currency": "usd", "status": "succeeded" });
    assert_eq!(answer.body, expected);
    let order = api.shop.order("o_1").await;
    assert_eq!(order.status().as_str(), "refunded");
    let notifications = api.shop.notifications().await;
    assert_eq!(notifications, ["order.paid", "order.refunded"]);
}

#[tokio::test]
async fn the_events_of_a_refund_add_nothing_to_its_answer() {
    let api = with_order().await;
    let _ = refund_part(&api, "k1", 500).await.expect(200);
    let before = api.shop.order("o_1").await;

    let intent = before.intent().unwrap().to_owned();
    api.shop.accept_events_of(&intent).await;

    let after = api.shop.order("o_1").await;
    assert_eq!(
        (after.refunded_amount(), after.left_to_refund()),
        (500, 1000)
    );
    let notifications = api.shop.notifications().await;
    assert_eq!(notifications, ["order.paid", "order.refunded"]);
}

#[tokio::test]
async fn parts_add_up_to_what_was_paid_and_no_further() {
    let api = with_order().await;
    let _ = refund_part(&api, "k1", 500).await.expect(200);
    assert_eq!(
        refund_part(&api, "k2", 1001).await.code(409),
        "refund_exceeds_paid"
    );
    let sent = api.shop.stripe.requests();
    let sent = sent.iter().filter(|r| r.path == "/v1/refunds");
    assert_eq!(sent.count(), 1, "Stripe was not asked for too much");

    let last = post(&api, "k3", &rest()).await.expect(200);
    assert_eq!(last.body["amount"], 1000);
    assert_eq!(
        post(&api, "k4", &rest()).await.code(409),
        "refund_exceeds_paid"
    );
    assert_eq!(amounts(&api.shop), [500, 1000]);
}

#[tokio::test]
async fn what_was_refunded_elsewhere_is_not_refunded_again() {
    let api = with_order().await;
    let intent = api.shop.order("o_1").await.intent().unwrap().to_owned();
    api.shop.stripe.refund(&intent, Some(1200)).unwrap();
    api.shop.accept_events_of(&intent).await;

    assert_eq!(
        refund_part(&api, "k1", 301).await.code(409),
        "refund_exceeds_paid"
    );
    let _ = refund_part(&api, "k2", 300).await.expect(200);
    assert_eq!(amounts(&api.shop), [300, 1200]);
}

#[tokio::test]
async fn the_same_operation_is_one_refund_and_other_contents_are_refused() {
    let api = with_order().await;
    let first = refund_part(&api, "k1", 500).await.expect(200);
    let again = refund_part(&api, "k1", 500).await.expect(200);
    assert_eq!(again.body, first.body);

    for other in [
        json!({ "orderId": "o_1", "amount": 501 }),
        json!({ "orderId": "o_1" }),
        json!({ "orderId": "o_1", "amount": 500, "reason": "duplicate" }),
    ] {
        assert_eq!(
            post(&api, "k1", &other).await.code(409),
            "idempotency_key_reused"
        );
    }
    assert_eq!(amounts(&api.shop), [500]);
}

#[tokio::test]
async fn the_same_key_of_another_caller_is_another_refund() {
    let api = with_order().await;
    let _ = refund_part(&api, "k1", 500).await.expect(200);
    let token = api.shop.token_of("gus", &["admin"]);
    let call = api.client.request().bearer(&token).key("k1");
    let body = json!({ "orderId": "o_1", "amount": 500 });
    let _ = call.post(&body).await.expect(200);
    assert_eq!(amounts(&api.shop), [500, 500]);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let api = with_order().await;
    api.shop.paid_order("isk", 50_000, "isk").await;
    let message = |answer: Answer| {
        let body = answer.expect(400).body;
        body["error"]["message"].as_str().unwrap().to_owned()
    };
    let cases = [
        (json!({ "orderId": "o_1", "amount": 0 }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": -500 }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": 1.5 }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": "5" }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": null }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": 1e30 }), "`amount`"),
        (
            json!({ "orderId": "isk", "amount": 50 }),
            "`amount` must be a multiple of 100",
        ),
        (json!({ "orderId": "o_1", "reason": "because" }), "`reason`"),
        (json!({ "orderId": "o_1", "currency": "usd" }), "`currency`"),
        (json!({ "amount": 500 }), "`orderId`"),
        (json!({ "orderId": "../o_1" }), "`orderId`"),
        (
            json!({ "orderId": "o_1", "instructionsEmail": "ada" }),
            "`instructionsEmail`",
        ),
        (
            json!({ "orderId": "o_1", "instructionsEmail": null }),
            "`instructionsEmail`",
        ),
    ];
    for (body, named) in cases {
        let said = message(post(&api, "k1", &body).await);
        assert!(said.contains(named), "{body}: {said}");
    }
    let token = api.shop.token_of("fay", &["admin"]);
    let keyless = api.client.request().bearer(&token).post(&rest()).await;
    assert!(message(keyless).contains("`Idempotency-Key`"));
    assert_eq!(amounts(&api.shop), [0; 0]);
}

#[tokio::test]
async fn an_order_that_is_not_paid_is_not_refunded() {
    let api = TestServer::start(service).await;
    api.shop.open_order("o_1").await;
    assert_eq!(post(&api, "k1", &rest()).await.code(409), "order_not_paid");
    assert_eq!(
        refund_part(&api, "k2", 500).await.code(409),
        "order_not_paid"
    );
    let missing = json!({ "orderId": "o_9" });
    assert_eq!(post(&api, "k3", &missing).await.code(404), "not_found");
}

#[tokio::test]
async fn a_refund_that_fails_later_releases_its_amount() {
    let api = with_order().await;
    let answer = post(&api, "k1", &rest()).await.expect(200);
    let intent = api.shop.order("o_1").await.intent().unwrap().to_owned();
    api.shop
        .stripe
        .fail_refund(answer.body["refundId"].as_str().unwrap())
        .unwrap();
    assert_eq!(left(&api).await, 0);

    api.shop.accept_events_of(&intent).await;

    assert_eq!(left(&api).await, 1500);
    let again = post(&api, "k1", &rest()).await.expect(200);
    assert_eq!(again.body["status"], "failed", "it is the same refund");
    let anew = post(&api, "k2", &rest()).await.expect(200);
    assert_eq!(anew.body["status"], "succeeded");
    assert_eq!(amounts(&api.shop), [1500, 1500]);
}

#[tokio::test]
async fn the_database_keeps_who_asked_when_for_how_much_why_and_what_came_of_it() {
    let api = with_order().await;
    let body = json!({ "orderId": "o_1", "amount": 500, "reason": "requested_by_customer" });
    let answer = post(&api, "k1", &body).await.expect(200);

    let order = api.shop.order("o_1").await;
    let [request] = order.refund_requests() else {
        panic!("{:?}", order.refund_requests())
    };
    let fay = shared::access::CallerId::parse("fay").unwrap().alias();
    assert_eq!((request.by(), request.amount()), (fay.as_str(), 500));
    assert_eq!(request.reason(), Some(RefundReason::RequestedByCustomer));
    assert!((0..60).contains(&(api.shop.clock.now() - request.at())));
    assert_eq!(request.refund(), answer.body["refundId"].as_str());
    let refund = &api.shop.stripe.refunds()[0];
    assert_eq!(refund["reason"], "requested_by_customer");
    let deployment = api.shop.store.deployment().unwrap().id();
    let written = json!({ "farebox_deployment": deployment, "farebox_order": "o_1",
        "farebox_refund": request.id() });
    assert_eq!(refund["metadata"], written);
}

#[tokio::test]
async fn a_pending_refund_is_reserved_and_refunded_once_it_succeeded() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let confirm = api.shop.stripe.confirm(&intent, "pm_card_pendingRefund");
    confirm.await.unwrap();
    api.shop.accept_events_of(&intent).await;

    let answer = refund_part(&api, "k1", 1000).await.expect(200);
    assert_eq!(answer.body["status"], "pending");
    let order = api.shop.order("o_1").await;
    assert_eq!(order.status().as_str(), "paid");
    assert_eq!(
        (order.refunded_amount(), order.refund_pending_amount()),
        (0, 1000)
    );
    assert_eq!(
        refund_part(&api, "k2", 501).await.code(409),
        "refund_exceeds_paid"
    );

    let refund = answer.body["refundId"].as_str().unwrap();
    api.shop.stripe.settle_refund(refund).unwrap();
    let again = refund_part(&api, "k1", 1000).await.expect(200);
    assert_eq!(again.body["status"], Value::from("succeeded"));
    api.shop.accept_events_of(&intent).await;

    let order = api.shop.order("o_1").await;
    assert_eq!(
        (order.refunded_amount(), order.refund_pending_amount()),
        (1000, 0)
    );
    let expected = ["order.paid", "order.refund_pending", "order.refunded"];
    assert_eq!(api.shop.notifications().await, expected);
}

#[tokio::test]
async fn a_refund_that_fails_after_it_succeeded_notifies_the_site_and_releases_the_amount() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let confirm = api.shop.stripe.confirm(&intent, "pm_card_refundFail");
    confirm.await.unwrap();
    api.shop.accept_events_of(&intent).await;
    let answer = post(&api, "k1", &rest()).await.expect(200);
    assert_eq!(answer.body["status"], "succeeded");

    let refund = answer.body["refundId"].as_str().unwrap();
    api.shop.stripe.fail_refund(refund).unwrap();
    api.shop.accept_events_of(&intent).await;

    assert_eq!(left(&api).await, 1500);
    let expected = ["order.paid", "order.refunded", "order.refund_failed"];
    assert_eq!(api.shop.notifications().await, expected);
}
