//! What events do, delivered by the sandbox itself: late, twice, reversed, by two secrets.

use sandbox::{Fault, Order};
use serde_json::{Value, json};
use shared::order::Status;
use testing::{Client, Shop};
use webhook::service;

use crate::{Api, event, order, outbox, paid, told};

/// A hook that the sandbox delivers to.
async fn connected() -> Api {
    let hook = Api::start().await;
    hook.shop
        .stripe
        .add_webhook(&hook.client.url(), Shop::WEBHOOK_SECRET);
    hook
}

#[tokio::test]
async fn a_payment_becomes_paid_and_is_told_once() {
    let hook = connected().await;
    let intent = order(&hook.shop, "o_1").await;

    hook.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
    assert_eq!(told(&hook.shop).await, ["order.paid"]);
    let refused: Vec<_> = hook
        .shop
        .stripe
        .deliveries()
        .into_iter()
        .filter(|d| d.status != Some(200))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn repeated_and_reversed_deliveries_change_nothing_more() {
    let hook = connected().await;
    hook.shop.stripe.webhooks().duplicate(3);
    hook.shop.stripe.webhooks().hold();
    let intent = order(&hook.shop, "o_1").await;
    assert!(
        hook.shop
            .stripe
            .confirm(&intent, "pm_card_chargeDeclined")
            .await
            .is_err()
    );
    hook.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    hook.shop.stripe.refund(&intent, Some(500)).unwrap();

    hook.shop.stripe.webhooks().release(Order::Reversed);
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "partially_refunded");
    let mut told = told(&hook.shop).await;
    told.sort();
    assert_eq!(told, ["order.paid", "order.refunded"]);
}

#[tokio::test]
async fn an_outage_delays_and_loses_nothing_that_is_sent_again() {
    let hook = connected().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.shop.stripe.webhooks().pause();
    hook.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    hook.shop.stripe.webhooks().resume();
    assert_eq!(hook.status("o_1").await.as_str(), "created");

    for event in hook.shop.stripe.events() {
        hook.shop
            .stripe
            .webhooks()
            .resend(event["id"].as_str().unwrap());
    }
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
}

#[tokio::test]
async fn a_challenged_payment_requires_action_until_its_payer_authenticates() {
    let hook = connected().await;
    let stripe = &hook.shop.stripe;
    let challenged = order(&hook.shop, "o_1").await;
    stripe
        .confirm(&challenged, "pm_card_authenticationRequired")
        .await
        .unwrap();
    stripe.delivered_all().await;
    assert_eq!(hook.status("o_1").await.as_str(), "requires_action");

    stripe.authenticate(&challenged, true).unwrap();
    stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
}

#[tokio::test]
async fn a_bank_debit_is_processing_until_the_bank_decides() {
    let hook = connected().await;
    let stripe = &hook.shop.stripe;
    let slow = order(&hook.shop, "o_1").await;
    stripe.confirm(&slow, "pm_usBankAccount").await.unwrap();
    stripe.delivered_all().await;
    assert_eq!(hook.status("o_1").await.as_str(), "processing");

    stripe.settle(&slow).unwrap();
    stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
}

#[tokio::test]
async fn a_declined_payment_is_failed() {
    let hook = connected().await;
    let stripe = &hook.shop.stripe;
    let declined = order(&hook.shop, "o_1").await;
    let confirmed = stripe.confirm(&declined, "pm_card_chargeDeclined").await;
    assert!(confirmed.is_err());

    stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "failed");
}

#[tokio::test]
async fn an_order_whose_payment_the_shop_canceled_is_canceled() {
    let hook = connected().await;
    let canceled = order(&hook.shop, "o_1").await;

    hook.shop.stripe.cancel(&canceled).unwrap();
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "canceled");
}

#[tokio::test]
async fn a_payment_that_was_refunded_at_stripe_is_refunded() {
    let hook = connected().await;
    let stripe = &hook.shop.stripe;
    let refunded = order(&hook.shop, "o_1").await;
    stripe.confirm(&refunded, "pm_card_visa").await.unwrap();

    stripe.refund(&refunded, None).unwrap();
    stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "refunded");
}

#[tokio::test]
async fn a_payment_that_its_bank_disputes_is_disputed() {
    let hook = connected().await;
    let stripe = &hook.shop.stripe;
    let disputed = order(&hook.shop, "o_1").await;
    stripe
        .confirm(&disputed, "pm_card_createDispute")
        .await
        .unwrap();

    stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "disputed");
}

