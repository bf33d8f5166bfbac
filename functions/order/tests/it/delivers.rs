//! On Vercel a reader's request delivers a few notifications that are due.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use order::service;
use serde_json::json;
use shared::event::Event;
use testing::{Endpoint, Shop, TestServer};

use crate::read;

const ORDER: &str = "/api/order?id=o_1";

/// The function as on Vercel, with an order `o_1` and `messages` in the outbox, and the site's
/// endpoint.
async fn open(messages: usize) -> (TestServer, Endpoint) {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let changes = [
        ("FAREBOX_NOTIFY_URL", endpoint.url()),
        ("FAREBOX_NOTIFY_EVENTS", "customer.*"),
    ];
    let mut shop = Shop::open_with(&changes).await.at_fixed_time();
    shop.config.delivers_in_requests = true;
    shop.open_order("o_1").await;
    for n in 0..messages {
        let event = json!({ "id": format!("evt_{n}"), "object": "event", "created": 1,
            "type": "customer.created", "livemode": false,
            "data": { "object": { "id": "cus_1" } } });
        let event = Event::parse(event.to_string().as_bytes()).unwrap();
        let now = shop.clock.now();
        shop.store.accept(event, now).await.unwrap();
    }
    (TestServer::over(shop, service).await, endpoint)
}

#[tokio::test]
async fn each_request_delivers_five_messages_that_are_due() {
    let (api, endpoint) = open(7).await;

    let _ = read(&api, "ada", ORDER).await.expect(200);
    assert_eq!(endpoint.received().len(), 5);
    let _ = read(&api, "ada", ORDER).await.expect(200);
    assert_eq!(endpoint.received().len(), 7);
    let _ = read(&api, "ada", ORDER).await.expect(200);
    assert_eq!(endpoint.received().len(), 7);
}

#[tokio::test]
async fn a_stranger_delivers_nothing() {
    let (api, endpoint) = open(1).await;

    let _ = read(&api, "eve", ORDER).await.expect(404);
    let _ = api.client.request().path(ORDER).get().await.expect(401);

    assert!(endpoint.received().is_empty());
}

#[tokio::test]
async fn without_a_destination_nothing_is_delivered() {
    let mut shop = Shop::open_with(&[("FAREBOX_NOTIFY_URL", "")]).await;
    shop.config.delivers_in_requests = true;
    shop.paid_order("o_1", 1500, "usd").await;
    let api = TestServer::over(shop, service).await;

    let _ = read(&api, "ada", ORDER).await.expect(200);

    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn a_site_that_hangs_delays_one_answer_by_a_second_and_none_in_the_next_minute() {
    let (api, endpoint) = open(7).await;
    endpoint.hang();
    let started = Instant::now();

    let mut answer = pin!(read(&api, "ada", ORDER));
    tokio::select! {
        answer = &mut answer => panic!("it does not wait: {answer:?}"),
        () = endpoint.has_received(5) => {}
    }
    testing::pass(Duration::from_millis(900)).await;
    let _ = answer.await.expect(200);
    let _ = read(&api, "ada", ORDER).await.expect(200);
    api.shop.clock.advance(59);
    let _ = read(&api, "ada", ORDER).await.expect(200);

    assert_eq!(endpoint.received().len(), 5);
    // The time that passed at once is not of this clock.
    assert!(started.elapsed() < Duration::from_millis(800));
    endpoint.answer_with(204);
    api.shop.clock.advance(1);
    let _ = read(&api, "ada", ORDER).await.expect(200);
    assert_eq!(endpoint.received().len(), 10);
}

#[tokio::test]
async fn two_requests_at_once_deliver_each_message_once() {
    let (api, endpoint) = open(5).await;
    let token = api.shop.token("ada");
    let other = api.another().await;
    let other = other.request().bearer(&token).path(ORDER);

    let (one, two) = tokio::join!(read(&api, "ada", ORDER), other.get());

    let _ = (one.expect(200), two.expect(200));
    let mut ids: Vec<String> = endpoint.received().into_iter().map(|one| one.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), endpoint.received().len()), (5, 5));
}
