//! The effects of events, delivered by the sandbox itself: late, twice, reversed, by two secrets.

use sandbox::{Fault, Order};
use serde_json::{Value, json};
use testing::{Shop, TestServer};
use webhook::service;

use crate::{deliver, event, paid};

/// The function, to which the sandbox delivers its events.
async fn connected() -> TestServer {
    let api = TestServer::start(service).await;
    api.shop.subscribe(&api.client);
    api
}

#[tokio::test]
async fn a_payment_becomes_paid_and_notifies_the_site_once() {
    let api = connected().await;
    let intent = api.shop.open_order("o_1").await;

    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
    let mut deliveries = api.shop.stripe.deliveries().into_iter();
    assert_eq!(deliveries.find(|one| one.status != Some(200)), None);
}

#[tokio::test]
async fn repeated_and_reversed_deliveries_change_nothing_more() {
    let api = connected().await;
    api.shop.stripe.webhooks().duplicate(3);
    api.shop.stripe.webhooks().hold();
    let intent = api.shop.open_order("o_1").await;
    assert!(
        api.shop
            .stripe
            .confirm(&intent, "pm_card_chargeDeclined")
            .await
            .is_err()
    );
    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.stripe.refund(&intent, Some(500)).unwrap();

    api.shop.stripe.webhooks().release(Order::Reversed);
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "partially_refunded");
    let mut notifications = api.shop.notifications().await;
    notifications.sort();
    assert_eq!(notifications, ["order.paid", "order.refunded"]);
}

#[tokio::test]
async fn an_outage_delays_and_loses_nothing_that_is_sent_again() {
    let api = connected().await;
    let intent = api.shop.open_order("o_1").await;
    api.shop.stripe.webhooks().pause();
    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.stripe.webhooks().resume();
    assert_eq!(api.shop.status("o_1").await, "created");

    for event in api.shop.stripe.events() {
        api.shop
            .stripe
            .webhooks()
            .resend(event["id"].as_str().unwrap());
    }
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn a_challenged_payment_requires_action_until_its_payer_authenticates() {
    let api = connected().await;
    let stripe = &api.shop.stripe;
    let challenged = api.shop.open_order("o_1").await;
    stripe
        .confirm(&challenged, "pm_card_authenticationRequired")
        .await
        .unwrap();
    stripe.delivered_all().await;
    assert_eq!(api.shop.status("o_1").await, "requires_action");

    stripe.authenticate(&challenged, true).unwrap();
    stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn a_bank_debit_is_processing_until_the_bank_decides() {
    let api = connected().await;
    let stripe = &api.shop.stripe;
    let slow = api.shop.open_order("o_1").await;
    stripe.confirm(&slow, "pm_usBankAccount").await.unwrap();
    stripe.delivered_all().await;
    assert_eq!(api.shop.status("o_1").await, "processing");

    stripe.settle(&slow).unwrap();
    stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn a_declined_payment_is_failed() {
    let api = connected().await;
    let stripe = &api.shop.stripe;
    let declined = api.shop.open_order("o_1").await;
    let confirmed = stripe.confirm(&declined, "pm_card_chargeDeclined").await;
    assert!(confirmed.is_err());

    stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "failed");
}

#[tokio::test]
async fn an_order_whose_payment_the_shop_canceled_is_canceled() {
    let api = connected().await;
    let canceled = api.shop.open_order("o_1").await;

    api.shop.stripe.cancel(&canceled).unwrap();
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "canceled");
}

#[tokio::test]
async fn a_payment_that_was_refunded_at_stripe_is_refunded() {
    let api = connected().await;
    let stripe = &api.shop.stripe;
    let refunded = api.shop.open_order("o_1").await;
    stripe.confirm(&refunded, "pm_card_visa").await.unwrap();

    stripe.refund(&refunded, None).unwrap();
    stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "refunded");
}

#[tokio::test]
async fn a_payment_that_its_bank_disputes_is_disputed() {
    let api = connected().await;
    let stripe = &api.shop.stripe;
    let disputed = api.shop.open_order("o_1").await;
    stripe
        .confirm(&disputed, "pm_card_createDispute")
        .await
        .unwrap();

    stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "disputed");
}

#[tokio::test]
async fn a_dispute_that_is_closed_is_won_or_lost() {
    for (won, status) in [(true, "dispute_won"), (false, "dispute_lost")] {
        let api = connected().await;
        let stripe = &api.shop.stripe;
        let intent = api.shop.open_order("o_1").await;
        let confirmed = stripe.confirm(&intent, "pm_card_createDispute").await;
        confirmed.unwrap();
        let dispute = stripe.disputes().pop().unwrap();

        let dispute = dispute["id"].as_str().unwrap();
        stripe.close_dispute(dispute, won).unwrap();
        stripe.delivered_all().await;

        assert_eq!(api.shop.status("o_1").await, status);
    }
}

