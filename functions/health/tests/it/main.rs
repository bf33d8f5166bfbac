//! `health` over a real socket: each threshold, below and above it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

use health::{
    report::{LATE, RECENT},
    service,
};
use hyper::{Method, body::Bytes};
use reconcile::Reconciler;
use serde_json::{Value, json};
use shared::{
    event::Event,
    store::{DeliveryOutcome, RECONCILED_AT},
};
use testing::{Answer, NOW, Shop, TestServer};

/// The function over a new shop, whose clock stands, and which just reconciled.
async fn open() -> TestServer {
    let api = unreconciled().await;
    reconciled_at(&api, NOW).await;
    api
}

async fn unreconciled() -> TestServer {
    TestServer::over(Shop::open().await.at_fixed_time(), service).await
}

async fn reconciled_at(api: &TestServer, at: i64) {
    let (store, at) = (&api.shop.store, at.to_string());
    store.set_cursor(RECONCILED_AT, &at).await.unwrap();
}

async fn read(api: &TestServer) -> Answer {
    api.as_role("probe", "monitor")
        .path("/api/health")
        .get()
        .await
}

/// The numbers of an unhealthy deployment; `problems` are all that there are.
async fn unhealthy(api: &TestServer, problems: &[&str]) -> Value {
    let answer = read(api).await;
    assert_eq!(answer.body["problems"], json!(problems));
    assert_eq!(answer.clone().code(503), "unhealthy");
    answer.body
}

/// Pays an order, of which the site is to be notified; returns the notification's id.
async fn pay(api: &TestServer) -> String {
    api.shop.paid_order("o_1", 1500, "usd").await;
    api.shop.outbox().await.remove(0).message.id
}

#[tokio::test]
async fn a_shop_without_work_is_healthy() {
    let api = open().await;
    let none = json!({ "number": 0, "isCapped": false });
    let expected = json!({ "problems": [], "due": none, "deadLettered": none, "quarantined": none,
        "oldestDueSeconds": null, "lastQuarantinedAt": null, "reconciledAt": NOW,
        "reconciledUntil": null });
    assert_eq!(read(&api).await.expect(200).body, expected);
}

#[tokio::test]
async fn a_notification_may_wait_for_five_minutes() {
    let api = open().await;
    pay(&api).await;
    api.shop.clock.advance(LATE - 1);
    let body = read(&api).await.expect(200).body;
    assert_eq!(body["due"], json!({ "number": 1, "isCapped": false }));
    assert_eq!(body["oldestDueSeconds"], LATE - 1);

    api.shop.clock.advance(1);
    let body = unhealthy(&api, &["outbox_late"]).await;
    assert_eq!(body["oldestDueSeconds"], LATE);
}

#[tokio::test]
async fn a_dead_letter_makes_it_unhealthy_until_it_is_redriven() {
    let api = open().await;
    let id = pay(&api).await;
    let outcome = DeliveryOutcome::DeadLettered {
        error: "500 of https://shop.example/secret".to_owned(),
    };
    let store = &api.shop.store;
    store.record_delivery(&id, outcome, NOW).await.unwrap();

    let body = unhealthy(&api, &["dead_letters"]).await;
    assert_eq!(body["deadLettered"]["number"], 1);
    assert_eq!(body["due"]["number"], 0);
    assert!(!body.to_string().contains("secret"), "{body}");

    store.redrive(Some(&id), NOW).await.unwrap();
    let _ = read(&api).await.expect(200);
}

#[tokio::test]
async fn a_quarantined_event_makes_it_unhealthy_for_a_day() {
    let api = open().await;
    let odd = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "data": { "object": { "id": 7 } } });
    let odd = Event::parse(odd.to_string().as_bytes()).unwrap();
    api.shop.store.accept(odd, NOW).await.unwrap();

    let body = unhealthy(&api, &["quarantined"]).await;
    assert_eq!(
        body["quarantined"],
        json!({ "number": 1, "isCapped": false })
    );
    assert_eq!(body["lastQuarantinedAt"], NOW);
    assert!(!body.to_string().contains("evt_1"), "{body}");

    api.shop.clock.advance(RECENT);
    reconciled_at(&api, NOW + RECENT).await;
    let body = read(&api).await.expect(200).body;
    assert_eq!(body["quarantined"]["number"], 1, "the record stays");
}

