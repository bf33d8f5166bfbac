//! `reconcile` against a sandbox of Stripe whose webhooks were off, as a library, as the real
//! program, and under Lambda's runtime interface.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod by_hand;
mod expiry;
mod graces;
mod lambda;
mod outage;
mod process;
mod runs;
mod subscriptions;

use std::collections::BTreeMap;

use reconcile::{Reconciler, RunLimits};
use serde_json::Value;
use shared::Clock;
use testing::Shop;

/// A shop whose clock is two minutes ahead: what happens now is old enough to be asked for.
async fn shop() -> Shop {
    let mut shop = Shop::open().await;
    shop.clock = Clock::fixed(Clock::default().now() + 120);
    shop
}

fn app(shop: &Shop) -> Reconciler {
    Reconciler::new(&shop.config, shop.app())
}

/// Pages of five events, and so many of them in a run.
fn small(pages: usize) -> RunLimits {
    RunLimits {
        pages,
        page: 5,
        ..RunLimits::default()
    }
}

/// Opens and pays the orders `o_0` to `o_{count - 1}`; no event is delivered.
async fn pay(shop: &Shop, count: usize) {
    for n in 0..count {
        let intent = shop.open_order(&format!("o_{n}")).await;
        shop.stripe.confirm(&intent, "pm_card_visa").await.unwrap();
    }
}

/// Checks that the orders `o_0` to `o_{count - 1}` are paid, and the site is notified of each once.
async fn assert_all_paid_once(shop: &Shop, count: usize) {
    for n in 0..count {
        assert_eq!(shop.status(&format!("o_{n}")).await, "paid", "o_{n}");
    }
    let expected = BTreeMap::from([("order.paid".to_owned(), count)]);
    assert_eq!(notifications(shop).await, expected);
}

/// How many notifications of each type are in the outbox.
async fn notifications(shop: &Shop) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for kind in shop.notifications().await {
        *counts.entry(kind).or_insert(0) += 1;
    }
    counts
}

async fn cursor(shop: &Shop) -> Option<String> {
    shop.store.cursor("reconcile").await.unwrap()
}

/// Dates all events `seconds` back.
fn age(shop: &Shop, seconds: i64) {
    for mut event in shop.stripe.events() {
        let created = event["created"].as_i64().unwrap();
        event["created"] = Value::from(created - seconds);
        shop.stripe.add_event(event);
    }
}
