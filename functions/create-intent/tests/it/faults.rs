//! Stripe fails in every way it can; there is never a second charge for one operation.

use create_intent::service;
use sandbox::Fault;
use serde_json::json;
use testing::{Shop, TestServer};

use crate::{intent_id, mugs, only_intent, order_id, post_signed, stickers_for_a_mug};

/// The requests that would make an intent.
fn attempts(api: &TestServer) -> Vec<sandbox::RecordedRequest> {
    let is_create =
        |r: &sandbox::RecordedRequest| r.method == "POST" && r.path == "/v1/payment_intents";
    api.shop
        .stripe
        .requests()
        .into_iter()
        .filter(is_create)
        .collect()
}

#[tokio::test]
async fn what_passes_is_tried_again_with_the_same_key() {
    let faults: [fn() -> Fault; 7] = [
        Fault::rate_limit,
        Fault::bad_gateway,
        Fault::empty,
        Fault::truncated,
        Fault::reset,
        Fault::lost_answer,
        Fault::hang,
    ];
    for fault in faults {
        let api = TestServer::start(service).await;
        let fault = fault().on("POST", "/v1/payment_intents").times(2);
        api.shop.stripe.inject(fault.clone());

        let answer = api.post("k1", &mugs(1)).await;

        let answer = answer.expect(200);
        assert_eq!(only_intent(&api)["id"], intent_id(&answer), "{fault:?}");
        let mut keys: Vec<_> = attempts(&api)
            .into_iter()
            .map(|r| r.idempotency_key)
            .collect();
        assert!(keys.len() >= 3, "{fault:?}: {keys:?}");
        keys.dedup();
        assert!(keys.len() == 1 && keys[0].is_some(), "{fault:?}: {keys:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_for_good_is_found_by_the_next_process() {
    let api = TestServer::start(service).await;
    api.shop.stripe.inject(
        Fault::lost_answer()
            .on("POST", "/v1/payment_intents")
            .times(0),
    );
    let lost = api.post("k1", &mugs(1)).await;
    assert_eq!(lost.headers["retry-after"], "2");
    assert_eq!(lost.code(503), "unavailable");
    assert_eq!(
        api.shop.stripe.payment_intents().len(),
        1,
        "made, and the answer was lost"
    );

    api.shop.stripe.clear_faults();
    let next = api.another().await;
    let token = api.shop.token("ada");
    let answer = next
        .request()
        .bearer(&token)
        .key("k1")
        .post(&mugs(1))
        .await
        .expect(200);

    assert_eq!(only_intent(&api)["id"], intent_id(&answer));
}

#[tokio::test]
async fn a_cart_that_changed_while_the_answer_was_lost_has_one_intent() {
    let api = TestServer::start(service).await;
    api.shop.stripe.inject(
        Fault::lost_answer()
            .on("POST", "/v1/payment_intents")
            .times(0),
    );
    assert_eq!(
        post_signed(&api, &json!({ "version": 1 })).await.code(503),
        "unavailable"
    );
    api.shop.stripe.clear_faults();

    let changed = post_signed(&api, &json!({ "amount": 2500, "version": 2 }))
        .await
        .expect(200);

    assert_eq!(changed.body["amount"], 2500);
    let again = post_signed(&api, &json!({ "amount": 2500, "version": 2 }))
        .await
        .expect(200);
    assert_eq!(again.body["clientSecret"], changed.body["clientSecret"]);
    let order = api.shop.order("o_1").await;
    assert_eq!(order.intent(), Some(&*intent_id(&changed)));
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_made_once() {
    let api = TestServer::start(service).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let change = stickers_for_a_mug(&order_id(&first));
    api.shop.stripe.inject(
        Fault::lost_answer()
            .on("POST", "/v1/payment_intents/")
            .times(1),
    );

    let changed = api.post("k2", &change).await.expect(200);

    assert_eq!(changed.body["amount"], 1500);
    let digest = api.shop.order(&order_id(&first)).await;
    let digest = &digest.revision().digest;
    assert_eq!(only_intent(&api)["metadata"]["farebox_contents"], *digest);
    let requests = api.shop.stripe.requests().into_iter();
    let updates =
        requests.filter(|r| r.method == "POST" && r.path.starts_with("/v1/payment_intents/"));
    let mut keys: Vec<_> = updates.map(|r| r.idempotency_key).collect();
    assert_eq!(keys.len(), 2);
    keys.dedup();
    assert_eq!(keys.len(), 1, "both attempts are one operation: {keys:?}");
}

#[tokio::test]
async fn an_answer_with_another_amount_is_refused() {
    let wrong = |method| Fault::wrong_amount().on(method, "/v1/payment_intents");
    for asked_before in [false, true] {
        let api = TestServer::start(service).await;
        if asked_before {
            let _ = api.post("k1", &mugs(1)).await.expect(200);
        }
        api.shop
            .stripe
            .inject(wrong(if asked_before { "GET" } else { "POST" }));

        let answer = api.post("k1", &mugs(1)).await;

        assert!(!answer.body.to_string().contains("_secret_"));
        assert_eq!(answer.code(500), "internal");
    }
}

#[tokio::test]
async fn a_key_that_stripe_refuses_is_503_and_not_tried_again() {
    for fault in [Fault::unauthorized(), Fault::restricted()] {
        let api = TestServer::start(service).await;
        api.shop
            .stripe
            .inject(fault.on("POST", "/v1/payment_intents").times(0));

        let answer = api.post("k1", &mugs(1)).await;

        assert!(
            !answer.body.to_string().contains("sk_test"),
            "{}",
            answer.body
        );
        assert_eq!(answer.code(503), "unavailable");
        assert_eq!(attempts(&api).len(), 1, "it is not tried again");
    }
}

#[tokio::test]
async fn stripes_advice_not_to_retry_is_followed() {
    let api = TestServer::start(service).await;
    let fault = Fault::error().should_retry(false).times(0);
    api.shop
        .stripe
        .inject(fault.on("POST", "/v1/payment_intents"));

    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
    assert_eq!(attempts(&api).len(), 1);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let api = TestServer::start(service).await;
    let fault = Fault::rate_limit().retry_after(60).times(0);
    api.shop
        .stripe
        .inject(fault.on("POST", "/v1/payment_intents"));

    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
    assert_eq!(attempts(&api).len(), 1);
}

#[tokio::test]
async fn an_absurd_wait_is_not_begun() {
    let api = TestServer::start(service).await;
    let fault = Fault::rate_limit().retry_after(u64::MAX).times(0);
    api.shop
        .stripe
        .inject(fault.on("POST", "/v1/payment_intents"));

    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
}

#[tokio::test]
async fn all_calls_of_one_request_share_one_deadline() {
    let api = TestServer::start(service).await;
    // Prices take most of the two seconds, and the intent would take two more.
    api.shop
        .stripe
        .inject(Fault::hang().on("GET", "/v1/prices").times(5));
    api.shop
        .stripe
        .inject(Fault::hang().on("POST", "/v1/payment_intents").times(0));

    let started = std::time::Instant::now();
    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");

    let took = started.elapsed();
    assert!(took < std::time::Duration::from_millis(2_900), "{took:?}");
}

#[tokio::test]
async fn names_that_are_no_price_are_asked_for_once() {
    let api = TestServer::start(service).await;
    let item = |n: u32| json!({ "price": format!("price_nope{n}"), "quantity": 1 });
    let items: Vec<serde_json::Value> = (0..50).map(item).collect();
    for key in ["k1", "k2", "k3"] {
        let body = json!({ "items": items });
        assert_eq!(api.post(key, &body).await.code(400), "invalid_request");
    }
    assert_eq!(api.shop.stripe.requests().len(), 50);
    assert!(api.shop.stripe.connections() <= 4, "few at once");

    let too_many = json!({ "items": vec![item(0); 51] });
    assert_eq!(api.post("k4", &too_many).await.code(400), "invalid_request");
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let api = TestServer::start(service).await;
    for n in 0..20 {
        let _ = api.post(&format!("k{n}"), &mugs(1)).await.expect(200);
    }
    assert_eq!(api.shop.stripe.connections(), 1);
}

#[tokio::test]
async fn a_database_that_cannot_be_written_makes_no_intent() {
    let shop = Shop::open().await;
    let api = TestServer::over(shop, service).await;
    let blocker = rusqlite::Connection::open(api.shop.folder().join("farebox.sqlite")).unwrap();
    blocker
        .execute_batch("DROP TABLE idempotency_records")
        .unwrap();

    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_is_passed_under_the_next_key() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        for advice in [None, Some(false)] {
            let api = TestServer::start(service).await;
            let fault = fault.clone().on("POST", "/v1/payment_intents");
            api.shop.stripe.inject(match advice {
                Some(advice) => fault.should_retry(advice),
                None => fault,
            });
            let mut answer = api.post("k1", &mugs(1)).await;
            if advice.is_some() {
                assert_eq!(answer.code(503), "unavailable");
                answer = api.post("k1", &mugs(1)).await;
            }
            let answer = answer.expect(200);

            let order = api.shop.order(answer.body["orderId"].as_str().unwrap());
            assert_eq!(order.await.intent(), Some(intent_id(&answer).as_str()));
            let again = api.post("k1", &mugs(1)).await.expect(200);
            assert_eq!(intent_id(&again), intent_id(&answer));
        }
    }
}

#[tokio::test]
async fn of_many_requests_that_meet_a_kept_failure_all_get_one_intent() {
    let api = TestServer::start(service).await;
    let fault = Fault::error_after().on("POST", "/v1/payment_intents");
    api.shop.stripe.inject(fault);
    let body = mugs(1);
    let calls = (0..4).map(|_| api.post("k1", &body));
    let answers = futures_util::future::join_all(calls).await;

    let intent = intent_id(&api.post("k1", &body).await.expect(200));
    for answer in answers {
        match answer.status.as_u16() {
            200 => assert_eq!(intent_id(&answer), intent),
            _ => assert_eq!(answer.code(409), "in_progress"),
        }
    }
    // The one that was made under the first key, and the one that the order names.
    assert_eq!(api.shop.stripe.payment_intents().len(), 2);
}

#[tokio::test]
async fn a_change_goes_on_where_stripe_keeps_a_failure_of_it() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        let api = TestServer::start(service).await;
        let first = post_signed(&api, &json!({ "amount": 2500, "version": 1 }))
            .await
            .expect(200);
        api.shop
            .stripe
            .inject(fault.on("POST", "/v1/payment_intents/"));
        let changed = post_signed(
            &api,
            &json!({ "amount": 2500, "version": 2, "metadata": { "cart": "c2" } }),
        )
        .await
        .expect(200);
        assert_eq!(intent_id(&changed), intent_id(&first));
        assert_eq!(only_intent(&api)["metadata"]["cart"], "c2");
    }
}
