//! A shop whose webhooks are off for a while.

use reconcile::Report;
use testing::{Client, Log, Shop};

use crate::{app, notifications, shop};

/// The webhook of `shop`, to which Stripe delivers from now on.
async fn hook(shop: &Shop) -> Client {
    // The shop's clock is ahead by two minutes, which a signature may be.
    let client = Client::of(webhook::service(shop.app())).await;
    shop.subscribe(&client);
    client
}

/// Pays the order `id` with `card`; gives its intent.
async fn pay(shop: &Shop, id: &str, card: &str) -> String {
    let intent = shop.open_order(id).await;
    shop.stripe.confirm(&intent, card).await.unwrap();
    intent
}

/// A hundred payments, with refunds and a dispute among them.
async fn busy_hours(shop: &Shop) {
    for n in 0..100 {
        let card = match n {
            90 => "pm_card_createDispute",
            _ => "pm_card_visa",
        };
        let intent = pay(shop, &format!("o_{n}"), card).await;
        match n {
            0..10 => drop(shop.stripe.refund(&intent, None).unwrap()),
            10..15 => drop(shop.stripe.refund(&intent, Some(500)).unwrap()),
            _ => {}
        }
    }
}

fn expected(n: usize) -> &'static str {
    match n {
        0..10 => "refunded",
        10..15 => "partially_refunded",
        90 => "disputed",
        _ => "paid",
    }
}

#[tokio::test]
async fn after_an_outage_one_run_makes_every_order_right_and_a_second_changes_nothing() {
    let shop = shop().await;
    let _hook = hook(&shop).await;
    pay(&shop, "before", "pm_card_visa").await;
    shop.stripe.delivered_all().await;
    assert_eq!(shop.status("before").await, "paid");

    shop.stripe.webhooks().pause();
    busy_hours(&shop).await;
    shop.stripe.webhooks().resume();
    assert_eq!(
        shop.status("o_0").await,
        "created",
        "no event was delivered"
    );
    let (log, guard) = Log::start();
    let first = app(&shop).catch_up().await.unwrap();
    drop(guard);

    for n in 0..100 {
        assert_eq!(shop.status(&format!("o_{n}")).await, expected(n), "o_{n}");
    }
    assert!(first.complete && first.seen > 0, "{first:?}");
    assert_eq!(first.quarantined, 0, "{first:?}");
    let metric = format!("\"metric.reconciled\":{}", first.found());
    assert!(
        log.text().contains(&metric),
        "an operator sees it: {first:?}"
    );
    let before = message_ids(&shop).await;

    let second = app(&shop).catch_up().await.unwrap();

    assert_eq!(second.found(), 0, "{second:?}");
    assert_eq!(second.seen + second.ignored, second.events, "{second:?}");
    assert_eq!(message_ids(&shop).await, before, "no message is sent twice");
    for n in 0..100 {
        assert_eq!(shop.status(&format!("o_{n}")).await, expected(n), "o_{n}");
    }
}

async fn message_ids(shop: &Shop) -> Vec<String> {
    let messages = shop.outbox().await.into_iter();
    let mut ids: Vec<String> = messages.map(|queued| queued.message.id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn what_the_webhook_took_is_not_taken_again_and_nobody_is_alarmed() {
    let shop = shop().await;
    let _hook = hook(&shop).await;
    for n in 0..5 {
        pay(&shop, &format!("o_{n}"), "pm_card_visa").await;
    }
    shop.stripe.delivered_all().await;
    let before = shop.outbox().await.len();
    let (log, _guard) = Log::start();

    let report = app(&shop).catch_up().await.unwrap();

    assert!(report.complete && report.seen >= 5, "{report:?}");
    let Report { applied, .. } = report;
    assert_eq!((applied, shop.outbox().await.len()), (0, before));
    assert!(!log.text().contains("metric.reconciled"), "{}", log.text());
}

#[tokio::test]
async fn a_webhook_that_comes_after_the_run_changes_nothing() {
    let shop = shop().await;
    let _hook = hook(&shop).await;
    shop.stripe.webhooks().hold();
    pay(&shop, "o_1", "pm_card_visa").await;

    let report = app(&shop).catch_up().await.unwrap();
    shop.stripe.webhooks().release(sandbox::Order::AsSent);
    shop.stripe.delivered_all().await;

    assert!(report.applied >= 1, "{report:?}");
    assert!(
        shop.stripe
            .deliveries()
            .iter()
            .all(|delivery| delivery.status == Some(200))
    );
    assert_eq!(notifications(&shop).await["order.paid"], 1);
}
