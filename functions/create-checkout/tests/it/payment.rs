//! A session is paid, or not, and the webhook gets its events.

use sandbox::Fault;
use serde_json::json;
use shared::{event::Event, processor::ProcessError};

use crate::{Checkout, change, mugs, order_id};

#[tokio::test]
async fn a_session_that_is_paid_pays_its_order_once() {
    let api = Checkout::start().await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);

    let early = api.post("k1", &mugs(1)).await;
    assert_eq!(
        early.code(409),
        "order_already_paid",
        "Stripe knows it before the database"
    );
    for _ in 0..2 {
        assert_eq!(api.deliver_all().await, 0);
    }
    assert_eq!(api.status(&answer).await, "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
    assert_eq!(
        api.post("k2", &change(&answer, 2)).await.code(409),
        "order_already_paid"
    );
}

#[tokio::test]
async fn a_session_that_is_paid_pays_its_order_whatever_another_tool_wrote_to_its_metadata() {
    let api = Checkout::start().await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);
    let processor = api.shop.app().processor;

    for mut event in api.shop.stripe.events() {
        event["data"]["object"]["metadata"] = json!({});
        let event = Event::parse(event.to_string().as_bytes()).unwrap();
        processor.process(event).await.unwrap();
    }

    assert_eq!(api.status(&answer).await, "paid");
    assert!(api.shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_bank_debit_pays_when_the_money_comes_and_not_before() {
    for succeeds in [true, false] {
        let api = Checkout::start().await;
        let answer = api.post("k1", &mugs(1)).await.expect(200);
        let session = api.only_open();
        api.shop
            .stripe
            .pay_session(&session, "pm_usBankAccount")
            .unwrap();

        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(api.status(&answer).await, "processing");
        for body in [mugs(1), change(&answer, 2)] {
            let key = if body["orderId"].is_null() {
                "k1"
            } else {
                "k2"
            };
            assert_eq!(api.post(key, &body).await.code(409), "payment_processing");
            assert_eq!(
                api.post_intent(key, &body).await.code(409),
                "payment_processing"
            );
        }

        let intent = api.shop.stripe.payment_intents()[0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        match succeeds {
            true => api.shop.stripe.settle(&intent).unwrap(),
            false => api.shop.stripe.fail_settlement(&intent).unwrap(),
        };
        assert_eq!(api.deliver_all().await, 0);
        let notifications = api.shop.notifications().await;
        if succeeds {
            assert_eq!(api.status(&answer).await, "paid");
            let paid = notifications.iter().filter(|kind| *kind == "order.paid");
            assert_eq!(paid.count(), 1, "{notifications:?}");
            continue;
        }
        assert_eq!(api.status(&answer).await, "failed");
        assert!(
            notifications
                .iter()
                .any(|kind| kind == "order.payment_failed"),
            "{notifications:?}"
        );
        let again = api.post("k1", &mugs(1)).await.expect(200);
        assert_eq!(order_id(&again), order_id(&answer));
        let session = api.only_open();
        api.pay(&session);
        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(api.status(&answer).await, "paid");
        assert_eq!(api.received(), 1500);
    }
}

#[tokio::test]
async fn an_order_whose_session_expired_is_paid_by_another() {
    let api = Checkout::start().await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    // A decline first, so that the session has an intent, which Stripe cancels with it.
    assert!(
        api.shop
            .stripe
            .pay_session(&session, "pm_card_chargeDeclined")
            .is_err()
    );
    api.shop.stripe.expire_session(&session).unwrap();

    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "expired");
    let again = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(order_id(&again), order_id(&answer));
    assert_ne!(again.body["url"], answer.body["url"]);
    let session = api.only_open();
    api.pay(&session);
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "paid");
}

#[tokio::test]
async fn a_refund_that_is_delivered_before_its_payment_counts() {
    let api = Checkout::start().await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);
    deliver_refund(&api).await;

    assert_eq!(api.status(&answer).await, "partially_refunded");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(
        api.shop.order(&order_id(&answer)).await.refunded_amount(),
        500
    );
    let notifications = api.shop.notifications().await;
    let paid = notifications.iter().filter(|kind| *kind == "order.paid");
    assert_eq!(paid.count(), 1, "{notifications:?}");
}