#[tokio::test]
async fn a_refund_that_fails_leaves_the_order_paid_and_notifies_the_site() {
    let api = connected().await;
    let stripe = &api.shop.stripe;
    let intent = api.shop.open_order("o_1").await;
    stripe.confirm(&intent, "pm_card_visa").await.unwrap();
    let refund = stripe.refund(&intent, None).unwrap();
    stripe.delivered_all().await;
    assert_eq!(api.shop.status("o_1").await, "refunded");

    stripe.fail_refund(refund["id"].as_str().unwrap()).unwrap();
    stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "paid");
    let mut notifications = api.shop.notifications().await;
    notifications.sort();
    let expected = ["order.paid", "order.refund_failed", "order.refunded"];
    assert_eq!(notifications, expected);
}

#[tokio::test]
async fn a_forged_event_is_refused_and_its_order_untouched() {
    let api = connected().await;
    api.shop.stripe.webhooks().pause();
    let intent = api.shop.open_order("o_1").await;
    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.stripe.webhooks().resume();
    let paid = crate::event(&api.shop, "payment_intent.succeeded");

    api.shop
        .stripe
        .webhooks()
        .forge(paid["id"].as_str().unwrap());
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "created");
    assert!(api.shop.outbox().await.is_empty());
}

#[tokio::test]
async fn of_the_signatures_by_two_secrets_one_is_enough_in_either_place() {
    for secrets in [
        ["whsec_the_next_one", Shop::WEBHOOK_SECRET],
        [Shop::WEBHOOK_SECRET, "whsec_the_next_one"],
    ] {
        let api = connected().await;
        api.shop.stripe.set_webhook_secrets(&secrets);
        let intent = api.shop.open_order("o_1").await;

        let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
        paid.unwrap();
        api.shop.stripe.delivered_all().await;

        assert_eq!(api.shop.status("o_1").await, "paid");
    }
}

/// The charge's own event of its refunds, in the form of an older API version.
fn charge_refunded(shop: &Shop) -> Value {
    let mut event = event(shop, "charge.refunded");
    event["api_version"] = json!("2022-11-15");
    event
}

#[tokio::test]
async fn the_refunds_of_a_charge_that_shows_less_than_before_are_fetched() {
    for (place, is_failure_delivered) in [(0, false), (1, true), (2, true), (3, true)] {
        let api = TestServer::start(service).await;
        let paid = paid(&api.shop, "o_1").await;
        let _ = deliver(&api, &paid).await.expect(200);
        let intent = paid["data"]["object"]["id"].as_str().unwrap();
        let stripe = &api.shop.stripe;

        let first = stripe.refund(intent, Some(1000)).unwrap();
        let mut events = vec![charge_refunded(&api.shop)];
        stripe.fail_refund(first["id"].as_str().unwrap()).unwrap();
        let failed = event(&api.shop, "charge.refund.updated");
        stripe.refund(intent, Some(400)).unwrap();
        events.push(charge_refunded(&api.shop));
        if is_failure_delivered {
            events.insert(place - 1, failed);
        }
        for event in events.iter().chain(events.iter().rev()) {
            let _ = deliver(&api, event).await.expect(200);
        }

        let order = api.shop.order("o_1").await;
        assert_eq!(order.status().as_str(), "partially_refunded", "{place}");
        assert_eq!(
            (order.refunded_amount(), order.left_to_refund()),
            (400, 1100)
        );
        let notifications = api.shop.notifications().await;
        let failed = notifications
            .iter()
            .any(|kind| kind == "order.refund_failed");
        assert!(failed, "{notifications:?}");
    }
}

#[tokio::test]
async fn a_refund_whose_own_event_came_needs_no_list() {
    let api = TestServer::start(service).await;
    let paid = paid(&api.shop, "o_1").await;
    let _ = deliver(&api, &paid).await.expect(200);
    let intent = paid["data"]["object"]["id"].as_str().unwrap();
    api.shop.stripe.refund(intent, Some(1000)).unwrap();
    let denied = Fault::restricted().on("GET", "/v1/refunds").times(0);
    api.shop.stripe.inject(denied);

    let total = event(&api.shop, "charge.refunded");
    let _ = deliver(&api, &total).await.expect(503);
    let own = event(&api.shop, "refund.created");
    let _ = deliver(&api, &own).await.expect(200);
    let _ = deliver(&api, &total).await.expect(200);

    assert_eq!(api.shop.status("o_1").await, "partially_refunded");
}

#[tokio::test]
async fn a_total_of_a_payment_that_stripe_does_not_know_is_quarantined() {
    let mut shop = Shop::open().await;
    let paid = paid(&shop, "o_1").await;
    let intent = paid["data"]["object"]["id"].as_str().unwrap();
    shop.stripe.refund(intent, Some(1000)).unwrap();
    let another = Shop::open().await;
    shop.config.stripe = another.config.stripe.clone();
    let api = TestServer::over(shop, service).await;
    let _ = deliver(&api, &paid).await.expect(200);

    let _ = deliver(&api, &charge_refunded(&api.shop)).await.expect(200);

    assert_eq!(api.shop.status("o_1").await, "paid");
    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 1);
}
