//! `refresh=true`: the payment as Stripe has it, without any webhook.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use hyper::Method;
use order::service;
use sandbox::Fault;
use serde_json::Value;
use shared::{
    Clock,
    amount::{Amount, Currency},
    order::{OrderDetails, PaymentUpdate},
    processor::EventProcessor,
};
use testing::{Shop, TestServer};

use crate::read;

const REFRESHED: &str = "/api/order?id=o_1&refresh=true";

/// The function over a new shop, whose clock stands at the present time of the sandbox.
async fn open() -> TestServer {
    let mut shop = Shop::open().await;
    shop.clock = Clock::fixed(Clock::default().now());
    TestServer::over(shop, service).await
}

/// Ada's order `o_1` after a refresh, two seconds after the last.
async fn refreshed(api: &TestServer) -> Value {
    api.shop.clock.advance(2);
    read(api, "ada", REFRESHED).await.expect(200).body
}

/// The number of payments that Stripe returned.
fn asked(api: &TestServer) -> usize {
    let requests = api.shop.stripe.requests();
    let is_read = |path: &str| path.starts_with("/v1/payment_intents/");
    requests
        .iter()
        .filter(|request| request.method == Method::GET.as_str() && is_read(&request.path))
        .count()
}

#[tokio::test]
async fn a_payment_is_shown_without_a_webhook_and_notified_once() {
    let api = open().await;
    let intent = api.shop.open_order("o_1").await;
    assert_eq!(refreshed(&api).await["status"], "created");
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();
    let stored = read(&api, "ada", "/?id=o_1&refresh=false").await;
    assert_eq!(stored.expect(200).body["status"], "created");

    assert_eq!(refreshed(&api).await["status"], "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);

    api.shop.accept_events().await;
    let order = refreshed(&api).await;
    assert_eq!(order["status"], "paid");
    let events = api.shop.stripe.events();
    let succeeded = |event: &&Value| event["type"] == "payment_intent.succeeded";
    let event = events.iter().find(succeeded).unwrap();
    assert_eq!(order["paidAt"], event["created"], "the event is exact");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn a_payment_that_its_event_reported_first_is_notified_once() {
    let api = open().await;
    let intent = api.shop.paid_order("o_1", 1500, "usd").await;
    let before = api.shop.order("o_1").await;

    assert_eq!(refreshed(&api).await["status"], "paid");

    assert_eq!(api.shop.order("o_1").await, before);
    assert_eq!(before.intent(), Some(intent.as_str()));
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn a_failed_charge_is_notified_once_whoever_reports_it_first() {
    for is_event_first in [true, false] {
        let api = open().await;
        let intent = api.shop.open_order("o_1").await;
        let declined = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
        declined.await.unwrap_err();
        if is_event_first {
            api.shop.accept_events().await;
        }

        for _ in 0..3 {
            assert_eq!(refreshed(&api).await["status"], "failed");
        }
        api.shop.accept_events().await;

        assert_eq!(api.shop.notifications().await, ["order.payment_failed"]);
        assert_eq!(api.shop.order("o_1").await.failed_charges().count(), 1);
    }
}

#[tokio::test]
async fn a_second_failed_charge_is_notified_whoever_reports_it_first() {
    for is_event_first in [true, false] {
        let api = open().await;
        let intent = api.shop.open_order("o_1").await;
        for _ in 0..2 {
            let declined = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
            declined.await.unwrap_err();
            if is_event_first {
                api.shop.accept_events().await;
            }
            assert_eq!(refreshed(&api).await["status"], "failed");
        }
        api.shop.accept_events().await;

        let notified = api.shop.notifications().await;
        assert_eq!(notified, ["order.payment_failed"; 2], "{is_event_first}");
    }
}

#[tokio::test]
async fn a_failure_is_notified_once_with_a_clock_behind_stripes() {
    let api = open().await;
    let intent = api.shop.open_order("o_1").await;
    api.shop.accept_events().await;
    let declined = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
    declined.await.unwrap_err();
    api.shop.clock.advance(-60);

    assert_eq!(refreshed(&api).await["status"], "failed");
    api.shop.accept_events().await;

    assert_eq!(api.shop.status("o_1").await, "failed");
    assert_eq!(api.shop.notifications().await, ["order.payment_failed"]);
}

#[tokio::test]
async fn a_debit_is_processing_until_the_bank_answers() {
    for succeeds in [true, false] {
        let api = open().await;
        let intent = api.shop.open_order("o_1").await;
        let debit = api.shop.stripe.confirm(&intent, "pm_usBankAccount").await;
        debit.unwrap();
        for _ in 0..2 {
            assert_eq!(refreshed(&api).await["status"], "processing");
        }

        let (outcome, status, notified) = match succeeds {
            true => (api.shop.stripe.settle(&intent), "paid", "order.paid"),
            false => (
                api.shop.stripe.fail_settlement(&intent),
                "failed",
                "order.payment_failed",
            ),
        };
        outcome.unwrap();
        assert_eq!(refreshed(&api).await["status"], status);

        api.shop.accept_events().await;
        assert_eq!(api.shop.status("o_1").await, status);
        let notifications = api.shop.notifications().await;
        assert_eq!(notifications, ["order.processing", notified]);
    }
}

#[tokio::test]
async fn a_refund_in_the_dashboard_is_shown_and_notified_once() {
    let api = open().await;
    let intent = api.shop.paid_order("o_1", 1500, "usd").await;
    api.shop.stripe.refund(&intent, Some(400)).unwrap();

    let order = refreshed(&api).await;
    assert_eq!(order["status"], "partially_refunded");
    assert_eq!(order["refundedAmount"], 400);

    api.shop.accept_events().await;
    let notifications = api.shop.notifications().await;
    assert_eq!(notifications, ["order.paid", "order.refunded"]);
}

#[tokio::test]
async fn concurrent_readers_ask_stripe_once_in_two_seconds() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let all = |_| async {
        let reads = (0..10).map(|_| read(&api, "ada", REFRESHED));
        for answer in join_all(reads).await {
            let _ = answer.expect(200);
        }
        asked(&api)
    };

    assert_eq!(all(()).await, 1);
    api.shop.clock.advance(1);
    assert_eq!(all(()).await, 1);
    api.shop.clock.advance(1);
    assert_eq!(all(()).await, 2);
}

#[tokio::test]
async fn a_state_that_is_known_writes_nothing_to_the_order() {
    let api = open().await;
    let intent = api.shop.open_order("o_1").await;
    let declined = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
    declined.await.unwrap_err();
    refreshed(&api).await;
    let before = api.shop.order("o_1").await;

    refreshed(&api).await;

    assert_eq!(asked(&api), 2);
    assert_eq!(api.shop.order("o_1").await, before);
}

#[tokio::test]
async fn an_order_is_returned_as_stored_when_stripe_does_not_answer() {
    let api = open().await;
    let intent = api.shop.open_order("o_1").await;
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();
    let fault = Fault::bad_gateway().on("GET", "/v1/payment_intents");
    api.shop.stripe.inject(fault.times(0));

    assert_eq!(refreshed(&api).await["status"], "created");
    assert!(api.shop.notifications().await.is_empty());

    api.shop.stripe.clear_faults();
    assert_eq!(refreshed(&api).await["status"], "paid");
}

#[tokio::test]
async fn a_payment_of_another_amount_is_quarantined_once_and_pays_nothing() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let order = api.shop.order("o_1").await;
    let currency = Currency::parse("usd").unwrap();
    let less = Amount::new(900, currency).unwrap();
    let contents = OrderDetails::signed(less, None, BTreeMap::new(), 1).unwrap();
    let cheap = api.shop.put_order("ada", "o_2", contents, 1).await;
    let stripe = api.shop.quick_stripe_client();
    let other = stripe.create_intent(&cheap, None).await.unwrap().id;
    let paid = api.shop.stripe.confirm(&other, "pm_card_visa").await;
    paid.unwrap();
    // The order stores an intent of another amount.
    let closed = PaymentUpdate::Closed(order.intent().unwrap().to_owned());
    let stored = PaymentUpdate::Intent(other, order.owner().clone());
    for update in [closed, stored] {
        let now = api.shop.clock.now();
        let updated = api.shop.store.update_payment(order.id(), update, now).await;
        updated.unwrap();
    }

    for _ in 0..3 {
        assert_ne!(refreshed(&api).await["status"], "paid");
    }
    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_caller_who_may_not_read_an_order_asks_stripe_nothing() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    assert_eq!(read(&api, "bob", REFRESHED).await.code(404), "not_found");
    let nobody = api.client.request().path(REFRESHED).get().await;
    assert_eq!(nobody.code(401), "unauthenticated");
    assert_eq!(asked(&api), 0);

    let token = api.shop.token_of("eve", &["support"]);
    let staff = api.client.request().bearer(&token).path(REFRESHED);
    let _ = staff.get().await.expect(200);
    assert_eq!(asked(&api), 1);
}

#[tokio::test]
async fn refresh_is_true_or_false_and_nothing_else() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    for value in ["", "1", "yes", "TRUE", "true&refresh=true", "null"] {
        let answer = read(&api, "ada", &format!("/?id=o_1&refresh={value}")).await;
        let answer = answer.expect(400);
        assert!(answer.body.to_string().contains("refresh"), "{value}");
    }
    assert_eq!(asked(&api), 0);
}

#[tokio::test]
async fn without_stripes_key_the_stored_order_is_returned() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let keyless = Shop::open_with(&[("STRIPE_SECRET_KEY", "")]).await;
    let stripe = keyless.stripe_client();
    let app = api.shop.app();
    let processor = EventProcessor {
        secrets: keyless.app().secrets,
        stripe,
        ..app.processor
    };
    let order = api.shop.order("o_1").await;
    assert_eq!(processor.refresh(order.clone()).await, order);
    assert_eq!(asked(&api), 0);
}