#[tokio::test]
async fn what_the_webhook_missed_is_taken_by_reconcile() {
    let mut shop = testing::Shop::open().await;
    // What happens now is old enough to be asked for.
    shop.clock = shared::Clock::fixed(shop.clock.now() + 120);
    let api = Checkout::over(shop).await;
    let paid = api.post("k1", &mugs(1)).await.expect(200);
    api.pay(&api.only_open());
    refund(&api);
    let expired = api.post("k2", &mugs(1)).await.expect(200);
    api.shop.stripe.expire_session(&api.only_open()).unwrap();

    let reconcile = reconcile::Reconciler::new(&api.shop.config, api.shop.app());
    let report = reconcile.catch_up().await.unwrap();
    assert!(report.complete, "{report:?}");

    assert_eq!(api.status(&paid).await, "partially_refunded");
    assert_eq!(api.status(&expired).await, "expired");
    assert!(api.shop.store.quarantined().await.unwrap().is_empty());
}

/// Refunds 5.00 of the only payment; Stripe's event of it.
fn refund(api: &Checkout) -> Event {
    let intent = &api.shop.stripe.payment_intents()[0]["id"];
    let intent = intent.as_str().unwrap();
    api.shop.stripe.refund(intent, Some(500)).unwrap();
    let events = api.shop.stripe.events().into_iter();
    let mut refunds = events.filter(|event| event["type"] == "refund.created");
    Event::parse(refunds.next().unwrap().to_string().as_bytes()).unwrap()
}

/// Refunds as [`refund`] does, and processes the event of that alone.
async fn deliver_refund(api: &Checkout) {
    let processor = &api.shop.app().processor;
    processor.process(refund(api)).await.unwrap();
}

#[tokio::test]
async fn a_payment_that_was_fetched_is_no_event_that_the_site_is_notified_of() {
    let events = [("FAREBOX_NOTIFY_EVENTS", "payment_intent.*")];
    let api = Checkout::over(testing::Shop::open_with(&events).await).await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);

    deliver_refund(&api).await;

    assert_eq!(api.status(&answer).await, "partially_refunded");
    let mut notifications = api.shop.notifications().await;
    notifications.sort();
    assert_eq!(notifications, ["order.paid", "order.refunded"]);
    assert_eq!(api.deliver_all().await, 0);
    let notifications = api.shop.notifications().await;
    let is_notified = notifications
        .iter()
        .any(|kind| kind == "stripe.payment_intent.succeeded");
    assert!(is_notified, "{notifications:?}");
}

#[tokio::test]
async fn a_payment_that_contradicts_its_order_is_logged_when_it_is_asked_for() {
    let api = Checkout::start().await;
    let _ = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);
    let refund = refund(&api);
    let file = api.shop.folder().join("farebox.sqlite");
    let file = rusqlite::Connection::open(file).unwrap();
    // As after a restore of an older backup.
    file.execute_batch("DELETE FROM orders").unwrap();
    let processor = api.shop.app().processor;

    let (log, guard) = testing::Log::start();
    processor.process(refund).await.unwrap();
    drop(guard);

    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 1);
    assert!(log.text().contains("metric.quarantined"), "{}", log.text());
}

#[tokio::test]
async fn what_our_key_may_not_ask_for_yet_is_delivered_again() {
    let api = Checkout::start().await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);
    let refund = refund(&api);
    let restricted = Fault::restricted().on("GET", "/v1/payment_intents/");
    api.shop.stripe.inject(restricted);

    let refused = api.shop.app().processor.process(refund.clone()).await;
    assert!(
        matches!(refused, Err(ProcessError::Stripe(_))),
        "{refused:?}"
    );
    assert_eq!(api.status(&answer).await, "created");

    api.shop.app().processor.process(refund).await.unwrap();
    assert_eq!(api.status(&answer).await, "partially_refunded");
}

