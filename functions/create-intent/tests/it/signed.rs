//! Orders that the site's server signed.

use std::time::Duration;

use create_intent::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Shop, TestServer, as_soon_as, tokens};

use crate::{intent_id, only_intent, open_intent, post_signed};

#[tokio::test]
async fn a_signed_order_is_offered_as_it_was_signed() {
    let api = TestServer::start(service).await;
    let claims = json!({ "orderId": "o-77", "amount": 1999, "currency": "eur",
        "description": "Two mugs", "metadata": { "cart": "c1" } });

    let answer = post_signed(&api, &claims).await.expect(200);

    assert_eq!(answer.body["orderId"], "o-77");
    let intent = only_intent(&api);
    assert_eq!(
        (&intent["amount"], &intent["currency"]),
        (&json!(1999), &json!("eur"))
    );
    assert_eq!(intent["description"], "Two mugs");
    assert_eq!(intent["metadata"]["cart"], "c1");
    assert_eq!(intent["metadata"]["farebox_order"], "o-77");
}

#[tokio::test]
async fn a_newly_signed_order_of_the_same_amount_changes_the_same_intent() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let first = json!({ "amount": 2500, "metadata": { "cart": "c1", "gift": "yes" },
        "description": "One" });
    let first = post_signed(&api, &first).await.expect(200);
    api.shop.clock.advance(10);

    let changed = json!({ "amount": 2500, "metadata": { "cart": "c2" } });
    let second = post_signed(&api, &changed).await.expect(200);

    assert_eq!(first.body["clientSecret"], second.body["clientSecret"]);
    let intent = only_intent(&api);
    assert_eq!(intent["amount"], 2500);
    assert_eq!(intent["metadata"]["cart"], "c2");
    assert!(
        intent["metadata"]["gift"].is_null(),
        "what is not signed any more is gone"
    );
    assert_eq!(intent["description"], "Order o_1");
}

#[tokio::test]
async fn a_token_signed_earlier_never_brings_a_price_back() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let cheap = json!({ "order": api.shop.order_token("ada", &json!({ "amount": 1000 })) });
    let cheaper = json!({ "order": api.shop.order_token("ada", &json!({ "amount": 500 })) });
    let _ = api.as_caller("ada").post(&cheap).await.expect(200);
    api.shop.clock.advance(10);
    let _ = post_signed(&api, &json!({ "amount": 9000 }))
        .await
        .expect(200);

    let replayed = api.as_caller("ada").post(&cheap).await.expect(200);
    let never_seen = api.as_caller("ada").post(&cheaper).await;

    assert_eq!(replayed.body["amount"], 9000);
    assert_eq!(never_seen.code(409), "order_changed");
    assert_eq!(open_intent(&api)["amount"], 9000);
}

