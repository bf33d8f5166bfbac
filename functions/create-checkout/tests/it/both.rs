//! A payment intent and a session of one order: never both can be paid.

use futures_util::future::{join, join_all};

use crate::{Checkout, intent_id, mugs, order_id, send, session_id};

#[tokio::test]
async fn a_session_closes_the_intent_and_an_intent_closes_the_session() {
    let api = Checkout::start().await;
    let first = api.post_intent("k1", &mugs(1)).await.expect(200);
    let session = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(order_id(&session), order_id(&first));
    let dead = api
        .shop
        .stripe
        .confirm(&intent_id(&first), "pm_card_visa")
        .await;
    assert!(dead.is_err(), "the intent is canceled");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&session).await, "created", "a session is open");

    let second = api.post_intent("k1", &mugs(1)).await.expect(200);
    assert_ne!(intent_id(&second), intent_id(&first));
    assert!(api.sessions("open").is_empty());
    let third = api.post("k1", &mugs(1)).await.expect(200);
    assert_ne!(third.body["url"], session.body["url"]);

    let open = api.only_open();
    api.pay(&open);
    let late = api.post_intent("k1", &mugs(1)).await;
    assert_eq!(late.code(409), "order_already_paid");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&session).await, "paid");
    assert_eq!(api.received(), 1500);
}

#[tokio::test]
async fn an_intent_that_is_paid_or_being_paid_gets_no_session() {
    for (method, code) in [
        ("pm_card_visa", "order_already_paid"),
        ("pm_usBankAccount", "payment_processing"),
    ] {
        let api = Checkout::start().await;
        let first = api.post_intent("k1", &mugs(1)).await.expect(200);
        let intent = intent_id(&first);
        api.shop.stripe.confirm(&intent, method).await.unwrap();

        assert_eq!(api.post("k1", &mugs(1)).await.code(409), code);
        assert!(api.shop.stripe.checkout_sessions().is_empty());
        if method == "pm_usBankAccount" {
            let shown = api.post_intent("k1", &mugs(1)).await.expect(200);
            assert_eq!(intent_id(&shown), intent, "it was not touched");
            api.shop.stripe.settle(&intent).unwrap();
        }
        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(api.status(&first).await, "paid");
    }
}

#[tokio::test]
async fn a_payment_that_the_shop_canceled_gets_no_session() {
    let api = Checkout::start().await;
    let first = api.post_intent("k1", &mugs(1)).await.expect(200);
    api.shop.stripe.cancel(&intent_id(&first)).unwrap();

    assert_eq!(api.post("k1", &mugs(1)).await.code(409), "order_canceled");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&first).await, "canceled");
}

#[tokio::test]
async fn of_an_intent_and_a_session_made_at_once_one_takes_the_money() {
    for round in 0..4 {
        let api = Checkout::start().await;
        let body = mugs(1);
        let others = [api.another().await, api.another().await];
        let sessions = others
            .iter()
            .map(|other| send(&api.shop, other, "k1", &body));
        let intents = (0..2).map(|_| api.post_intent("k1", &body));
        let (sessions, intents) = join(join_all(sessions), join_all(intents)).await;
        for answer in sessions.iter().chain(&intents) {
            let status = answer.status.as_u16();
            assert!(matches!(status, 200 | 409), "{}", answer.body);
        }

        // Each payer tries what they got.
        let mut tried = 0;
        for answer in intents.iter().filter(|answer| answer.status == 200) {
            let paid = api
                .shop
                .stripe
                .confirm(&intent_id(answer), "pm_card_visa")
                .await;
            tried += usize::from(paid.is_ok());
        }
        for answer in sessions.iter().filter(|answer| answer.status == 200) {
            let session = session_id(answer);
            let paid = api.shop.stripe.pay_session(&session, "pm_card_visa");
            tried += usize::from(paid.is_ok());
        }
        assert!(tried <= 1, "round {round}: {tried} payments");
        if tried == 0 {
            let session = session_id(&api.post("k1", &body).await.expect(200));
            api.pay(&session);
        }
        assert_eq!(api.received(), 1500);
        assert_eq!(api.deliver_all().await, 0);
        let notifications = api.shop.notifications().await;
        let paid = notifications.iter().filter(|kind| *kind == "order.paid");
        assert_eq!(paid.count(), 1, "{notifications:?}");
    }
}