/// A session for an order that the site signed, in reais.
async fn in_reais(api: &Checkout) -> (serde_json::Value, testing::Answer) {
    let claims = serde_json::json!({ "currency": "brl" });
    let body = serde_json::json!({
        "order": api.shop.order_token("ada", &claims),
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart",
    });
    let answer = api.post("k1", &body).await.expect(200);
    (body, answer)
}

#[tokio::test]
async fn a_voucher_that_is_out_holds_the_order_and_says_until_when() {
    for is_paid in [true, false] {
        let api = Checkout::start().await;
        let (body, answer) = in_reais(&api).await;
        let session = api.only_open();
        let voucher = api
            .shop
            .stripe
            .payment_method(serde_json::json!({ "type": "boleto" }));
        let voucher = voucher.unwrap()["id"].as_str().unwrap().to_owned();
        let complete = api.shop.stripe.pay_session(&session, &voucher).unwrap();
        assert_eq!(complete["status"], "complete");
        let intent = complete["payment_intent"].as_str().unwrap().to_owned();
        let asked = api.shop.stripe.payment_intent(&intent).unwrap();
        let until = &asked["next_action"]["boleto_display_details"]["expires_at"];

        assert_eq!(api.deliver_all().await, 0);

        assert_eq!(api.status(&answer).await, "processing");
        let awaited = api.shop.order(&order_id(&answer)).await.awaited();
        let awaited = serde_json::to_value(awaited).unwrap();
        assert_eq!(
            awaited,
            serde_json::json!({ "kind": "voucher", "until": until })
        );
        let by = shared::rfc3339::format(until.as_i64().unwrap());
        for refused in [
            api.post("k1", &body).await,
            api.post_intent("k1", &body).await,
        ] {
            let message = refused.body["error"]["message"].to_string();
            assert!(
                message.contains("a voucher") && message.contains(&by),
                "{message}"
            );
            assert_eq!(refused.code(409), "payment_processing");
        }
        match is_paid {
            true => api.shop.stripe.settle(&intent).unwrap(),
            false => api.shop.stripe.fail_settlement(&intent).unwrap(),
        };
        assert_eq!(api.deliver_all().await, 0);
        let order = api.shop.order(&order_id(&answer)).await;
        assert_eq!(order.awaited(), None);
        match is_paid {
            true => assert_eq!(order.status().as_str(), "paid"),
            false => {
                assert_eq!(order.status().as_str(), "failed");
                let _ = api.post("k1", &body).await.expect(200);
                assert_ne!(api.only_open(), session, "another session is open");
            }
        }
    }
}

#[tokio::test]
async fn the_payment_method_of_a_session_is_saved_where_the_site_signed_it() {
    for (usage, kept) in [(Some("off_session"), 1), (Some("on_session"), 1), (None, 0)] {
        let api = Checkout::start().await;
        let order = json!({ "setupFutureUsage": usage });
        let body = json!({ "order": api.shop.order_token("ada", &order),
            "successUrl": "https://shop.example/paid", "cancelUrl": "https://shop.example/cart" });
        let call = api.as_role("ada", "customer");
        let _ = call.post(&body).await.expect(200);
        api.pay(&api.only_open());

        let intents = api.shop.stripe.payment_intents();
        let [intent] = &intents[..] else {
            panic!("not one intent: {intents:#?}")
        };
        assert_eq!(intent["setup_future_usage"], json!(usage));
        let stripe = api.shop.quick_stripe_client();
        let cards = stripe.payment_methods_of(intent["customer"].as_str().unwrap());
        assert_eq!(cards.await.unwrap().len(), kept, "{usage:?}");
    }
}

#[tokio::test]
async fn an_off_session_order_opens_no_session() {
    let api = Checkout::start().await;
    let order = json!({ "offSession": true });
    let body = json!({ "order": api.shop.order_token("ada", &order),
        "successUrl": "https://shop.example/paid", "cancelUrl": "https://shop.example/cart" });
    let refused = api.as_role("ada", "customer").post(&body).await;
    let message = refused.body["error"]["message"].to_string();
    assert_eq!(refused.code(400), "invalid_request");
    assert!(message.contains("`offSession`"), "{message}");
    assert!(api.shop.stripe.checkout_sessions().is_empty());
}
