//! Payments that cannot be refunded to their source, or not in part.

use std::time::Duration;

use refund::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::TestServer;

use crate::{amounts, left, post, refund_part, rest};

/// The function over a shop with the order `o_1` of 15.00, paid by `method`.
async fn paid_by(method: &Value) -> TestServer {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let method = api.shop.stripe.payment_method(method.clone()).unwrap();
    let method = method["id"].as_str().unwrap();
    api.shop.stripe.confirm(&intent, method).await.unwrap();
    api.shop.stripe.settle(&intent).unwrap();
    api.shop.accept_events_of(&intent).await;
    api
}

/// The same, paid by a bank transfer of a payer who gave `email`.
async fn transferred(email: Option<&str>) -> TestServer {
    let mut method = json!({ "type": "customer_balance" });
    if let Some(email) = email {
        method["billing_details"] = json!({ "email": email });
    }
    paid_by(&method).await
}

/// The order as the database has it, as text.
async fn stored(api: &TestServer) -> String {
    serde_json::to_string(&api.shop.order("o_1").await).unwrap()
}

#[tokio::test]
async fn the_payer_is_asked_at_the_address_that_they_gave_when_they_paid() {
    let api = transferred(Some("ada@example.com")).await;

    let answer = refund_part(&api, "k1", 500).await.expect(200);

    assert_eq!(answer.body["status"], "requires_action");
    let [refund] = &api.shop.stripe.refunds()[..] else {
        panic!("not one refund")
    };
    assert_eq!(refund["instructions_email"], "ada@example.com");
    let again = refund_part(&api, "k1", 500).await.expect(200);
    assert_eq!(again.body, answer.body);
    assert_eq!(amounts(&api.shop), [500]);
    assert!(!stored(&api).await.contains("ada@"));
}

#[tokio::test]
async fn one_who_asks_with_the_payers_address_and_one_without_get_one_refund() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let card = json!({ "type": "card", "billing_details": { "email": "ada@example.com" },
        "card": { "number": "4242424242424242", "exp_month": 12, "exp_year": 2040,
            "cvc": "123" } });
    let method = api.shop.stripe.payment_method(card).unwrap();
    let method = method["id"].as_str().unwrap();
    api.shop.stripe.confirm(&intent, method).await.unwrap();
    api.shop.accept_events_of(&intent).await;
    // The first is refused, and learns the address slowly; the second is not refused any more.
    let refused = Fault::incomplete_decline().on("POST", "/v1/refunds");
    let slow = Fault::latency(Duration::from_millis(500));
    api.shop.stripe.inject(refused);
    api.shop
        .stripe
        .inject(slow.on("GET", "/v1/payment_intents"));

    let (first, second) = tokio::join!(refund_part(&api, "k1", 500), refund_part(&api, "k1", 500));

    assert_eq!(amounts(&api.shop), [500]);
    assert_eq!(first.expect(200).body, second.expect(200).body);
}

#[tokio::test]
async fn where_no_address_is_known_staff_give_one() {
    let api = transferred(None).await;
    for _ in 0..2 {
        assert_eq!(
            refund_part(&api, "k1", 500).await.code(409),
            "refund_needs_email"
        );
    }
    assert_eq!(left(&api).await, 1500);

    let asked =
        |email: &str| json!({ "orderId": "o_1", "amount": 500, "instructionsEmail": email });
    let answer = post(&api, "k2", &asked("bob@example.com"))
        .await
        .expect(200);
    assert_eq!(answer.body["status"], "requires_action");
    let again = post(&api, "k2", &asked("bob@example.com"))
        .await
        .expect(200);
    assert_eq!(again.body, answer.body);
    let other = post(&api, "k2", &asked("eve@example.com")).await;
    assert_eq!(other.code(409), "idempotency_key_reused");

    let refunds = api.shop.stripe.refunds();
    assert_eq!(refunds[0]["instructions_email"], "bob@example.com");
    assert_eq!(amounts(&api.shop), [500]);
    assert!(!stored(&api).await.contains("bob@"));
}

#[tokio::test]
async fn the_address_of_staff_comes_before_that_of_the_payment() {
    let api = transferred(Some("ada@example.com")).await;
    let mut asked = rest();
    asked["instructionsEmail"] = json!("bob@example.com");
    let _ = post(&api, "k1", &asked).await.expect(200);
    let refunds = api.shop.stripe.refunds();
    assert_eq!(refunds[0]["instructions_email"], "bob@example.com");
}

#[tokio::test]
async fn a_key_that_may_not_read_payments_leaves_staff_to_give_the_address() {
    let api = transferred(Some("ada@example.com")).await;
    let denied = Fault::restricted().on("GET", "/v1/payment_intents");
    api.shop.stripe.inject(denied.times(0));
    assert_eq!(
        post(&api, "k1", &rest()).await.code(409),
        "refund_needs_email"
    );
    let mut asked = rest();
    asked["instructionsEmail"] = json!("bob@example.com");
    let _ = post(&api, "k2", &asked).await.expect(200);
}

#[tokio::test]
async fn the_whole_way_of_a_refund_of_a_transfer_is_visible() {
    let api = transferred(Some("ada@example.com")).await;
    let answer = post(&api, "k1", &rest()).await.expect(200);
    let refund = answer.body["refundId"].as_str().unwrap();
    let intent = api.shop.order("o_1").await.intent().unwrap().to_owned();

    api.shop.stripe.answer_refund(refund).unwrap();
    api.shop.accept_events_of(&intent).await;
    let order = api.shop.order("o_1").await;
    assert_eq!((order.refund_pending_amount(), left(&api).await), (1500, 0));
    assert_eq!(order.status().as_str(), "paid");

    api.shop.stripe.settle_refund(refund).unwrap();
    api.shop.accept_events_of(&intent).await;
    assert_eq!(api.shop.status("o_1").await, "refunded");
}

#[tokio::test]
async fn a_part_of_a_payment_that_is_refunded_in_full_only_is_refused_as_that() {
    let method = json!({ "type": "us_bank_account", "us_bank_account": {
        "routing_number": "110000000", "account_number": "000123456789" } });
    let api = paid_by(&method).await;
    for _ in 0..2 {
        assert_eq!(
            refund_part(&api, "k1", 500).await.code(409),
            "refund_in_full_only"
        );
    }
    let answer = post(&api, "k2", &rest()).await.expect(200);
    assert_eq!(answer.body["status"], "pending");
    assert_eq!(amounts(&api.shop), [1500]);
}
