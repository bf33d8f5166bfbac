//! On Vercel the webhook notifies the site within its request, and nothing depends on that.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use futures_util::future::join;
use serde_json::Value;
use testing::{Endpoint, Shop, TestServer};
use webhook::service;

use crate::{deliver, foreign, paid};

/// The function as on Vercel, and the site's endpoint.
async fn open() -> (TestServer, Endpoint) {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let api = TestServer::over(shop(&endpoint).await, service).await;
    (api, endpoint)
}

async fn shop(endpoint: &Endpoint) -> Shop {
    let changes = [
        ("FAREBOX_NOTIFY_URL", endpoint.url()),
        ("FAREBOX_NOTIFY_EVENTS", "customer.*"),
    ];
    let mut shop = Shop::open_with(&changes).await.at_fixed_time();
    shop.config.delivers_in_requests = true;
    shop
}

/// An event that is one message for the site.
fn event(n: usize) -> Value {
    foreign(&format!("evt_{n}"), "customer.created")
}

/// The ids of what the site acknowledged.
fn acknowledged(endpoint: &Endpoint) -> Vec<String> {
    let received = endpoint.received().into_iter();
    let acknowledged = received.filter(|received| received.is_acknowledged);
    acknowledged.map(|received| received.id).collect()
}

#[tokio::test]
async fn the_site_knows_of_a_payment_before_stripe_has_its_answer() {
    let (api, endpoint) = open().await;
    let event = paid(&api.shop, "o_1").await;

    let _ = deliver(&api, &event).await.expect(200);

    let [received] = &endpoint.received()[..] else {
        panic!("one message: {:?}", endpoint.received())
    };
    assert_eq!(received.body["type"], "order.paid");
    assert_eq!(received.body["data"]["orderId"], "o_1");
    assert!(api.shop.outbox().await.is_empty());

    let _ = deliver(&api, &event).await.expect(200);
    assert_eq!(endpoint.received().len(), 1, "a duplicate delivers nothing");
}

#[tokio::test]
async fn elsewhere_a_request_delivers_nothing() {
    let (mut api, endpoint) = open().await;
    api.shop.config.delivers_in_requests = false;
    let api = TestServer::over(api.shop, service).await;

    let _ = deliver(&api, &event(1)).await.expect(200);

    assert!(endpoint.received().is_empty());
    assert_eq!(api.shop.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_site_that_hangs_delays_the_answer_by_three_seconds_at_most() {
    let (api, endpoint) = open().await;
    endpoint.hang();
    let started = Instant::now();

    let event = event(1);
    let mut answer = pin!(deliver(&api, &event));
    tokio::select! {
        answer = &mut answer => panic!("it does not wait: {answer:?}"),
        () = endpoint.has_received(1) => {}
    }
    testing::pass(Duration::from_millis(2_900)).await;
    let _ = answer.await.expect(200);

    // The time that passed at once is not of this clock.
    assert!(started.elapsed() < Duration::from_secs(2));
    let [queued] = &api.shop.outbox().await[..] else {
        panic!("it is in the outbox")
    };
    let error = queued.error.as_deref();
    assert_eq!(error, Some("the endpoint did not answer within 2.8s"));
}

#[tokio::test]
async fn a_site_that_nobody_reaches_changes_no_answer() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(&endpoint).await;
    drop(endpoint);
    let api = TestServer::over(shop, service).await;
    let event = paid(&api.shop, "o_1").await;

    let _ = deliver(&api, &event).await.expect(200);

    assert_eq!(api.shop.status("o_1").await, "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn an_outbox_that_fails_after_the_transaction_changes_no_answer() {
    let (api, endpoint) = open().await;
    let file = rusqlite::Connection::open(api.shop.folder().join("farebox.sqlite")).unwrap();
    let fails = "CREATE TRIGGER fails BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END";
    file.execute_batch(fails).unwrap();

    let _ = deliver(&api, &event(1)).await.expect(200);

    assert!(endpoint.received().is_empty());
    file.execute_batch("DROP TRIGGER fails").unwrap();
    assert_eq!(api.shop.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_process_that_is_killed_before_its_delivery_or_during_it_loses_nothing() {
    let (api, endpoint) = open().await;
    // Before: the transaction is durable, and nothing else happened.
    let before = event(1).to_string();
    let before = shared::event::Event::parse(before.as_bytes()).unwrap();
    let now = api.shop.clock.now();
    api.shop.store.accept(before, now).await.unwrap();
    // During: the site has the message, and the process ends.
    endpoint.hang();
    let dying = api.another().await;
    let during = event(2).to_string();
    tokio::select! {
        answer = api.shop.deliver(&dying, during) => panic!("it does not wait: {answer:?}"),
        () = endpoint.has_received(1) => {}
    }
    drop(dying);
    endpoint.answer_with(204);

    api.shop.clock.advance(61); // the lease of the dead process ends
    let _ = deliver(&api, &event(3)).await.expect(200);

    assert_eq!(acknowledged(&endpoint).len(), 3);
    assert!(api.shop.outbox().await.is_empty());
}

#[tokio::test]
async fn two_requests_at_once_deliver_each_message_once() {
    let (api, endpoint) = open().await;
    endpoint.answer_with(503);
    for n in 0..4 {
        let _ = deliver(&api, &event(n)).await.expect(200);
    }
    endpoint.answer_with(204);
    api.shop.clock.advance(600);
    let other = api.another().await;
    let (event, another) = (event(4), event(5).to_string());

    let (one, two) = join(deliver(&api, &event), api.shop.deliver(&other, another)).await;

    let _ = (one.expect(200), two.expect(200));
    let mut ids = acknowledged(&endpoint);
    assert_eq!(ids.len(), 6, "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6, "{ids:?}");
}

#[tokio::test]
async fn a_message_that_failed_is_not_tried_by_each_request() {
    let (api, endpoint) = open().await;
    endpoint.answer_with(503);
    let _ = deliver(&api, &event(0)).await.expect(200);
    let failed = endpoint.received()[0].id.clone();

    // Each of these is tried once, with the site down, by two processes.
    let other = api.another().await;
    for n in 1..10 {
        let _ = deliver(&api, &event(n)).await.expect(200);
        let event = event(100 + n).to_string();
        let _ = api.shop.deliver(&other, event).await.expect(200);
    }

    let received = endpoint.received();
    assert_eq!(received.len(), 19);
    let tries = received.iter().filter(|one| one.id == failed).count();
    assert_eq!(tries, 1);
}
