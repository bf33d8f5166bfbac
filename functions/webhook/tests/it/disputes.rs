//! Disputes and warnings, delivered by the sandbox itself: in parts, several at once, reversed, and
//! in any order.

use sandbox::Order;
use serde_json::{Value, json};
use testing::{Shop, TestServer};
use webhook::service;

use crate::deliver;

/// The function, to which the sandbox delivers, the paid order `o_1`, and its intent.
async fn paid() -> (TestServer, String) {
    let api = TestServer::start(service).await;
    api.shop.subscribe(&api.client);
    let intent = api.shop.open_order("o_1").await;
    let confirmed = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    confirmed.unwrap();
    api.shop.stripe.delivered_all().await;
    (api, intent)
}

async fn settled(api: &TestServer) -> &'static str {
    api.shop.stripe.delivered_all().await;
    api.shop.status("o_1").await
}

fn dispute(api: &TestServer, intent: &str, amount: i64, case: &str) -> String {
    let params = json!({ "payment_intent": intent, "amount": amount, "case": case });
    let dispute = api.shop.stripe.dispute(params).unwrap();
    dispute["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn several_disputes_over_parts_of_a_payment_are_each_followed() {
    let (api, intent) = paid().await;
    let stripe = &api.shop.stripe;

    let first = dispute(&api, &intent, 500, "fraudulent");
    assert_eq!(settled(&api).await, "disputed");
    stripe.close_dispute(&first, false).unwrap();
    assert_eq!(settled(&api).await, "paid", "10.00 are the shop's");
    let second = dispute(&api, &intent, 1000, "product_not_received");
    assert_eq!(settled(&api).await, "disputed");
    stripe.close_dispute(&second, false).unwrap();
    assert_eq!(settled(&api).await, "dispute_lost");

    let queued = api.shop.outbox().await.into_iter();
    let bodies = queued.map(|one| serde_json::from_str::<Value>(&one.message.body).unwrap());
    let body = bodies.max_by_key(|body| body["data"]["version"].as_i64());
    let body = body.unwrap();
    let at_stripe = stripe.disputes();
    let shown = |id: &str, amount: i64, reason: &str| {
        // Made in another second, each is due in another.
        let dispute = at_stripe.iter().find(|dispute| dispute["id"] == id);
        let due = &dispute.unwrap()["evidence_details"]["due_by"];
        json!({ "id": id, "status": "lost", "amount": amount, "currency": "usd", "reason": reason,
            "evidenceDueBy": due })
    };
    let mut disputes = body["data"]["disputes"].as_array().unwrap().clone();
    disputes.sort_by_key(|dispute| dispute["amount"].as_i64());
    assert_eq!(
        disputes,
        [
            shown(&first, 500, "fraudulent"),
            shown(&second, 1000, "product_not_received")
        ]
    );
}

#[tokio::test]
async fn what_the_bank_reverses_is_followed_however_its_events_come() {
    for (won, reversed) in [(false, "dispute_won"), (true, "dispute_lost")] {
        let (api, intent) = paid().await;
        let stripe = &api.shop.stripe;
        stripe.webhooks().hold();

        let dispute = dispute(&api, &intent, 1500, "fraudulent");
        stripe.close_dispute(&dispute, won).unwrap();
        stripe.reverse_dispute(&dispute).unwrap();
        stripe.webhooks().release(Order::Reversed);

        assert_eq!(settled(&api).await, reversed);
    }
}

#[tokio::test]
async fn an_inquiry_warns_and_may_become_a_dispute_after_it_was_closed() {
    let (api, intent) = paid().await;
    let stripe = &api.shop.stripe;

    let inquiry = dispute(&api, &intent, 1500, "inquiry");
    assert_eq!(settled(&api).await, "paid");
    stripe.close_dispute(&inquiry, true).unwrap();
    assert_eq!(settled(&api).await, "paid");
    stripe.escalate_dispute(&inquiry).unwrap();
    assert_eq!(settled(&api).await, "disputed");

    let expected = [
        "order.paid",
        "order.inquiry_opened",
        "order.inquiry_closed",
        "order.disputed",
    ];
    assert_eq!(sorted(api.shop.notifications().await), sorted(expected));
}

#[tokio::test]
async fn early_fraud_warnings_and_reviews_notify_the_site_and_leave_the_order_paid() {
    let (api, intent) = paid().await;
    let stripe = &api.shop.stripe;

    stripe.warn_of_fraud(&intent).unwrap();
    let review = stripe.open_review(&intent).unwrap();
    assert_eq!(settled(&api).await, "paid");
    stripe
        .approve_review(review["id"].as_str().unwrap())
        .unwrap();

    assert_eq!(settled(&api).await, "paid");
    let expected = [
        "order.paid",
        "order.early_fraud_warning",
        "order.review_opened",
        "order.review_closed",
    ];
    assert_eq!(sorted(api.shop.notifications().await), sorted(expected));
    let order = api.shop.order("o_1").await;
    let warnings = order.warning_records();
    let reasons: Vec<_> = warnings.iter().map(|w| w.reason.as_deref()).collect();
    assert_eq!(
        sorted(reasons.into_iter().flatten()),
        ["approved", "unauthorized_use_of_card"]
    );
}

#[tokio::test]
async fn thin_events_about_warnings_and_reviews_are_fetched() {
    let (api, intent) = paid().await;
    let stripe = &api.shop.stripe;
    stripe.webhooks().pause();
    let warning = stripe.warn_of_fraud(&intent).unwrap();
    let review = stripe.open_review(&intent).unwrap();
    for (n, kind, object) in [
        (1, "v1.radar.early_fraud_warning.created", &warning),
        (2, "v1.review.opened", &review),
    ] {
        let thin = json!({ "id": format!("evt_thin_{n}"), "object": "v2.core.event", "type": kind,
            "livemode": false, "created": "2026-11-21T10:00:00.000Z",
            "related_object": { "id": object["id"], "type": object["object"] } });
        let _ = deliver(&api, &thin).await.expect(200);
    }
    assert_eq!(api.shop.order("o_1").await.warning_records().len(), 2);
}

#[tokio::test]
async fn an_event_of_a_connected_account_moves_no_order_unless_the_account_is_named() {
    for (named, status) in [
        (None, "created"),
        (Some("acct_other"), "created"),
        (Some("acct_other,acct_connected"), "paid"),
        (Some("*"), "paid"),
    ] {
        let settings = named.map(|named| ("FAREBOX_CONNECTED_ACCOUNTS", named));
        let settings = settings.as_slice();
        for is_thin in [false, true] {
            let api = TestServer::over(Shop::open_with(settings).await, service).await;
            let mut event = crate::paid(&api.shop, "o_1").await;
            if is_thin {
                let intent = event["data"]["object"]["id"].clone();
                event = json!({ "id": "evt_thin", "object": "v2.core.event", "livemode": false,
                    "type": "v1.payment_intent.succeeded", "context": "acct_connected",
                    "related_object": { "id": intent, "type": "payment_intent" } });
            } else {
                event["account"] = json!("acct_connected");
            }

            let _ = deliver(&api, &event).await.expect(200);

            assert_eq!(api.shop.status("o_1").await, status, "{named:?}");
            assert!(api.shop.store.quarantined().await.unwrap().is_empty());
            let requests = api.shop.stripe.requests();
            let is_of = |path| {
                requests
                    .iter()
                    .any(|request| request.path.starts_with(path))
            };
            let is_paid = status == "paid";
            assert_eq!(is_of("/v1/charges/"), is_paid, "who paid, {named:?}");
            let fetched = requests.iter().any(|request| {
                request.method == "GET" && request.path.starts_with("/v1/payment_intents/")
            });
            assert_eq!(fetched, is_thin && is_paid, "{named:?}");
        }
    }
}

#[tokio::test]
async fn an_event_of_an_api_version_before_2019_fails_the_payment() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let declined = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
    declined.await.unwrap_err();
    let mut failed = crate::event(&api.shop, "payment_intent.payment_failed");
    failed["api_version"] = json!("2018-11-08");
    failed["data"]["object"]["status"] = json!("requires_source");
    failed["data"]["object"]["last_payment_error"] = Value::Null;

    let _ = deliver(&api, &failed).await.expect(200);

    assert_eq!(api.shop.status("o_1").await, "failed");
    assert_eq!(api.shop.notifications().await, ["order.payment_failed"]);
}

fn sorted<T: Into<String>>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut all: Vec<String> = all.into_iter().map(Into::into).collect();
    all.sort();
    all
}
