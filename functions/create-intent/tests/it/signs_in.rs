//! A guest signs in while a cart of items is open: it moves to the user, so that it is paid once.

use create_intent::service;
use serde_json::{Value, json};
use testing::{Answer, Issuer, Shop, SigningKey, TestServer, tokens};

use crate::{intent_id, mugs, post_signed};

/// The guest starts to pay for a mug.
async fn begin(api: &TestServer) -> Answer {
    let token = api.shop.token_of("guest-1", &["guest"]);
    let request = api.client.request().bearer(&token).key("k1");
    request.post(&mugs(1)).await.expect(200)
}

/// The caller of `token` sends a cart of one mug anew.
async fn begin_as(api: &TestServer, key: &str, sub: &str, previous: Option<&str>) -> Answer {
    let claims = json!({ "sub": sub, "previousSub": previous });
    let token = tokens::sign(&adas(api, &claims), Shop::SITE_KEY);
    let request = api.client.request().bearer(&token).key(key);
    request.post(&mugs(1)).await
}

/// Ada sends mugs for the order of `begun`; her token has these `claims` besides.
async fn go_on(api: &TestServer, key: &str, begun: &Answer, claims: &Value) -> Answer {
    let token = tokens::sign(&adas(api, claims), Shop::SITE_KEY);
    let mut body = mugs(2);
    body["orderId"] = begun.body["orderId"].clone();
    let request = api.client.request().bearer(&token).key(key);
    request.post(&body).await
}

fn adas(api: &TestServer, claims: &Value) -> Value {
    let now = api.shop.clock.now();
    let mut token = json!({ "aud": "farebox", "sub": "ada", "exp": now + 300,
        "roles": ["customer"] });
    for (name, value) in claims.as_object().unwrap() {
        token[name] = value.clone();
    }
    token
}

fn was_guest() -> Value {
    json!({ "previousSub": "guest-1" })
}

#[tokio::test]
async fn the_guests_open_form_can_no_longer_pay_beside_the_users() {
    let api = TestServer::start(service).await;
    let guests = begin(&api).await;

    let adas = go_on(&api, "k1", &guests, &was_guest()).await.expect(200);

    assert_eq!(adas.body["orderId"], guests.body["orderId"]);
    assert_eq!(adas.body["amount"], 3000);
    let intent = |answer: &Answer| api.shop.stripe.payment_intent(&intent_id(answer)).unwrap();
    assert_eq!(intent(&guests)["status"], "canceled");
    let of_guest = intent_id(&guests);
    let late = api.shop.stripe.confirm(&of_guest, "pm_card_visa");
    late.await.unwrap_err();
    assert!(
        intent(&adas)["customer"].is_string(),
        "it is Ada's at Stripe"
    );
    let again = go_on(&api, "k1", &guests, &was_guest()).await.expect(200);
    assert_eq!(again.body["clientSecret"], adas.body["clientSecret"]);
    let guest = api.shop.token_of("guest-1", &["guest"]);
    let mut change = mugs(3);
    change["orderId"] = guests.body["orderId"].clone();
    let request = api.client.request().bearer(&guest).key("k2");
    assert_eq!(request.post(&change).await.code(404), "not_found");
}

#[tokio::test]
async fn the_same_request_goes_on_with_the_guests_order_for_whom_they_became_alone() {
    let api = TestServer::start(service).await;
    let guests = begin(&api).await;
    let id = |answer: &Answer| answer.body["orderId"].clone();

    let stranger = begin_as(&api, "k1", "eve", Some("guest-2"))
        .await
        .expect(200);
    let other_cart = begin_as(&api, "k2", "ada", Some("guest-1"))
        .await
        .expect(200);
    let adas = begin_as(&api, "k1", "ada", Some("guest-1"))
        .await
        .expect(200);
    let next = begin_as(&api, "k1", "bob", Some("guest-1"))
        .await
        .expect(200);

    assert_eq!(id(&adas), id(&guests));
    for another in [&stranger, &other_cart, &next] {
        assert_ne!(id(another), id(&guests));
    }
    let of_guest = api.shop.stripe.payment_intent(&intent_id(&guests)).unwrap();
    assert_eq!(of_guest["status"], "canceled");
    let guest = begin_as(&api, "k1", "guest-1", None).await;
    assert_eq!(guest.code(404), "not_found");
}

#[tokio::test]
async fn an_order_that_the_guest_paid_is_not_paid_again() {
    for (is_known, names_order) in [(true, true), (true, false), (false, true), (false, false)] {
        let api = TestServer::start(service).await;
        let guests = begin(&api).await;
        let of_guest = intent_id(&guests);
        let paid = api.shop.stripe.confirm(&of_guest, "pm_card_visa");
        paid.await.unwrap();
        if is_known {
            api.shop.accept_events().await;
        }

        let adas = match names_order {
            true => go_on(&api, "k1", &guests, &was_guest()).await,
            false => begin_as(&api, "k1", "ada", Some("guest-1")).await,
        };

        assert_eq!(adas.body["error"]["orderId"], guests.body["orderId"]);
        assert_eq!(
            adas.code(409),
            "order_already_paid",
            "{is_known} {names_order}"
        );
        assert_eq!(api.shop.stripe.payment_intents().len(), 1);
    }
}

#[tokio::test]
async fn nobody_else_takes_it() {
    let api = TestServer::start(service).await;
    let guests = begin(&api).await;
    for claims in [
        json!({}),
        json!({ "previousSub": null }),
        json!({ "previousSub": "guest-2" }),
        json!({ "previous_sub": "guest-1" }),
    ] {
        let answer = go_on(&api, "k1", &guests, &claims).await;
        assert_eq!(answer.code(404), "not_found", "{claims}");
    }
    for wrong in [
        json!(7),
        json!(""),
        json!(["guest-1"]),
        json!("x".repeat(129)),
    ] {
        let answer = go_on(&api, "k1", &guests, &json!({ "previousSub": wrong })).await;
        let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.code(400), "invalid_request");
        assert!(
            message.starts_with("`previousSub` of the caller's token"),
            "{message}"
        );
    }
    let open = api.shop.stripe.payment_intent(&intent_id(&guests)).unwrap();
    assert_eq!(open["status"], "requires_payment_method");
}

#[tokio::test]
async fn an_issuers_token_names_no_previous_caller() {
    let key = SigningKey::p256("k1");
    let issuer = Issuer::start(&[&key]).await;
    let api = TestServer::over(Shop::open_with(&issuer.variables()).await, service).await;
    let guests = begin(&api).await;
    let mut claims = Issuer::claims("ada", api.shop.clock.now());
    claims["previousSub"] = "guest-1".into();
    let mut body = mugs(2);
    body["orderId"] = guests.body["orderId"].clone();
    let request = api.client.request().bearer(&key.sign(&claims)).key("k1");

    assert_eq!(request.post(&body).await.code(404), "not_found");
}

#[tokio::test]
async fn a_cart_takes_no_order_that_the_site_signed() {
    let api = TestServer::start(service).await;
    let signed = post_signed(&api, &json!({})).await.expect(200);
    let token = json!({ "sub": "bob", "previousSub": "ada" });

    let answer = go_on(&api, "k1", &signed, &token).await;

    assert_eq!(answer.code(404), "not_found");
    assert_eq!(api.shop.order("o_1").await.owner().as_str(), "ada");
}
