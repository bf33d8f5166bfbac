//! Unpaid orders whose time is over.

use sandbox::Fault;
use serde_json::json;
use shared::{Clock, order::OrderDetails};
use testing::{Client, Shop};

use crate::app;

/// A shop whose clock stands at the present time.
async fn shop() -> Shop {
    let mut shop = Shop::open().await;
    shop.clock = Clock::fixed(Clock::default().now());
    shop
}

/// The contents of an order that may be paid for a minute.
fn brief(shop: &Shop) -> OrderDetails {
    let end = shop.clock.now() + 60;
    shop.contents(1500, "usd").expiring(Some(end))
}

/// The number of orders that a run let expire.
async fn expired(shop: &Shop) -> usize {
    app(shop).catch_up().await.unwrap().expired
}

#[tokio::test]
async fn an_unpaid_order_expires_its_payment_is_closed_and_the_site_is_notified_once() {
    let shop = shop().await;
    let intent = shop.open_order_with("ada", "o_1", brief(&shop)).await;
    let _endless = shop.open_order("o_2").await;
    assert_eq!(expired(&shop).await, 0);

    shop.clock.advance(60);
    assert_eq!(expired(&shop).await, 1);
    assert_eq!(expired(&shop).await, 0);

    assert_eq!(shop.status("o_1").await, "expired");
    assert_eq!(shop.status("o_2").await, "created");
    assert!(shop.stripe.confirm(&intent, "pm_card_visa").await.is_err());
    shop.accept_events().await;
    assert_eq!(shop.notifications().await, ["order.expired"]);
}

#[tokio::test]
async fn an_order_with_an_open_session_expires_with_it() {
    let shop = shop().await;
    let checkout = Client::of(create_checkout::service(shop.app())).await;
    let end = shop.clock.now() + 60;
    let body = json!({
        "order": shop.order_token("ada", &json!({ "expiresAt": end })),
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart",
    });
    let call = checkout.request().bearer(&shop.token("ada"));
    let _session = call.post(&body).await.expect(200);

    shop.clock.advance(60);
    assert_eq!(expired(&shop).await, 1);

    assert_eq!(shop.stripe.checkout_sessions()[0]["status"], "expired");
    shop.accept_events().await;
    assert_eq!(shop.status("o_1").await, "expired");
    assert_eq!(shop.notifications().await, ["order.expired"]);
}

#[tokio::test]
async fn a_payment_at_the_last_moment_counts_and_one_under_way_keeps_its_order() {
    let shop = shop().await;
    let paid = shop.open_order_with("ada", "o_paid", brief(&shop)).await;
    let bank = shop.open_order_with("ada", "o_bank", brief(&shop)).await;
    let _paid = shop.stripe.confirm(&paid, "pm_card_visa").await.unwrap();
    let _bank = shop
        .stripe
        .confirm(&bank, "pm_usBankAccount")
        .await
        .unwrap();

    // No event of the card's payment was delivered: Stripe alone knows of it.
    shop.accept_events_of(&bank).await;
    shop.clock.advance(60);
    assert_eq!(expired(&shop).await, 0);

    assert_eq!(shop.status("o_paid").await, "paid", "Stripe was asked");
    assert_eq!(shop.status("o_bank").await, "processing");
    let _failed = shop.stripe.fail_settlement(&bank).unwrap();
    shop.accept_events().await;
    assert_eq!(expired(&shop).await, 1);
    assert_eq!(shop.status("o_bank").await, "expired");
}

#[tokio::test]
async fn an_order_whose_payment_stripe_does_not_close_is_tried_by_the_next_run() {
    let shop = shop().await;
    for id in ["o_1", "o_2"] {
        let _intent = shop.open_order_with("ada", id, brief(&shop)).await;
    }
    shop.clock.advance(60);
    let cancel = Fault::restricted().on("POST", "/v1/payment_intents/");
    shop.stripe.inject(cancel.times(1));

    assert_eq!(
        expired(&shop).await,
        1,
        "the other order does not wait for it"
    );
    assert_eq!(expired(&shop).await, 1);
    assert_eq!(shop.status("o_1").await, "expired");
    assert_eq!(shop.status("o_2").await, "expired");
}
