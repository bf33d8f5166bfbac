//! Changed contents of an unpaid order change its intent; a paid order does not change.

use create_intent::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Shop, TestServer, as_soon_as};

use crate::{intent_id, mugs, only_intent, open_intent, order_id, post_signed, stickers_for_a_mug};

/// A request that changes the order `id` to so many mugs.
fn change(id: &str, quantity: u32) -> Value {
    let mut body = mugs(quantity);
    body["orderId"] = json!(id);
    body
}

/// The payment of the order `id` succeeds, and the database knows.
async fn pay(api: &TestServer, id: &str) {
    let intent = only_intent(api);
    let intent = intent["id"].as_str().unwrap();
    let paid = api.shop.stripe.confirm(intent, "pm_card_visa").await;
    paid.unwrap();
    api.shop.accept_events_of(intent).await;
    assert_eq!(api.shop.status(id).await, "paid");
}

#[tokio::test]
async fn contents_that_cost_the_same_change_the_same_intent() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);

    let stickers = stickers_for_a_mug(&order_id(&first));
    let changed = api.post("k2", &stickers).await.expect(200);

    assert_eq!(order_id(&changed), order_id(&first));
    assert_eq!(changed.body["clientSecret"], first.body["clientSecret"]);
    assert_eq!(changed.body["amount"], 1500);
    let intent = only_intent(&api);
    assert_eq!(intent["amount"], 1500);
    let order = api.shop.order(&order_id(&first)).await;
    assert_eq!(
        intent["metadata"]["farebox_contents"],
        order.revision().digest
    );
}

#[tokio::test]
async fn a_higher_amount_is_never_taken_from_whoever_saw_a_lower_one() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);

    let changed = api
        .post("k2", &change(&order_id(&first), 3))
        .await
        .expect(200);

    assert_eq!(order_id(&changed), order_id(&first));
    assert_eq!(changed.body["amount"], 4500);
    let (seen, open) = (intent_id(&first), intent_id(&changed));
    assert_ne!(seen, open, "the first tab's form is for 15.00");
    let old = api.shop.stripe.payment_intent(&seen).unwrap();
    assert_eq!(
        (&old["status"], &old["amount"]),
        (&json!("canceled"), &json!(1500))
    );
    let paid = api.shop.stripe.confirm(&seen, "pm_card_visa").await;
    assert!(paid.is_err(), "the first tab takes nothing");
    let paid = api.shop.stripe.confirm(&open, "pm_card_visa").await;
    paid.unwrap();
    assert_eq!(open_intent(&api)["amount_received"], 4500);
    api.shop.accept_events_of(&seen).await;
    api.shop.accept_events_of(&open).await;
    let order = api.shop.order(&order_id(&first)).await;
    assert_eq!(order.status().as_str(), "paid");
    assert_eq!(order.revision().contents.amount().minor_units(), 4500);
}

#[tokio::test]
async fn a_change_under_an_open_challenge_makes_another_intent() {
    for (before, after) in [(2, 4), (2, 2), (2, 1)] {
        let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
        let amount = |n: i64| json!({ "amount": n * 1000, "metadata": { "n": n.to_string() } });
        let first = post_signed(&api, &amount(before)).await.expect(200);
        let challenged = intent_id(&first);
        let confirmed = api
            .shop
            .stripe
            .confirm(&challenged, "pm_card_threeDSecure2Required");
        assert_eq!(confirmed.await.unwrap()["status"], "requires_action");
        let same = post_signed(&api, &amount(before)).await.expect(200);
        assert_eq!(intent_id(&same), challenged, "nothing changed");
        api.shop.clock.advance(10);

        let mut changed = amount(after);
        changed["description"] = json!("Changed");
        let changed = post_signed(&api, &changed).await.expect(200);

        assert_ne!(intent_id(&changed), challenged);
        assert!(
            api.shop.stripe.authenticate(&challenged, true).is_err(),
            "it is canceled"
        );
        let taken = api.shop.stripe.payment_intents();
        assert!(taken.iter().all(|intent| intent["amount_received"] == 0));
        api.shop.accept_events_of(&challenged).await;
        assert_eq!(api.shop.status("o_1").await, "created");
    }
}

#[tokio::test]
async fn another_currency_makes_another_intent() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let first = post_signed(&api, &json!({})).await.expect(200);
    api.shop.clock.advance(10);

    let euros = json!({ "currency": "eur", "amount": 1400 });
    let changed = post_signed(&api, &euros).await.expect(200);

    assert_ne!(intent_id(&changed), intent_id(&first));
    assert_eq!(changed.body["currency"], "eur");
    let old = api.shop.stripe.payment_intent(&intent_id(&first)).unwrap();
    assert_eq!(
        (&old["status"], &old["currency"]),
        (&json!("canceled"), &json!("usd"))
    );
}