#[tokio::test]
async fn a_key_beside_a_signed_order_is_kept_to() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let first = json!({ "order": api.shop.order_token("ada", &json!({})) });
    let _ = api.post("k1", &first).await.expect(200);
    api.shop.clock.advance(10);
    let other = json!({ "order": api.shop.order_token("ada", &json!({ "amount": 2500 })) });

    assert_eq!(
        api.post("k1", &other).await.code(409),
        "idempotency_key_reused"
    );
    let _ = api.post("k2", &other).await.expect(200);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_the_claims_name() {
    let api = TestServer::start(service).await;
    let long = "x".repeat(1001);
    let many: Value = (0..48)
        .map(|n| (format!("k{n}"), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let cases = [
        (json!({ "amount": -1500 }), "amount"),
        (json!({ "amount": 100_000_000 }), "amount"),
        (json!({ "amount": 150, "currency": "isk" }), "amount"),
        (json!({ "amount": 1235, "currency": "kwd" }), "amount"),
        (json!({ "currency": "USD" }), "currency"),
        (json!({ "currency": "zzz" }), "currency"),
        (json!({ "orderId": "a b" }), "orderId"),
        (json!({ "description": long }), "description"),
        (json!({ "metadata": { "farebox_order": "x" } }), "metadata"),
        (json!({ "metadata": { "k": "" } }), "metadata"),
        (json!({ "metadata": { "a[b]": "v" } }), "metadata"),
        (json!({ "metadata": many }), "metadata"),
        (
            json!({ "amount": 19.99 }),
            "`amount` of the signed order must be a whole number",
        ),
        (
            json!({ "amount": "1999" }),
            "`amount` of the signed order must be a whole number",
        ),
        (
            json!({ "amount": null }),
            "`amount` of the signed order is missing",
        ),
        (
            json!({ "orderId": 1042 }),
            "`orderId` of the signed order must be text",
        ),
        (
            json!({ "orderId": null }),
            "`orderId` of the signed order is missing",
        ),
        (
            json!({ "currency": 978 }),
            "`currency` of the signed order must be text",
        ),
        (
            json!({ "metadata": { "n": 5 } }),
            "`metadata` of the signed order must be an object",
        ),
        (
            json!({ "metadata": "n" }),
            "`metadata` of the signed order must be an object",
        ),
        (
            json!({ "extra": true }),
            "`extra` is not a claim of a signed order",
        ),
        (
            json!({ "description": 7 }),
            "`description` of the signed order must be text",
        ),
        (json!({ "description": "" }), "description"),
        (
            json!({ "version": -1 }),
            "`version` of the signed order must be a whole number",
        ),
        (
            json!({ "version": "2" }),
            "`version` of the signed order must be a whole number",
        ),
        (
            json!({ "previousSub": 5 }),
            "`previousSub` of the signed order must be text",
        ),
        (
            json!({ "aud": "farebox" }),
            "`aud` of the signed order must be `farebox:order`",
        ),
        (
            json!({ "aud": null }),
            "`aud` of the signed order must be `farebox:order`",
        ),
        (
            json!({ "iat": null }),
            "`iat` of the signed order is missing",
        ),
        (
            json!({ "iat": "now" }),
            "`iat` of the signed order must be the Unix time",
        ),
        (
            json!({ "nbf": api.shop.clock.now() + 3600 }),
            "`nbf` of the signed order is in the future",
        ),
        (json!({ "iat": api.shop.clock.now() + 3600 }), "iat"),
        (json!({ "iat": api.shop.clock.now() * 1000 }), "iat"),
        (
            json!({ "sub": null }),
            "`sub` of the signed order is missing",
        ),
        (
            json!({ "sub": 5 }),
            "`sub` of the signed order must be text",
        ),
        (json!({ "exp": 1 }), "`exp` of the signed order has passed"),
        (
            json!({ "exp": null }),
            "`exp` of the signed order is missing",
        ),
        (
            json!({ "exp": "1h" }),
            "`exp` of the signed order must be the Unix time",
        ),
    ];
    for (changes, claim) in cases {
        let answer = post_signed(&api, &changes).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(claim), "{changes}: {message}");
    }
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn an_order_that_stripe_refused_can_be_corrected() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let too_small = post_signed(&api, &json!({ "amount": 10 })).await;
    assert_eq!(too_small.code(400), "amount_too_small");
    api.shop.clock.advance(1);

    let corrected = post_signed(&api, &json!({ "amount": 9000 }))
        .await
        .expect(200);

    assert_eq!(corrected.body["amount"], 9000);
    assert_eq!(only_intent(&api)["amount"], 9000);
}

#[tokio::test]
async fn an_order_signed_for_another_caller_is_not_there() {
    let api = TestServer::start(service).await;
    let bobs = json!({ "order": api.shop.order_token("bob", &json!({})) });

    assert_eq!(
        api.as_caller("ada").post(&bobs).await.code(404),
        "not_found"
    );
}

#[tokio::test]
async fn a_token_that_is_not_the_sites_order_is_refused() {
    let api = TestServer::start(service).await;
    let exp = api.shop.clock.now() + 300;
    let claims = json!({ "aud": "farebox:order", "sub": "ada", "iat": exp - 300, "exp": exp,
        "orderId": "o_1", "amount": 1, "currency": "usd" });
    let refused = [
        String::new(),
        "a.b.c".to_owned(),
        tokens::sign(&claims, "another-key-of-at-least-32-characters"),
        api.shop.token("ada"),
        "x".repeat(10_000),
    ];
    for order in refused {
        let answer = api.as_caller("ada").post(&json!({ "order": order })).await;
        assert_eq!(answer.code(400), "invalid_request");
    }
}

#[tokio::test]
async fn nothing_of_a_token_is_named_before_its_signature_is_verified() {
    let api = TestServer::start(service).await;
    let claims = json!({ "aud": "farebox:order", "secret_claim": 1, "amount": "1999" });
    let forged = tokens::sign(&claims, "another-key-of-at-least-32-characters");

    let answer = api
        .as_caller("ada")
        .post(&json!({ "order": forged }))
        .await
        .expect(400);

    let message = answer.body["error"]["message"].as_str().unwrap();
    assert_eq!(message, "`order` is not a valid token signed by the site");
}

#[tokio::test]
async fn two_orders_that_were_signed_in_one_second_are_not_the_payers_choice() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let first = json!({ "amount": 2000 });
    let _ = post_signed(&api, &first).await.expect(200);

    let other = post_signed(&api, &json!({ "amount": 1000 })).await;
    assert_eq!(other.code(409), "order_changed");

    let _ = post_signed(&api, &first).await.expect(200);
    let numbered = json!({ "amount": 1000, "version": 2 });
    api.shop.clock.advance(1);
    let _ = post_signed(&api, &numbered).await.expect(200);
    let next = json!({ "amount": 900, "version": 3 });
    assert_eq!(
        post_signed(&api, &next).await.expect(200).body["amount"],
        900
    );
    let stale = json!({ "amount": 700, "version": 1 });
    assert_eq!(post_signed(&api, &stale).await.code(409), "order_changed");
}

