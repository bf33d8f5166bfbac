//! An order accepts a limited number of failed cards, then its payment is canceled: those who test
//! cards confirm at Stripe, and send no request to a function.

use sandbox::{Fault, Order};
use serde_json::json;
use testing::{Shop, TestServer};
use webhook::service;

use crate::{deliver, event};

/// The function over a shop in which three charges of an order may fail.
async fn limited() -> TestServer {
    let shop = Shop::open_with(&[("FAREBOX_LIMIT_ATTEMPTS", "3")]).await;
    TestServer::over(shop, service).await
}

/// The same, and the sandbox delivers to it.
async fn connected() -> TestServer {
    let api = limited().await;
    api.shop.subscribe(&api.client);
    api
}

/// Declines `times` cards.
async fn decline(api: &TestServer, intent: &str, times: usize) {
    for _ in 0..times {
        let tried = api.shop.stripe.confirm(intent, "pm_card_chargeDeclined");
        tried.await.unwrap_err();
    }
}

fn intent_status(api: &TestServer, intent: &str) -> String {
    let intent = api.shop.stripe.payment_intent(intent).unwrap();
    intent["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn of_sixty_cards_three_reach_a_bank() {
    let api = connected().await;
    let intent = api.shop.open_order("o_1").await;

    let mut reached_a_bank = 0;
    for _ in 0..60 {
        let tried = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
        let refused = tried.await.unwrap_err();
        reached_a_bank += usize::from(refused["error"]["code"] == "card_declined");
        api.shop.stripe.delivered_all().await;
    }
    let good = api.shop.stripe.confirm(&intent, "pm_card_visa").await;

    assert!(good.is_err(), "the payment is canceled");
    assert_eq!(reached_a_bank, 3);
    assert_eq!(api.shop.status("o_1").await, "created", "it is not over");
    let notified = api.shop.notifications().await;
    assert_eq!(notified, ["order.payment_failed"; 3], "one for each");
    let refused = api.shop.stripe.deliveries();
    assert!(refused.iter().all(|delivery| delivery.status == Some(200)));
}

#[tokio::test]
async fn a_payment_whose_metadata_was_edited_is_stopped_too() {
    for edited in [json!({}), json!({ "farebox_order": "o_2" })] {
        let api = limited().await;
        let intent = api.shop.open_order("o_1").await;
        api.shop.open_order("o_2").await;
        decline(&api, &intent, 3).await;
        for mut event in api.shop.stripe.events() {
            if event["type"] == "payment_intent.payment_failed" {
                event["data"]["object"]["metadata"] = edited.clone();
                let _ = deliver(&api, &event).await.expect(200);
            }
        }

        assert_eq!(api.shop.order("o_1").await.failed_charges().count(), 3);
        assert_eq!(intent_status(&api, &intent), "canceled", "{edited}");
    }
}

/// Delivers the thin form of the first event of a decline.
async fn deliver_first_as_thin(api: &TestServer) {
    let events = api.shop.stripe.events();
    let mut declines = events
        .iter()
        .filter(|event| event["type"] == "payment_intent.payment_failed");
    let first = declines.next().unwrap();
    let intent = &first["data"]["object"]["id"];
    let thin = json!({ "id": first["id"], "object": "v2.core.event", "livemode": false,
        "type": "v1.payment_intent.payment_failed", "created": "2026-11-21T10:00:00.000Z",
        "related_object": { "id": intent, "type": "payment_intent" } });
    let _ = deliver(api, &thin).await.expect(200);
}

#[tokio::test]
async fn declines_that_came_before_the_first_thin_event_was_fetched_count_each() {
    let api = limited().await;
    let intent = api.shop.open_order("o_1").await;
    decline(&api, &intent, 3).await;

    deliver_first_as_thin(&api).await;

    assert_eq!(api.shop.order("o_1").await.failed_charges().count(), 3);
    assert_eq!(intent_status(&api, &intent), "canceled");
}

#[tokio::test]
async fn declines_count_by_a_thin_event_though_the_payment_succeeded_since() {
    let api = limited().await;
    let intent = api.shop.open_order("o_1").await;
    decline(&api, &intent, 2).await;
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();

    deliver_first_as_thin(&api).await;

    assert_eq!(api.shop.order("o_1").await.failed_charges().count(), 2);
    assert_eq!(api.shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn a_key_that_may_not_list_charges_counts_the_latest_decline_of_a_thin_event() {
    let api = limited().await;
    let intent = api.shop.open_order("o_1").await;
    decline(&api, &intent, 2).await;
    let fault = Fault::restricted().on("GET", "/v1/charges");
    api.shop.stripe.inject(fault.times(0));

    deliver_first_as_thin(&api).await;

    assert_eq!(api.shop.order("o_1").await.failed_charges().count(), 1);
}

#[tokio::test]
async fn a_decline_that_is_delivered_three_times_is_one() {
    let api = connected().await;
    let intent = api.shop.open_order("o_1").await;
    let webhooks = api.shop.stripe.webhooks();
    webhooks.duplicate(3);
    webhooks.hold();
    decline(&api, &intent, 2).await;
    webhooks.release(Order::Reversed);
    api.shop.stripe.delivered_all().await;

    assert_eq!(intent_status(&api, &intent), "requires_payment_method");
    assert_eq!(api.shop.order("o_1").await.failed_charges().count(), 2);
    decline(&api, &intent, 1).await;
    api.shop.stripe.delivered_all().await;
    assert_eq!(intent_status(&api, &intent), "canceled");
}

#[tokio::test]
async fn a_payment_that_could_not_be_canceled_is_canceled_when_the_event_comes_again() {
    let api = limited().await;
    let intent = api.shop.open_order("o_1").await;
    decline(&api, &intent, 3).await;
    let cancel = format!("/v1/payment_intents/{intent}/cancel");
    api.shop
        .stripe
        .inject(Fault::error().on("POST", &cancel).times(0));
    for event in api.shop.stripe.events() {
        if event["id"] != crate::event(&api.shop, "payment_intent.payment_failed")["id"] {
            let _ = deliver(&api, &event).await.expect(200);
        }
    }
    let last = event(&api.shop, "payment_intent.payment_failed");

    assert_eq!(deliver(&api, &last).await.code(503), "unavailable");
    api.shop.stripe.clear_faults();
    let _ = deliver(&api, &last).await.expect(200);

    assert_eq!(intent_status(&api, &intent), "canceled");
    for event in api.shop.stripe.events() {
        let _ = deliver(&api, &event).await.expect(200);
    }
    assert_eq!(api.shop.status("o_1").await, "created");
}

#[tokio::test]
async fn a_key_that_may_not_cancel_makes_stripe_send_nothing_again() {
    let api = limited().await;
    let intent = api.shop.open_order("o_1").await;
    decline(&api, &intent, 3).await;
    let fault = Fault::restricted().on("POST", "/v1/payment_intents/");
    api.shop.stripe.inject(fault.times(0));

    for event in api.shop.stripe.events() {
        let _ = deliver(&api, &event).await.expect(200);
    }

    assert_eq!(intent_status(&api, &intent), "requires_payment_method");
}

#[tokio::test]
async fn a_payment_before_the_declines_were_delivered_counts() {
    let api = connected().await;
    let intent = api.shop.open_order("o_1").await;
    api.shop.stripe.webhooks().hold();
    decline(&api, &intent, 4).await;
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();
    api.shop.stripe.webhooks().release(Order::AsSent);
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.status("o_1").await, "paid");
    let deliveries = api.shop.stripe.deliveries();
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery.status == Some(200))
    );
}