#[tokio::test]
async fn each_change_between_intent_and_session_counts_as_a_start() {
    let limit = [("FAREBOX_LIMIT_CALLER", "3,open:20")];
    let api = Checkout::over(testing::Shop::open_with(&limit).await.at_fixed_time()).await;
    let _ = api.post_intent("k1", &mugs(1)).await.expect(200);
    let _ = api.post("k1", &mugs(1)).await.expect(200);
    let form = api.post_intent("k1", &mugs(1)).await.expect(200);

    for _ in 0..3 {
        let refused = api.post("k1", &mugs(1)).await;
        assert_eq!(refused.headers["retry-after"], "3600");
        assert_eq!(refused.code(429), "too_many_payments");
        let again = api.post_intent("k1", &mugs(1)).await.expect(200);
        assert_eq!(intent_id(&again), intent_id(&form), "the open one stays");
    }
    assert_eq!(api.shop.stripe.payment_intents().len(), 2);
    assert_eq!(api.shop.stripe.checkout_sessions().len(), 1);

    api.shop.clock.advance(3600);
    let _ = api.post("k1", &mugs(1)).await.expect(200);
}

#[tokio::test]
async fn a_payment_that_the_shop_cancels_where_we_failed_to_ends_the_order() {
    for is_delivered_first in [true, false] {
        let api = Checkout::start().await;
        let first = api.post_intent("k1", &mugs(1)).await.expect(200);
        let intent = intent_id(&first);
        let cancel = format!("/v1/payment_intents/{intent}/cancel");
        let fault = sandbox::Fault::error().on("POST", &cancel).times(0);
        api.shop.stripe.inject(fault);
        assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
        api.shop.stripe.clear_faults();
        api.shop.stripe.cancel(&intent).unwrap();

        if is_delivered_first {
            assert_eq!(api.deliver_all().await, 0);
        }
        assert_eq!(api.post("k1", &mugs(1)).await.code(409), "order_canceled");
        assert_eq!(
            api.post_intent("k1", &mugs(1)).await.code(409),
            "order_canceled"
        );
        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(api.status(&first).await, "canceled");
        assert!(api.shop.stripe.checkout_sessions().is_empty());
    }
}

#[tokio::test]
async fn an_intent_that_stripe_cancels_by_itself_is_replaced() {
    for (is_delivered_first, by_session) in
        [(true, true), (true, false), (false, true), (false, false)]
    {
        let api = Checkout::start().await;
        api.shop.stripe.set_max_confirmations(2);
        let first = api.post_intent("k1", &mugs(1)).await.expect(200);
        let intent = intent_id(&first);
        for _ in 0..3 {
            let tried = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
            tried.await.unwrap_err();
        }
        let canceled = api.shop.stripe.payment_intent(&intent).unwrap();
        assert_eq!(canceled["cancellation_reason"], "automatic");
        if is_delivered_first {
            assert_eq!(api.deliver_all().await, 0);
            assert_eq!(api.status(&first).await, "created", "it can be paid");
        }

        match by_session {
            true => {
                let session = api.post("k1", &mugs(1)).await.expect(200);
                let session = session_id(&session);
                api.pay(&session);
            }
            false => {
                let second = api.post_intent("k1", &mugs(1)).await.expect(200);
                let other = intent_id(&second);
                assert_ne!(other, intent);
                let paid = api.shop.stripe.confirm(&other, "pm_card_visa");
                paid.await.unwrap();
            }
        }
        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(api.status(&first).await, "paid");
        assert_eq!(api.received(), 1500);
    }
}

#[tokio::test]
async fn a_session_on_which_too_many_cards_failed_is_closed() {
    let limit = [("FAREBOX_LIMIT_ATTEMPTS", "2")];
    let api = Checkout::over(testing::Shop::open_with(&limit).await).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let session = session_id(&first);
    for _ in 0..2 {
        let tried = api
            .shop
            .stripe
            .pay_session(&session, "pm_card_chargeDeclined");
        tried.unwrap_err();
    }
    assert_eq!(api.deliver_all().await, 0);

    assert_eq!(api.sessions("expired"), std::slice::from_ref(&session));
    let paid = api.shop.stripe.pay_session(&session, "pm_card_visa");
    assert!(paid.is_err(), "nobody can go on there");
    let refused = api.post("k1", &mugs(1)).await;
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.code(429), "too_many_payments");
    let form = api.post_intent("k1", &mugs(1)).await;
    assert_eq!(form.code(429), "too_many_payments");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&first).await, "created");
}
