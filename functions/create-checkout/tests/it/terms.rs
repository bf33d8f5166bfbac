//! The terms of an order's payment, on Checkout: authorized and captured later, and until when it
//! may be paid.

use serde_json::{Value, json};
use testing::{Client, Shop};

use crate::{
    Checkout, order_id, session_id,
    signed::{opening, post_signed},
};

/// Fay captures `amount` of the order with `id`.
async fn capture(api: &Checkout, id: &str, amount: i64) -> Value {
    let captures = Client::of(capture::service(api.shop.app())).await;
    let token = api.shop.token_of("fay", &["admin"]);
    let call = captures.request().bearer(&token);
    let body = json!({ "orderId": id, "amount": amount });
    call.post(&body).await.expect(200).body
}

#[tokio::test]
async fn an_order_with_tax_is_authorized_with_it_and_captured_in_part_in_any_order_of_events() {
    for is_reversed in [false, true] {
        let api = Checkout::start().await;
        let claims = json!({ "captureMethod": "manual", "taxBehavior": "exclusive",
            "checkout": { "automatic_tax": { "enabled": true },
                "customer_update": { "address": "auto" },
                "billing_address_collection": "required" } });
        let answer = post_signed(&api, &claims).await.expect(200);
        let entries = json!({ "payment_method": "pm_card_visa", "email": "ada@example.com",
            "name": "Ada", "address": { "line1": "Torstr. 1", "postal_code": "10119",
                "city": "Berlin", "country": "DE" } });
        let session = session_id(&answer);
        api.shop.stripe.pay_session_with(&session, entries).unwrap();
        let mut events = api.shop.stripe.events();
        if is_reversed {
            events.reverse();
        }
        for event in events {
            let delivered = api.shop.deliver(&api.webhook, event.to_string()).await;
            let _ = delivered.expect(200);
        }

        let order = api.shop.order("o_1").await;
        assert_eq!(order.status().as_str(), "authorized", "{is_reversed}");
        let totals = order.totals();
        assert_eq!(
            (totals.subtotal, totals.tax, totals.total),
            (1500, 285, 1785)
        );
        let until = order.capturable_until().expect("a last moment");
        assert!(until > api.shop.clock.now() + 6 * 24 * 60 * 60);
        assert_eq!(api.received(), 0);

        let paid = capture(&api, "o_1", 1000).await;

        assert_eq!(
            (&paid["status"], &paid["amount"]),
            (&json!("paid"), &json!(1000))
        );
        assert_eq!(paid["amounts"]["tax"], 285);
        assert_eq!(api.received(), 1000);
        assert_eq!(api.deliver_all().await, 0);
        let notified = api.shop.notifications().await;
        for kind in ["order.authorized", "order.paid"] {
            let times = notified.iter().filter(|one| *one == kind).count();
            assert_eq!(times, 1, "{kind}: {notified:?}");
        }
    }
}

#[tokio::test]
async fn a_session_ends_with_its_order_but_no_sooner_than_stripe_allows() {
    let shop = Shop::open().await;
    let api = Checkout::over(shop).await;
    let now = api.shop.clock.now();
    for (id, left, ends) in [
        ("o_1", 60, Some(32 * 60)),
        ("o_2", 3 * 60 * 60, Some(3 * 60 * 60)),
        ("o_3", 3 * 24 * 60 * 60, None),
    ] {
        let claims = json!({ "orderId": id, "expiresAt": now + left });
        let _answer = post_signed(&api, &claims).await.expect(200);
        let sent = opening(&api)["expires_at"].clone();
        let sent: Option<i64> = sent.as_str().map(|text| text.parse().unwrap());
        match ends {
            None => assert_eq!(sent, None, "{id}"),
            Some(ends) => {
                let at = sent.expect("an end") - now;
                assert!((ends..=ends + 65).contains(&at), "{id}: {at}");
            }
        }
    }
}

#[tokio::test]
async fn an_expired_session_is_followed_by_another_until_the_orders_own_time_is_over() {
    let mut shop = Shop::open().await;
    shop.clock = shared::Clock::fixed(shop.clock.now());
    let api = Checkout::over(shop).await;
    let now = api.shop.clock.now();
    let claims = json!({ "expiresAt": now + 7_200 });
    let answer = post_signed(&api, &claims).await.expect(200);
    api.shop
        .stripe
        .expire_session(&session_id(&answer))
        .unwrap();
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "expired");

    api.shop.clock.advance(10);
    let again = post_signed(&api, &claims).await.expect(200);
    assert_eq!(order_id(&again), "o_1");
    assert_eq!(api.status(&again).await, "created");

    api.shop.stripe.expire_session(&session_id(&again)).unwrap();
    assert_eq!(api.deliver_all().await, 0);
    api.shop.clock.advance(7_190);
    let late = post_signed(&api, &claims).await;
    assert_eq!(late.code(409), "order_expired");
    let expected = ["order.expired", "order.expired"];
    assert_eq!(api.shop.notifications().await, expected);
}
