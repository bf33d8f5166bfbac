//! Stripe fails in every way it can; there is never a second refund for one operation.

use refund::service;
use sandbox::Fault;
use serde_json::json;
use testing::TestServer;

use crate::{amounts, left, post, refund_part, rest, with_order};

#[tokio::test]
async fn what_passes_is_tried_again_and_refunds_once() {
    let faults: [fn() -> Fault; 6] = [
        Fault::rate_limit,
        Fault::bad_gateway,
        Fault::truncated,
        Fault::reset,
        Fault::lost_answer,
        Fault::hang,
    ];
    for fault in faults {
        let api = with_order().await;
        let fault = fault().on("POST", "/v1/refunds").times(2);
        api.shop.stripe.inject(fault.clone());
        let answer = refund_part(&api, "k1", 500).await;
        assert_eq!(answer.status, 200, "{fault:?}: {}", answer.body);
        assert_eq!(amounts(&api.shop), [500], "{fault:?}");
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_stays_reserved_and_is_found_again() {
    for stripe_forgets in [false, true] {
        let api = with_order().await;
        let lost = Fault::lost_answer().on("POST", "/v1/refunds").times(0);
        api.shop.stripe.inject(lost);
        let answer = refund_part(&api, "k1", 500).await;
        assert_eq!(answer.headers["retry-after"], "2");
        assert_eq!(answer.code(503), "unavailable");
        assert_eq!(amounts(&api.shop), [500], "made, and the answer was lost");
        assert_eq!(left(&api).await, 1000, "it is reserved");

        api.shop.stripe.clear_faults();
        if stripe_forgets {
            api.shop.stripe.forget_idempotency_keys();
        }
        let answer = refund_part(&api, "k1", 500).await.expect(200);

        assert_eq!(answer.body["refundId"], api.shop.stripe.refunds()[0]["id"]);
        assert_eq!(amounts(&api.shop), [500]);
        assert_eq!(left(&api).await, 1000);
    }
}

#[tokio::test]
async fn an_event_completes_a_refund_whose_answer_was_lost() {
    let api = with_order().await;
    let lost = Fault::lost_answer().on("POST", "/v1/refunds").times(0);
    api.shop.stripe.inject(lost);
    assert_eq!(refund_part(&api, "k1", 500).await.code(503), "unavailable");
    let intent = api.shop.order("o_1").await.intent().unwrap().to_owned();

    api.shop.accept_events_of(&intent).await;

    let order = api.shop.order("o_1").await;
    assert_eq!(order.left_to_refund(), 1000, "it counts once");
    let refund = api.shop.stripe.refunds()[0]["id"].clone();
    assert_eq!(order.refund_requests()[0].refund(), refund.as_str());
    let answer = refund_part(&api, "k1", 500).await.expect(200);
    assert_eq!(answer.body["refundId"], refund);
}

#[tokio::test]
async fn a_refusal_for_good_releases_the_amount_and_is_answered_alike_again() {
    let api = with_order().await;
    let intent = api.shop.order("o_1").await.intent().unwrap().to_owned();
    // From the dashboard, and its event is not delivered yet.
    api.shop.stripe.refund(&intent, Some(1200)).unwrap();

    for _ in 0..2 {
        assert_eq!(
            refund_part(&api, "k1", 500).await.code(409),
            "refund_exceeds_paid"
        );
    }
    assert_eq!(left(&api).await, 1500);
    let _ = refund_part(&api, "k2", 300).await.expect(200);
    assert_eq!(
        post(&api, "k3", &rest()).await.code(409),
        "refund_exceeds_paid"
    );
    assert_eq!(amounts(&api.shop), [300, 1200]);
}

#[tokio::test]
async fn a_disputed_payment_is_not_refunded() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let confirm = api.shop.stripe.confirm(&intent, "pm_card_createDispute");
    confirm.await.unwrap();
    api.shop.accept_events_of(&intent).await;
    assert_eq!(post(&api, "k1", &rest()).await.code(409), "order_disputed");
    assert_eq!(left(&api).await, 1500);
}

#[tokio::test]
async fn a_key_that_stripe_refuses_leaves_the_amount_reserved() {
    for fault in [Fault::unauthorized(), Fault::restricted()] {
        let api = with_order().await;
        api.shop
            .stripe
            .inject(fault.on("POST", "/v1/refunds").times(0));
        let answer = refund_part(&api, "k1", 500).await;
        assert!(!answer.body.to_string().contains("sk_test"));
        assert_eq!(answer.code(503), "unavailable");
        assert_eq!(left(&api).await, 1000);
        api.shop.stripe.clear_faults();
        let _ = refund_part(&api, "k1", 500).await.expect(200);
        assert_eq!(amounts(&api.shop), [500]);
    }
}

#[tokio::test]
async fn an_answer_about_another_amount_is_not_taken() {
    let api = with_order().await;
    let wrong = Fault::wrong_amount().on("POST", "/v1/refunds");
    api.shop.stripe.inject(wrong);
    assert_eq!(refund_part(&api, "k1", 500).await.code(500), "internal");
    let order = api.shop.order("o_1").await;
    assert_eq!((order.refunded_amount(), order.left_to_refund()), (0, 1000));
    let body = json!({ "orderId": "o_1", "amount": 500 });
    let _ = post(&api, "k1", &body).await.expect(200);
    assert_eq!(amounts(&api.shop), [500]);
}
