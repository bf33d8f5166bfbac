//! An order with a Checkout Session is refreshed from Stripe, without any webhook.

use shared::Clock;
use testing::Shop;

use crate::{Checkout, mugs, order_id};

/// A shop with an order and its session, whose clock stands at the present time of the sandbox.
async fn start() -> (Checkout, String, String) {
    let mut shop = Shop::open().await;
    shop.clock = Clock::fixed(Clock::default().now());
    let api = Checkout::over(shop).await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    (api, order_id(&answer), session)
}

/// The status of the order with `id` after a refresh, two seconds after the last.
async fn refreshed(api: &Checkout, id: &str) -> &'static str {
    api.shop.clock.advance(2);
    let order = api.shop.order(id).await;
    let refreshed = api.shop.app().processor.refresh(order).await;
    assert_eq!(refreshed, api.shop.order(id).await, "it is stored");
    refreshed.status().as_str()
}

#[tokio::test]
async fn a_session_that_is_paid_pays_its_order_without_a_webhook_and_notifies_once() {
    let (api, order, session) = start().await;
    assert_eq!(refreshed(&api, &order).await, "created");
    api.pay(&session);

    assert_eq!(refreshed(&api, &order).await, "paid");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(refreshed(&api, &order).await, "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);

    let intent = api.shop.order(&order).await.intent().unwrap().to_owned();
    api.shop.stripe.refund(&intent, None).unwrap();
    assert_eq!(refreshed(&api, &order).await, "refunded");
}

#[tokio::test]
async fn a_session_that_expired_leaves_its_order_to_be_paid_anew() {
    let (api, order, session) = start().await;
    api.shop.stripe.expire_session(&session).unwrap();

    assert_eq!(refreshed(&api, &order).await, "expired");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(refreshed(&api, &order).await, "expired");
    assert_eq!(api.shop.notifications().await, ["order.expired"]);
}

#[tokio::test]
async fn a_debit_on_a_session_is_processing_until_the_bank_answers() {
    for succeeds in [true, false] {
        let (api, order, session) = start().await;
        let debit = api.shop.stripe.pay_session(&session, "pm_usBankAccount");
        debit.unwrap();
        for _ in 0..2 {
            assert_eq!(refreshed(&api, &order).await, "processing");
        }
        let intents = api.shop.stripe.payment_intents();
        let intent = intents[0]["id"].as_str().unwrap();
        let (outcome, status, notified) = match succeeds {
            true => (api.shop.stripe.settle(intent), "paid", "order.paid"),
            false => (
                api.shop.stripe.fail_settlement(intent),
                "failed",
                "order.payment_failed",
            ),
        };
        outcome.unwrap();
        assert_eq!(refreshed(&api, &order).await, status);

        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(refreshed(&api, &order).await, status);
        let notifications = api.shop.notifications().await;
        assert_eq!(notifications, ["order.processing", notified]);
    }
}