#[tokio::test]
async fn a_dispute_ends_won_or_lost_and_a_refund_that_fails_comes_back() {
    let hook = connected().await;
    let stripe = &hook.shop.stripe;
    for (id, won) in [("o_won", true), ("o_lost", false)] {
        let intent = order(&hook.shop, id).await;
        stripe
            .confirm(&intent, "pm_card_createDispute")
            .await
            .unwrap();
        let dispute = stripe.disputes().pop().unwrap();
        stripe
            .close_dispute(dispute["id"].as_str().unwrap(), won)
            .unwrap();
    }
    let intent = order(&hook.shop, "o_back").await;
    stripe.confirm(&intent, "pm_card_visa").await.unwrap();
    let refund = stripe.refund(&intent, None).unwrap();
    stripe.delivered_all().await;
    assert_eq!(hook.status("o_back").await.as_str(), "refunded");
    stripe.fail_refund(refund["id"].as_str().unwrap()).unwrap();
    stripe.delivered_all().await;

    assert_eq!(hook.status("o_won").await.as_str(), "dispute_won");
    assert_eq!(hook.status("o_lost").await.as_str(), "dispute_lost");
    assert_eq!(hook.status("o_back").await.as_str(), "paid");
    assert!(
        told(&hook.shop)
            .await
            .contains(&"order.refund_failed".to_owned())
    );
}

#[tokio::test]
async fn a_forged_event_is_refused_and_its_order_untouched() {
    let hook = connected().await;
    hook.shop.stripe.webhooks().pause();
    let intent = order(&hook.shop, "o_1").await;
    hook.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    hook.shop.stripe.webhooks().resume();
    let paid = crate::event(&hook.shop, "payment_intent.succeeded");

    hook.shop
        .stripe
        .webhooks()
        .forge(paid["id"].as_str().unwrap());
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "created");
    assert!(outbox(&hook.shop).await.is_empty());
}

#[tokio::test]
async fn while_a_secret_is_rolled_either_is_good() {
    let hook = connected().await;
    hook.shop
        .stripe
        .set_webhook_secrets(&["whsec_the_next_one", Shop::WEBHOOK_SECRET]);
    let intent = order(&hook.shop, "o_1").await;

    hook.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
}

/// The charge's own event of its refunds, as an endpoint of an older version hears it.
fn charge_refunded(shop: &Shop) -> Value {
    let mut told = event(shop, "charge.refunded");
    told["api_version"] = json!("2022-11-15");
    told
}

#[tokio::test]
async fn a_charge_that_shows_less_than_before_is_asked_about() {
    for (place, failure_is_told) in [(0, false), (1, true), (2, true), (3, true)] {
        let hook = Api::start().await;
        let paid = paid(&hook.shop, "o_1").await;
        let _ = hook.deliver(&paid).await.expect(200);
        let intent = paid["data"]["object"]["id"].as_str().unwrap();
        let stripe = &hook.shop.stripe;

        let first = stripe.refund(intent, Some(1000)).unwrap();
        let mut events = vec![charge_refunded(&hook.shop)];
        stripe.fail_refund(first["id"].as_str().unwrap()).unwrap();
        let failed = event(&hook.shop, "charge.refund.updated");
        stripe.refund(intent, Some(400)).unwrap();
        events.push(charge_refunded(&hook.shop));
        if failure_is_told {
            events.insert(place - 1, failed);
        }
        for event in events.iter().chain(events.iter().rev()) {
            let _ = hook.deliver(event).await.expect(200);
        }

        let order = hook.shop.order("o_1").await;
        assert_eq!(order.status(), Status::PartiallyRefunded, "{place}");
        assert_eq!(
            (order.refunded_amount(), order.left_to_refund()),
            (400, 1100)
        );
        let told = told(&hook.shop).await;
        assert!(told.contains(&"order.refund_failed".to_owned()), "{told:?}");
    }
}

#[tokio::test]
async fn a_refund_whose_own_event_came_needs_no_list() {
    let hook = Api::start().await;
    let paid = paid(&hook.shop, "o_1").await;
    let _ = hook.deliver(&paid).await.expect(200);
    let intent = paid["data"]["object"]["id"].as_str().unwrap();
    hook.shop.stripe.refund(intent, Some(1000)).unwrap();
    let denied = Fault::restricted().on("GET", "/v1/refunds").times(0);
    hook.shop.stripe.inject(denied);

    let total = event(&hook.shop, "charge.refunded");
    let _ = hook.deliver(&total).await.expect(503);
    let own = event(&hook.shop, "refund.created");
    let _ = hook.deliver(&own).await.expect(200);
    let _ = hook.deliver(&total).await.expect(200);

    assert_eq!(hook.status("o_1").await, Status::PartiallyRefunded);
}

#[tokio::test]
async fn a_total_of_a_payment_that_stripe_does_not_know_is_set_aside() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let stripe = other.impatient_stripe();
    let app = shop.app_over(stripe);
    let client = Client::of(service(app)).await;
    let hook = Api { shop, client };
    let paid = paid(&hook.shop, "o_1").await;
    let _ = hook.deliver(&paid).await.expect(200);
    let intent = paid["data"]["object"]["id"].as_str().unwrap();
    hook.shop.stripe.refund(intent, Some(1000)).unwrap();

    let _ = hook.deliver(&charge_refunded(&hook.shop)).await.expect(200);

    assert_eq!(hook.status("o_1").await, Status::Paid);
    assert_eq!(hook.shop.store.quarantined().await.unwrap().len(), 1);
}