#[tokio::test]
async fn a_payer_who_confirms_just_before_the_cancellation_pays_what_was_offered() {
    for (method, code, status) in [
        ("pm_card_visa", "order_already_paid", "paid"),
        ("pm_usBankAccount", "payment_processing", "processing"),
    ] {
        let api = TestServer::start(service).await;
        let first = api.post("k1", &mugs(1)).await.expect(200);
        let (id, intent) = (order_id(&first), intent_id(&first));
        let cancel = format!("/v1/payment_intents/{intent}/cancel");
        let is_cancel = |r: &sandbox::RecordedRequest| r.path == cancel;
        api.shop
            .stripe
            .inject(Fault::bad_gateway().on("POST", &cancel));

        let body = change(&id, 3);
        let changed = api.post("k2", &body);
        let payer = async {
            let is_asked = || api.shop.stripe.requests().iter().any(is_cancel);
            as_soon_as("Stripe is asked to cancel", is_asked).await;
            api.shop.stripe.confirm(&intent, method).await.unwrap();
        };
        let (changed, ()) = futures_util::future::join(changed, payer).await;

        assert_eq!(changed.code(409), code);
        assert_eq!(only_intent(&api)["amount"], 1500);
        api.shop.accept_events_of(&intent).await;
        assert_eq!(api.shop.status(&id).await, status);
        if status == "processing" {
            api.shop.stripe.settle(&intent).unwrap();
            api.shop.accept_events_of(&intent).await;
        }
        let order = api.shop.order(&id).await;
        assert_eq!(order.status().as_str(), "paid");
        assert_eq!(order.revision().contents.amount().minor_units(), 1500);
    }
}

#[tokio::test]
async fn a_process_that_died_between_canceling_and_making_anew_leaves_nothing_to_repair() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let fault = Fault::lost_answer().times(0);
    api.shop
        .stripe
        .inject(fault.on("POST", "/v1/payment_intents"));
    let body = change(&order_id(&first), 3);
    assert_eq!(api.post("k2", &body).await.code(503), "unavailable");
    api.shop.accept_events_of(&intent_id(&first)).await;
    api.shop.stripe.clear_faults();

    let changed = api.post("k2", &body).await.expect(200);

    assert_eq!(changed.body["amount"], 4500);
    let intents = api.shop.stripe.payment_intents();
    let open = intents
        .iter()
        .filter(|intent| intent["status"] != "canceled");
    assert_eq!(open.count(), 1);
}

#[tokio::test]
async fn a_cart_that_changes_back_and_forth_ends_at_its_last_contents() {
    let api = TestServer::start(service).await;
    let id = order_id(&api.post("k0", &mugs(1)).await.expect(200));

    for (n, quantity) in [2, 1, 2, 1, 3, 2].into_iter().enumerate() {
        let answer = api
            .post(&format!("k{}", n + 1), &change(&id, quantity))
            .await
            .expect(200);
        let amount = i64::from(quantity) * 1500;
        assert_eq!(answer.body["amount"], amount);
        assert_eq!(
            open_intent(&api)["amount"],
            amount,
            "the intent follows the order"
        );
    }
}

#[tokio::test]
async fn the_repetition_of_an_earlier_operation_changes_nothing() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let _ = api
        .post("k2", &change(&order_id(&first), 3))
        .await
        .expect(200);

    let replayed = api.post("k1", &mugs(1)).await.expect(200);

    assert_eq!(replayed.body["amount"], 4500, "the order as it is now");
    assert_eq!(open_intent(&api)["amount"], 4500);
}

#[tokio::test]
async fn two_tabs_that_change_at_once_leave_intent_and_order_alike() {
    let api = TestServer::start(service).await;
    let id = order_id(&api.post("k0", &mugs(1)).await.expect(200));
    let token = api.shop.token("ada");
    let bodies: Vec<Value> = (2..6).map(|quantity| change(&id, quantity)).collect();

    let calls = bodies.iter().enumerate().map(|(n, body)| {
        api.client
            .request()
            .bearer(&token)
            .key(&format!("tab{n}"))
            .post(body)
    });
    for answer in futures_util::future::join_all(calls).await {
        let status = answer.status.as_u16();
        assert!(matches!(status, 200 | 409), "{}", answer.body);
    }

    // A request that was refused as too busy is sent again.
    let _ = api.post("k0", &mugs(1)).await.expect(200);
    let order = api.shop.order(&id).await;
    let offered = order.revision().contents.amount().minor_units();
    let intent = api.shop.stripe.payment_intent(order.intent().unwrap());
    assert_eq!(intent.unwrap()["amount"], offered);
}

