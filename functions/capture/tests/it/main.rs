//! `capture` over a real socket, with a sandbox of Stripe and a database on a file behind it: its
//! answers, the limits of roles, Stripe's faults, and several real [`processes`].

mod processes;

use capture::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Shop, TestServer};

/// The route at Stripe.
const CAPTURES: &str = "/v1/payment_intents/";

/// The function over a shop with the authorized order `o_1` of 15.00.
async fn with_order() -> TestServer {
    let api = TestServer::start(service).await;
    api.shop.authorized_order("o_1", 1500, "usd").await;
    api
}

/// Fay, with one role, captures `amount` of `o_1`, or all of it.
async fn capture_as(api: &TestServer, role: &str, amount: Option<i64>) -> Answer {
    let mut body = json!({ "orderId": "o_1" });
    if let Some(amount) = amount {
        body["amount"] = amount.into();
    }
    api.as_role("fay", role).post(&body).await
}

async fn capture(api: &TestServer, amount: Option<i64>) -> Answer {
    capture_as(api, "admin", amount).await
}

/// The amounts that Stripe received.
fn received(shop: &Shop) -> Vec<i64> {
    let intents = shop.stripe.payment_intents();
    let received = intents.iter().map(|one| &one["amount_received"]);
    received.filter_map(Value::as_i64).collect()
}

/// The requests to capture that Stripe received.
fn calls(shop: &Shop) -> usize {
    let requests = shop.stripe.requests();
    let captures = requests.iter().filter(|one| one.path.ends_with("/capture"));
    captures.count()
}

#[tokio::test]
async fn an_authorized_order_is_no_paid_order() {
    let api = with_order().await;
    let order = api.shop.order("o_1").await;
    assert_eq!(order.status().as_str(), "authorized");
    assert_eq!((order.paid_at(), order.total().minor_units()), (None, 1500));
    assert_eq!(api.shop.notifications().await, ["order.authorized"]);
    assert_eq!(received(&api.shop), [0]);
}