#[tokio::test]
async fn reconcile_has_to_succeed_every_twenty_minutes() {
    let api = unreconciled().await;
    let body = unhealthy(&api, &["reconcile_late"]).await;
    assert_eq!(body["reconciledAt"], Value::Null);

    let reconciler = Reconciler::new(&api.shop.config, api.shop.app());
    reconciler.catch_up().await.unwrap();
    let body = read(&api).await.expect(200).body;
    assert_eq!(body["reconciledAt"], NOW);
    assert!(body["reconciledUntil"].as_i64().unwrap() < NOW, "{body}");

    api.shop.clock.advance(20 * 60 - 1);
    let _ = read(&api).await.expect(200);
    api.shop.clock.advance(1);
    unhealthy(&api, &["reconcile_late"]).await;
}

#[tokio::test]
async fn with_a_daily_schedule_reconcile_may_succeed_daily() {
    let daily = [("FAREBOX_RECONCILE_LATE", "93600")];
    let shop = Shop::open_with(&daily).await.at_fixed_time();
    let api = TestServer::over(shop, service).await;
    unhealthy(&api, &["reconcile_late"]).await;
    reconciled_at(&api, NOW).await;

    api.shop.clock.advance(26 * 60 * 60 - 1);
    let _ = read(&api).await.expect(200);
    api.shop.clock.advance(1);
    unhealthy(&api, &["reconcile_late"]).await;
}

#[tokio::test]
async fn a_run_of_reconcile_that_fails_is_no_success() {
    let api = open().await;
    api.shop.clock.advance(20 * 60);
    let unreachable = Shop::open_with(&[("STRIPE_API_BASE", "http://127.0.0.1:9")]).await;
    let app = api.shop.app_over(unreachable.quick_stripe_client());
    let failed = Reconciler::new(&api.shop.config, app).catch_up().await;
    assert!(failed.is_err());
    let body = unhealthy(&api, &["reconcile_late"]).await;
    assert_eq!(body["reconciledAt"], NOW);
}

#[tokio::test]
async fn all_problems_are_named_at_once() {
    let api = unreconciled().await;
    pay(&api).await;
    api.shop.clock.advance(LATE);
    let body = unhealthy(&api, &["outbox_late", "reconcile_late"]).await;
    let message = body["error"]["message"].as_str().unwrap();
    let expected = "notifications are late; reconcile does not run, or fails";
    assert_eq!(message, expected);
}

#[tokio::test]
async fn payers_and_strangers_learn_nothing() {
    let api = open().await;
    for role in ["guest", "customer"] {
        let answer = api.as_role("ada", role).path("/api/health").get().await;
        assert_eq!(answer.code(403), "forbidden", "{role}");
    }
    let answer = api.client.request().path("/api/health").get().await;
    assert_eq!(answer.code(401), "unauthenticated");
    for role in ["support", "finance", "admin"] {
        let answer = api.as_role("sam", role).path("/api/health").get().await;
        let _ = answer.expect(200);
    }
}

#[tokio::test]
async fn a_monitor_reads_the_health_and_no_order() {
    let api = open().await;
    let orders = testing::Client::of(orders::service(api.shop.app())).await;
    let token = api.shop.token_of("probe", &["monitor"]);
    let answer = orders.request().bearer(&token).get().await;
    assert_eq!(answer.code(403), "forbidden");
}

#[tokio::test]
async fn it_takes_no_query_and_no_method_but_get() {
    let api = open().await;
    let token = api.shop.token_of("probe", &["monitor"]);
    let call = || api.client.request().bearer(&token);
    let answer = call().path("/?within=5").get().await;
    assert_eq!(answer.code(400), "invalid_request");
    let answer = call().send(Method::POST, Bytes::new()).await.expect(405);
    assert_eq!(answer.headers["allow"], "GET,HEAD");
    let answer = call().send(Method::HEAD, Bytes::new()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn it_never_writes_and_never_calls_stripe() {
    let api = open().await;
    pay(&api).await;
    let (asked, before) = (api.shop.stripe.requests().len(), api.shop.database_bytes());
    let _ = read(&api).await.expect(200);
    assert!(
        api.shop.database_bytes() == before,
        "the database is as it was"
    );
    assert_eq!(api.shop.stripe.requests().len(), asked);
}