#[tokio::test]
async fn a_request_that_comes_late_does_not_bring_an_old_amount_back() {
    let api = TestServer::start(service).await;
    let id = order_id(&api.post("k1", &mugs(6)).await.expect(200));
    let is_read =
        |r: &sandbox::RecordedRequest| r.method == "GET" && r.path.contains("/payment_intents/");
    api.shop
        .stripe
        .inject(Fault::hang().on("GET", "/v1/payment_intents/"));

    // The same request again hangs on its way, having seen the order as it was.
    let old = mugs(6);
    let late = api.post("k1", &old);
    let new = change(&id, 1);
    let quick = async {
        let is_asked = || api.shop.stripe.requests().iter().any(is_read);
        as_soon_as("Stripe is asked", is_asked).await;
        api.post("k2", &new).await.expect(200)
    };
    let (late, quick) = futures_util::future::join(late, quick).await;

    assert_eq!(quick.body["amount"], 1500);
    assert_eq!(late.expect(200).body["amount"], 1500);
    assert_eq!(open_intent(&api)["amount"], 1500);
}

#[tokio::test]
async fn an_amount_is_never_written_to_an_intent_whose_form_may_be_open() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(6)).await.expect(200);

    // A change to less that another change overtakes on its way to Stripe would raise the amount.
    let lowered = change(&order_id(&first), 3);
    let lowered = api.post("k2", &lowered).await.expect(200);

    assert_ne!(lowered.body["clientSecret"], first.body["clientSecret"]);
    assert_eq!(open_intent(&api)["amount"], 4500);
    let of_first = api.shop.stripe.payment_intent(&intent_id(&first)).unwrap();
    assert_eq!(
        (&of_first["amount"], &of_first["status"]),
        (&json!(9000), &json!("canceled"))
    );
}

#[tokio::test]
async fn a_paid_order_does_not_change() {
    let api = TestServer::start(service).await;
    let id = order_id(&api.post("k1", &mugs(1)).await.expect(200));
    pay(&api, &id).await;

    assert_eq!(
        api.post("k2", &change(&id, 2)).await.code(409),
        "order_already_paid"
    );
    assert_eq!(
        api.post("k1", &mugs(1)).await.code(409),
        "order_already_paid"
    );
}

#[tokio::test]
async fn a_payment_that_the_webhook_has_not_told_yet_is_seen() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    api.shop
        .stripe
        .confirm(&intent_id(&first), "pm_card_visa")
        .await
        .unwrap();

    let changed = api.post("k2", &change(&order_id(&first), 2)).await;
    assert_eq!(changed.code(409), "order_already_paid");
    assert_eq!(
        api.post("k1", &mugs(1)).await.code(409),
        "order_already_paid"
    );
    assert_eq!(only_intent(&api)["amount"], 1500);
}

#[tokio::test]
async fn a_canceled_payment_needs_a_new_order() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    api.shop.stripe.cancel(&intent_id(&first)).unwrap();

    assert_eq!(api.post("k1", &mugs(1)).await.code(409), "order_canceled");
    let next = api.post("k2", &mugs(1)).await.expect(200);
    assert_ne!(order_id(&next), order_id(&first));
    let intent = intent_id(&next);
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    assert_eq!(paid.unwrap()["status"], "succeeded");
}

#[tokio::test]
async fn a_payment_under_way_is_shown_and_not_changed() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    api.shop
        .stripe
        .confirm(&intent_id(&first), "pm_usBankAccount")
        .await
        .unwrap();

    let again = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(again.body["clientSecret"], first.body["clientSecret"]);
    let changed = api.post("k2", &change(&order_id(&first), 2)).await;
    assert_eq!(changed.code(409), "payment_processing");
}

#[tokio::test]
async fn an_order_can_be_paid_after_a_decline() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let declined = api
        .shop
        .stripe
        .confirm(&intent_id(&first), "pm_card_chargeDeclined")
        .await;
    assert!(declined.is_err());

    let again = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(again.body["clientSecret"], first.body["clientSecret"]);
    pay(&api, &order_id(&first)).await;
}

#[tokio::test]
async fn nobody_changes_an_order_of_another_caller() {
    let api = TestServer::start(service).await;
    let id = order_id(&api.post("k1", &mugs(1)).await.expect(200));
    let bob = api.shop.token("bob");

    let theirs = api
        .client
        .request()
        .bearer(&bob)
        .key("k")
        .post(&change(&id, 9))
        .await;
    let nowhere = api
        .client
        .request()
        .bearer(&bob)
        .key("k")
        .post(&change("ord_nowhere", 9))
        .await;

    assert_eq!(theirs.status, nowhere.status);
    assert_eq!(
        theirs.body["error"]["message"],
        nowhere.body["error"]["message"]
    );
    assert_eq!(theirs.code(404), "not_found");
    assert_eq!(only_intent(&api)["amount"], 1500);
}
