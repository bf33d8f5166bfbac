//! Several processes on one database, and processes that are killed at any moment.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use http_body_util::Full;
use hyper::{Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use testing::{Process, Shop};

use crate::paid;

/// The real program.
pub(crate) const WEBHOOK: &str = env!("CARGO_BIN_EXE_webhook");

pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

pub(crate) fn http() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Delivers `event` as Stripe does; returns the status, if there was an answer at all.
pub(crate) async fn deliver(http: &Http, address: SocketAddr, event: &Value) -> Option<u16> {
    let body = event.to_string().into_bytes();
    let now = u64::try_from(shared::Clock::default().now()).unwrap();
    let request = Request::post(format!("http://{address}/"))
        .header(
            "stripe-signature",
            sandbox::sign(&body, Shop::WEBHOOK_SECRET, now),
        )
        .body(Full::from(body))
        .unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(20), http.request(request)).await;
    Some(answered.ok()?.ok()?.status().as_u16())
}

/// Opens and pays `count` orders; returns the events of their payments.
async fn payments(shop: &Shop, count: usize) -> Vec<Value> {
    for n in 0..count {
        let intent = shop.open_order(&format!("o_{n}")).await;
        shop.stripe.confirm(&intent, "pm_card_visa").await.unwrap();
    }
    let events = shop.stripe.events().into_iter();
    events
        .filter(|event| event["type"] == "payment_intent.succeeded")
        .collect()
}

#[tokio::test]
async fn sixty_four_deliveries_of_one_event_to_two_processes_have_one_effect() {
    let shop = Shop::open().await;
    let paid = paid(&shop, "o_1").await;
    let processes = [
        Process::start(WEBHOOK, &shop),
        Process::start(WEBHOOK, &shop),
    ];
    let http = http();

    let deliveries = (0..64).map(|n| deliver(&http, processes[n % 2].address(), &paid));
    let statuses = join_all(deliveries).await;

    assert!(
        statuses.iter().all(|status| *status == Some(200)),
        "{statuses:?}"
    );
    assert_eq!(shop.status("o_1").await, "paid");
    assert_eq!(shop.outbox().await.len(), 1);
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_moment_loses_nothing_and_repeats_nothing() {
    const ORDERS: usize = 100;
    let shop = Shop::open().await;
    let events = payments(&shop, ORDERS).await;
    assert_eq!(events.len(), ORDERS);
    // Each event twice, in a random order: 200 deliveries.
    let mut waiting: Vec<&Value> = events.iter().chain(&events).collect();
    fastrand::shuffle(&mut waiting);
    let mut interrupted = 0;
    let mut rounds_without_progress = 0;

    while !waiting.is_empty() {
        let process = Process::start(WEBHOOK, &shop);
        let (http, address) = (http(), process.address());
        let batch = waiting
            .iter()
            .take(60)
            .map(|event| deliver(&http, address, event));
        // A random moment is the point; on a slow machine it lies further off, until there is
        // progress.
        let longest = 30_000 + 10_000 * rounds_without_progress;
        let fuse = Duration::from_micros(fastrand::u64(500..longest));
        let killed = async {
            tokio::time::sleep(fuse).await;
            process.kill();
        };
        let (statuses, ()) = futures_util::future::join(join_all(batch), killed).await;
        interrupted += usize::from(statuses.contains(&None));
        // What was not acknowledged is delivered again, as Stripe does.
        let before = waiting.len();
        let mut statuses = statuses.into_iter();
        waiting.retain(|_| statuses.next().flatten() != Some(200));
        rounds_without_progress = match waiting.len() < before {
            true => 0,
            false => rounds_without_progress + 1,
        };
        assert!(rounds_without_progress < 100, "it makes progress");
    }

    let mut fulfilled = BTreeMap::new();
    for queued in shop.outbox().await {
        let body: Value = serde_json::from_str(&queued.message.body).unwrap();
        *fulfilled
            .entry(body["data"]["orderId"].to_string())
            .or_insert(0) += 1;
    }
    assert!(interrupted >= 3, "{interrupted} kills met a delivery");
    assert_eq!(fulfilled.len(), ORDERS, "every order is fulfilled");
    assert!(
        fulfilled.values().all(|times| *times == 1),
        "and none twice"
    );
    for n in 0..ORDERS {
        assert_eq!(shop.status(&format!("o_{n}")).await, "paid");
    }
}