#[tokio::test]
async fn a_capture_of_all_pays_the_order_and_notifies_once() {
    let api = with_order().await;

    let answer = capture(&api, None).await.expect(200);

    assert_eq!(answer.body["status"], "paid");
    assert_eq!(answer.body["amount"], 1500);
    assert_eq!(received(&api.shop), [1500]);
    api.shop.accept_events().await;
    let expected = ["order.authorized", "order.paid"];
    assert_eq!(api.shop.notifications().await, expected);
    assert!(api.shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_capture_of_a_part_releases_the_rest_and_the_order_is_worth_the_part() {
    let api = with_order().await;

    let answer = capture(&api, Some(600)).await.expect(200);

    let amounts = &answer.body["amounts"];
    assert_eq!(
        (&amounts["subtotal"], &amounts["total"]),
        (&json!(1500), &json!(600))
    );
    assert_eq!(received(&api.shop), [600]);
    let order = api.shop.order("o_1").await;
    assert_eq!(order.left_to_refund(), 600, "no more can be refunded");
    let outbox = api.shop.outbox().await;
    let paid: Value = serde_json::from_str(&outbox[1].message.body).unwrap();
    assert_eq!(paid["data"]["amount"], 600);
}

#[tokio::test]
async fn a_repeated_capture_answers_the_same_and_another_amount_is_refused() {
    let api = with_order().await;
    let first = capture(&api, Some(600)).await.expect(200);

    let again = capture(&api, Some(600)).await.expect(200);
    let rest = capture(&api, None).await.expect(200);
    let other = capture(&api, Some(500)).await;

    assert_eq!(again.body, first.body);
    assert_eq!(rest.body, first.body);
    assert_eq!(other.code(409), "order_already_paid");
    assert_eq!(calls(&api.shop), 1);
}

#[tokio::test]
async fn an_order_that_is_not_authorized_is_not_captured() {
    let api = TestServer::start(service).await;
    api.shop.open_order("o_1").await;
    assert_eq!(capture(&api, None).await.code(409), "order_not_authorized");

    let intent = api.shop.paid_order("o_2", 1500, "usd").await;
    let body = json!({ "orderId": "o_2" });
    let paid = api.as_role("fay", "admin").post(&body).await;
    assert_eq!(paid.code(409), "order_already_paid", "{intent}");
    assert_eq!(calls(&api.shop), 0);
}

#[tokio::test]
async fn an_authorization_that_ran_out_leaves_an_order_that_can_be_paid_again() {
    let api = TestServer::start(service).await;
    let intent = api.shop.authorized_order("o_1", 1500, "usd").await;
    api.shop.stripe.expire_authorization(&intent).unwrap();

    let answer = capture(&api, None).await;

    assert_eq!(answer.code(409), "order_not_authorized");
    assert_eq!(api.shop.status("o_1").await, "created", "Stripe was asked");
    assert_eq!(received(&api.shop), [0]);
}

#[tokio::test]
async fn amounts_beyond_the_authorization_and_malformed_requests_are_refused() {
    let api = with_order().await;
    let over = capture(&api, Some(1501)).await;
    assert_eq!(over.code(409), "capture_exceeds_authorized");
    let cases = [
        (json!({ "orderId": "o_1", "amount": 0 }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": -5 }), "`amount`"),
        (json!({ "orderId": "o_1", "amount": null }), "amount"),
        (json!({ "orderId": "o_1", "amount": 1.5 }), "amount"),
        (json!({ "orderId": "o 1" }), "`orderId`"),
        (json!({ "orderId": "o_1", "reason": "x" }), "reason"),
        (json!({}), "orderId"),
    ];
    for (body, named) in cases {
        let refused = api.as_role("fay", "admin").post(&body).await;
        let message = refused.body["error"]["message"].to_string();
        assert_eq!(refused.code(400), "invalid_request", "{body}");
        assert!(message.contains(named), "{body}: {message}");
    }
    assert_eq!(calls(&api.shop), 0);
}

#[tokio::test]
async fn a_role_captures_no_more_than_its_limits_in_a_call_and_in_a_day() {
    let api = TestServer::start(service).await;
    for n in 1..=5 {
        let order = format!("o_{n}");
        api.shop.authorized_order(&order, 60_000, "usd").await;
    }
    let over = capture_as(&api, "finance", None).await;
    assert_eq!(
        over.code(403),
        "capture_limit",
        "600.00 exceed the 500.00 of a call"
    );
    for n in 1..=4 {
        let body = json!({ "orderId": format!("o_{n}"), "amount": 50_000 });
        let captured = api.as_role("fay", "finance").post(&body).await.expect(200);
        assert_eq!(captured.body["status"], "paid");
    }
    let body = json!({ "orderId": "o_5", "amount": 1 });
    let over = api.as_role("fay", "finance").post(&body).await;
    assert_eq!(
        over.code(403),
        "capture_limit",
        "2,000.00 were captured today"
    );
    let other = api.as_role("moe", "finance").post(&body).await.expect(200);
    assert_eq!(other.body["status"], "paid");
}

#[tokio::test]
async fn neither_the_owner_nor_a_role_without_the_permission_captures() {
    let api = with_order().await;
    for role in ["guest", "customer", "support", "monitor"] {
        let refused = api
            .as_role("ada", role)
            .post(&json!({ "orderId": "o_1" }))
            .await;
        assert_eq!(refused.code(403), "forbidden", "{role}");
    }
    let unknown = api
        .as_role("fay", "admin")
        .post(&json!({ "orderId": "o_9" }))
        .await;
    assert_eq!(unknown.code(404), "not_found");
    assert_eq!(calls(&api.shop), 0);
}

#[tokio::test]
async fn a_capture_whose_answer_was_lost_is_completed_by_the_same_request() {
    let api = with_order().await;
    let lost = Fault::lost_answer().on("POST", CAPTURES);
    api.shop.stripe.inject(lost.times(0));
    let first = capture(&api, Some(600)).await;
    assert_eq!(first.status, 503);
    api.shop.stripe.clear_faults();

    assert_eq!(received(&api.shop), [600], "Stripe captured");
    let again = capture(&api, Some(600)).await.expect(200);

    assert_eq!(again.body["amount"], 600);
    let expected = ["order.authorized", "order.paid"];
    assert_eq!(api.shop.notifications().await, expected);
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_under_a_key_does_not_keep_a_capture_from_being_made() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        let api = with_order().await;
        api.shop.stripe.inject(fault.on("POST", CAPTURES).times(1));

        let captured = capture(&api, None).await.expect(200);

        assert_eq!(captured.body["status"], "paid");
        assert_eq!(received(&api.shop), [1500]);
        let expected = ["order.authorized", "order.paid"];
        assert_eq!(api.shop.notifications().await, expected);
    }
}
