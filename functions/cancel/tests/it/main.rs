//! `cancel` over a real socket, with a sandbox of Stripe and a database on a file behind it: its
//! answers, who may cancel what, and several real [`processes`].
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod processes;

use cancel::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Client, Shop, TestServer};

/// Ada, as a guest, cancels `o_1`.
async fn cancel(api: &TestServer) -> Answer {
    let body = json!({ "orderId": "o_1", "reason": "requested_by_customer" });
    api.as_role("ada", "guest").post(&body).await
}

/// Fay, with one role, cancels `o_1`.
async fn cancel_as(api: &TestServer, role: &str) -> Answer {
    api.as_role("fay", role)
        .post(&json!({ "orderId": "o_1" }))
        .await
}

/// The statuses of the payment intents.
fn intents(shop: &Shop) -> Vec<String> {
    let intents = shop.stripe.payment_intents();
    let statuses = intents.iter().map(|one| one["status"].as_str().unwrap());
    statuses.map(str::to_owned).collect()
}

/// Delivers all events to the webhook.
async fn deliver_all(shop: &Shop) {
    let webhook = Client::of(webhook::service(shop.app())).await;
    for event in shop.stripe.events() {
        let _ = shop.deliver(&webhook, event.to_string()).await.expect(200);
    }
    assert!(shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_owner_cancels_an_unpaid_order_and_stripe_takes_no_money_any_more() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;

    let answer = cancel(&api).await.expect(200);

    assert_eq!(answer.body["status"], "canceled");
    assert_eq!(answer.body["cancelReason"], "requested_by_customer");
    assert!(
        api.shop
            .stripe
            .confirm(&intent, "pm_card_visa")
            .await
            .is_err()
    );
    deliver_all(&api.shop).await;
    assert_eq!(api.shop.status("o_1").await, "canceled");
    let [message] = &api.shop.outbox().await[..] else {
        panic!("one notification")
    };
    assert_eq!(message.message.kind, "order.canceled");
    let body: Value = serde_json::from_str(&message.message.body).unwrap();
    assert_eq!(body["data"]["cancelReason"], "requested_by_customer");
}

#[tokio::test]
async fn an_order_without_a_payment_is_canceled_and_stays_so() {
    let api = TestServer::start(service).await;
    let contents = api.shop.contents(1500, "usd");
    let now = api.shop.clock.now();
    let _order = api.shop.put_order("ada", "o_1", contents, now).await;

    let first = cancel(&api).await.expect(200);
    let again = cancel_as(&api, "admin").await.expect(200);

    assert_eq!(first.body["status"], "canceled");
    assert_eq!(
        again.body["cancelReason"], "requested_by_customer",
        "the first counts"
    );
    assert_eq!(api.shop.notifications().await, ["order.canceled"]);
}

#[tokio::test]
async fn a_canceled_order_takes_no_payment() {
    let api = TestServer::start(service).await;
    let _intent = api.shop.open_order("o_1").await;
    let _canceled = cancel(&api).await.expect(200);
    let intents = Client::of(create_intent::service(api.shop.app())).await;

    let body = json!({ "order": api.shop.order_token("ada", &json!({ "version": 9 })) });
    let call = intents.request().bearer(&api.shop.token("ada"));

    assert_eq!(call.post(&body).await.code(409), "order_canceled");
}

#[tokio::test]
async fn an_open_checkout_session_is_expired_first_and_the_order_is_canceled_not_expired() {
    let api = TestServer::start(service).await;
    let checkout = Client::of(create_checkout::service(api.shop.app())).await;
    let body = json!({
        "order": api.shop.order_token("ada", &json!({})),
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart",
    });
    let call = checkout.request().bearer(&api.shop.token("ada"));
    let _session = call.post(&body).await.expect(200);

    let answer = cancel(&api).await.expect(200);

    assert_eq!(answer.body["status"], "canceled");
    assert_eq!(api.shop.stripe.checkout_sessions()[0]["status"], "expired");
    deliver_all(&api.shop).await;
    assert_eq!(api.shop.notifications().await, ["order.canceled"]);
}

#[tokio::test]
async fn staff_release_an_authorized_payment_and_its_owner_cannot() {
    let api = TestServer::start(service).await;
    let _intent = api.shop.authorized_order("o_1", 1500, "usd").await;

    assert_eq!(cancel(&api).await.code(409), "payment_processing");
    assert_eq!(intents(&api.shop), ["requires_capture"]);
    let answer = cancel_as(&api, "finance").await.expect(200);

    assert_eq!(answer.body["status"], "canceled");
    assert_eq!(intents(&api.shop), ["canceled"]);
    deliver_all(&api.shop).await;
    let expected = ["order.authorized", "order.canceled"];
    assert_eq!(api.shop.notifications().await, expected);
}

#[tokio::test]
async fn a_paid_or_processing_order_is_not_canceled() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let bank = api.shop.stripe.confirm(&intent, "pm_usBankAccount").await;
    let _bank = bank.unwrap();
    assert_eq!(cancel(&api).await.code(409), "payment_processing");
    assert_eq!(
        cancel_as(&api, "admin").await.code(409),
        "payment_processing"
    );

    let _settled = api.shop.stripe.settle(&intent).unwrap();
    assert_eq!(
        cancel(&api).await.code(409),
        "order_already_paid",
        "Stripe knows it"
    );
    deliver_all(&api.shop).await;
    assert_eq!(api.shop.status("o_1").await, "paid");
    assert_eq!(
        cancel_as(&api, "admin").await.code(409),
        "order_already_paid"
    );
}

#[tokio::test]
async fn strangers_and_roles_without_the_permission_cancel_nothing() {
    let api = TestServer::start(service).await;
    let _intent = api.shop.open_order("o_1").await;
    let body = json!({ "orderId": "o_1" });
    let stranger = api.as_role("eve", "customer").post(&body).await;
    assert_eq!(stranger.code(404), "not_found");
    let support = api.as_role("ada", "support").post(&body).await;
    assert_eq!(support.code(403), "forbidden");
    assert_eq!(intents(&api.shop), ["requires_payment_method"]);
    assert_eq!(api.shop.status("o_1").await, "created");
}

#[tokio::test]
async fn malformed_requests_are_refused_by_name() {
    let api = TestServer::start(service).await;
    let cases = [
        (json!({ "orderId": "o 1" }), "`orderId`"),
        (json!({ "orderId": "o_1", "reason": "boredom" }), "reason"),
        (json!({ "orderId": "o_1", "amount": 5 }), "amount"),
        (json!({}), "orderId"),
    ];
    for (body, named) in cases {
        let refused = api.as_role("ada", "guest").post(&body).await;
        let message = refused.body["error"]["message"].to_string();
        assert_eq!(refused.code(400), "invalid_request", "{body}");
        assert!(message.contains(named), "{body}: {message}");
    }
}

#[tokio::test]
async fn nothing_is_recorded_while_stripe_does_not_answer_and_the_next_request_completes_it() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    api.shop
        .stripe
        .inject(Fault::hang().on("POST", "/v1/payment_intents/").times(0));

    assert_eq!(cancel(&api).await.status, 503);
    assert_eq!(api.shop.status("o_1").await, "created");
    api.shop.stripe.clear_faults();
    let answer = cancel(&api).await.expect(200);

    assert_eq!(answer.body["status"], "canceled");
    assert!(
        api.shop
            .stripe
            .confirm(&intent, "pm_card_visa")
            .await
            .is_err()
    );
}
