//! One order takes so many cards that fail, and no more: whoever tries cards asks nothing of us.

use sandbox::{Fault, Order};
use serde_json::json;
use testing::Shop;

use crate::{Api, event, order, told};

/// A hook for a shop in which three charges of an order may fail.
async fn limited() -> Api {
    let shop = Shop::open_with(&[("FAREBOX_LIMIT_ATTEMPTS", "3")]).await;
    Api::over(shop).await
}

/// The same, and the sandbox delivers to it.
async fn connected() -> Api {
    let hook = limited().await;
    let url = hook.client.url();
    hook.shop.stripe.add_webhook(&url, Shop::WEBHOOK_SECRET);
    hook
}

impl Api {
    /// So many cards are tried in vain.
    async fn decline(&self, intent: &str, times: usize) {
        for _ in 0..times {
            let tried = self.shop.stripe.confirm(intent, "pm_card_chargeDeclined");
            tried.await.unwrap_err();
        }
    }

    fn intent_status(&self, intent: &str) -> String {
        let intent = self.shop.stripe.payment_intent(intent).unwrap();
        intent["status"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn whoever_tries_sixty_cards_is_stopped_at_the_third() {
    let hook = connected().await;
    let intent = order(&hook.shop, "o_1").await;

    let mut reached_a_bank = 0;
    for _ in 0..60 {
        let tried = hook.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
        let refused = tried.await.unwrap_err();
        reached_a_bank += usize::from(refused["error"]["code"] == "card_declined");
        hook.shop.stripe.delivered_all().await;
    }
    let good = hook.shop.stripe.confirm(&intent, "pm_card_visa").await;

    assert!(good.is_err(), "the payment is canceled");
    assert_eq!(reached_a_bank, 3);
    assert_eq!(
        hook.status("o_1").await.as_str(),
        "created",
        "it is not over"
    );
    let told = told(&hook.shop).await;
    assert!(!told.contains(&"order.canceled".to_owned()), "{told:?}");
    let refused = hook.shop.stripe.deliveries();
    assert!(refused.iter().all(|delivery| delivery.status == Some(200)));
}

#[tokio::test]
async fn a_payment_whose_metadata_was_edited_is_stopped_too() {
    for edited in [json!({}), json!({ "farebox_order": "o_2" })] {
        let hook = limited().await;
        let intent = order(&hook.shop, "o_1").await;
        order(&hook.shop, "o_2").await;
        hook.decline(&intent, 3).await;
        for mut event in hook.shop.stripe.events() {
            if event["type"] == "payment_intent.payment_failed" {
                event["data"]["object"]["metadata"] = edited.clone();
                let _ = hook.deliver(&event).await.expect(200);
            }
        }

        assert_eq!(hook.shop.order("o_1").await.failed_charges().count(), 3);
        assert_eq!(hook.intent_status(&intent), "canceled", "{edited}");
    }
}

/// Delivers the thin form of the first event of a decline.
async fn deliver_first_as_thin(hook: &Api) {
    let events = hook.shop.stripe.events();
    let mut declines = events
        .iter()
        .filter(|event| event["type"] == "payment_intent.payment_failed");
    let first = declines.next().unwrap();
    let intent = &first["data"]["object"]["id"];
    let thin = json!({ "id": first["id"], "object": "v2.core.event", "livemode": false,
        "type": "v1.payment_intent.payment_failed", "created": "2026-11-21T10:00:00.000Z",
        "related_object": { "id": intent, "type": "payment_intent" } });
    let _ = hook.deliver(&thin).await.expect(200);
}

#[tokio::test]
async fn declines_that_came_before_the_first_thin_event_was_fetched_count_each() {
    let hook = limited().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.decline(&intent, 3).await;

    deliver_first_as_thin(&hook).await;

    assert_eq!(hook.shop.order("o_1").await.failed_charges().count(), 3);
    assert_eq!(hook.intent_status(&intent), "canceled");
}

#[tokio::test]
async fn declines_count_by_a_thin_event_though_the_payment_succeeded_since() {
    let hook = limited().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.decline(&intent, 2).await;
    let paid = hook.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();

    deliver_first_as_thin(&hook).await;

    assert_eq!(hook.shop.order("o_1").await.failed_charges().count(), 2);
    assert_eq!(hook.status("o_1").await.as_str(), "paid");
}

#[tokio::test]
async fn a_key_that_may_not_list_charges_counts_the_latest_decline_of_a_thin_event() {
    let hook = limited().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.decline(&intent, 2).await;
    let fault = Fault::restricted().on("GET", "/v1/charges");
    hook.shop.stripe.inject(fault.times(0));

    deliver_first_as_thin(&hook).await;

    assert_eq!(hook.shop.order("o_1").await.failed_charges().count(), 1);
}

#[tokio::test]
async fn a_decline_that_is_told_three_times_is_one() {
    let hook = connected().await;
    let intent = order(&hook.shop, "o_1").await;
    let webhooks = hook.shop.stripe.webhooks();
    webhooks.duplicate(3);
    webhooks.hold();
    hook.decline(&intent, 2).await;
    webhooks.release(Order::Reversed);
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.intent_status(&intent), "requires_payment_method");
    assert_eq!(hook.shop.order("o_1").await.failed_charges().count(), 2);
    hook.decline(&intent, 1).await;
    hook.shop.stripe.delivered_all().await;
    assert_eq!(hook.intent_status(&intent), "canceled");
}

#[tokio::test]
async fn a_payment_that_could_not_be_canceled_is_canceled_when_the_event_comes_again() {
    let hook = limited().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.decline(&intent, 3).await;
    let cancel = format!("/v1/payment_intents/{intent}/cancel");
    hook.shop
        .stripe
        .inject(Fault::error().on("POST", &cancel).times(0));
    for event in hook.shop.stripe.events() {
        if event["id"] != crate::event(&hook.shop, "payment_intent.payment_failed")["id"] {
            let _ = hook.deliver(&event).await.expect(200);
        }
    }
    let last = event(&hook.shop, "payment_intent.payment_failed");

    assert_eq!(hook.deliver(&last).await.code(503), "unavailable");
    hook.shop.stripe.clear_faults();
    let _ = hook.deliver(&last).await.expect(200);

    assert_eq!(hook.intent_status(&intent), "canceled");
    for event in hook.shop.stripe.events() {
        let _ = hook.deliver(&event).await.expect(200);
    }
    assert_eq!(hook.status("o_1").await.as_str(), "created");
}

#[tokio::test]
async fn a_key_that_may_not_cancel_makes_stripe_send_nothing_again() {
    let hook = limited().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.decline(&intent, 3).await;
    let fault = Fault::restricted().on("POST", "/v1/payment_intents/");
    hook.shop.stripe.inject(fault.times(0));

    for event in hook.shop.stripe.events() {
        let _ = hook.deliver(&event).await.expect(200);
    }

    assert_eq!(hook.intent_status(&intent), "requires_payment_method");
}

#[tokio::test]
async fn a_payment_that_came_before_the_declines_were_told_counts() {
    let hook = connected().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.shop.stripe.webhooks().hold();
    hook.decline(&intent, 4).await;
    let paid = hook.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();
    hook.shop.stripe.webhooks().release(Order::AsSent);
    hook.shop.stripe.delivered_all().await;

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
    let deliveries = hook.shop.stripe.deliveries();
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery.status == Some(200))
    );
}