/// `caller` sends an order that the site signed for them.
async fn post_as(api: &TestServer, caller: &str, role: &str, claims: &Value) -> Answer {
    let order = api.shop.order_token(caller, claims);
    let token = api.shop.token_of(caller, &[role]);
    let request = api.client.request().bearer(&token);
    request.post(&json!({ "order": order })).await
}

#[tokio::test]
async fn a_guest_who_signs_in_takes_the_order_along() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let nothing = json!({});
    let guests = post_as(&api, "guest-1", "guest", &nothing)
        .await
        .expect(200);
    let unasked = post_as(&api, "ada", "customer", &nothing).await;
    assert_eq!(unasked.code(404), "not_found");

    let previous = json!({ "previousSub": "guest-1" });
    let moved = post_as(&api, "ada", "customer", &previous)
        .await
        .expect(200);

    assert_eq!(moved.body["orderId"], guests.body["orderId"]);
    assert_ne!(moved.body["clientSecret"], guests.body["clientSecret"]);
    let theirs_no_more = post_as(&api, "guest-1", "guest", &nothing).await;
    assert_eq!(theirs_no_more.code(404), "not_found");
    let intents = api.shop.stripe.payment_intents();
    let [of_guest, of_ada] = &intents[..] else {
        panic!("not two intents: {intents:#?}")
    };
    assert_eq!(of_guest["status"], "canceled");
    let customers = api.shop.stripe.customers();
    assert_eq!(of_ada["customer"], customers[customers.len() - 1]["id"]);
    let again = post_as(&api, "ada", "customer", &previous)
        .await
        .expect(200);
    assert_eq!(again.body["clientSecret"], moved.body["clientSecret"]);
}

/// A guest and Ada post; the order moves to Ada while the guest's request waits for Stripe to make
/// its intent. Returns the guest's answer and Ada's.
async fn moved_during_a_request(api: &TestServer) -> (Answer, Answer) {
    let nothing = json!({});
    let is_create = |r: &sandbox::RecordedRequest| r.path == "/v1/payment_intents";
    let slow = Fault::latency(Duration::from_millis(250)).on("POST", "/v1/payment_intents");
    api.shop.stripe.inject(slow.times(1));
    let guests = post_as(api, "guest-1", "guest", &nothing);
    let previous = json!({ "previousSub": "guest-1" });
    let adas = async {
        let is_asked = || api.shop.stripe.requests().iter().any(is_create);
        as_soon_as("Stripe is asked for the intent", is_asked).await;
        post_as(api, "ada", "customer", &previous).await
    };
    futures_util::future::join(guests, adas).await
}

#[tokio::test]
async fn a_guest_whose_order_moves_while_they_wait_is_not_given_the_new_owners_payment() {
    let api = TestServer::start(service).await;

    let (guests, adas) = moved_during_a_request(&api).await;

    assert_eq!(guests.code(404), "not_found");
    let adas = adas.expect(200);
    let intent = api.shop.stripe.payment_intent(&intent_id(&adas)).unwrap();
    let customers = api.shop.stripe.customers();
    assert_eq!(intent["customer"], customers[customers.len() - 1]["id"]);
}
