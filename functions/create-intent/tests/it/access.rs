//! Only a caller whose token the site signed starts a payment.

use create_intent::service;
use hyper::{Method, body::Bytes};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use testing::{Issuer, Log, Shop, SigningKey, TestServer, tokens};

use crate::mugs;

/// Claims that are good, with `changes`; `null` removes one.
fn claims(api: &TestServer, changes: &Value) -> Value {
    let now = api.shop.clock.now();
    let mut claims = json!({ "aud": "farebox", "sub": "ada", "exp": now + 300 });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

#[tokio::test]
async fn a_token_that_the_site_did_not_sign_for_this_is_refused() {
    let api = TestServer::start(service).await;
    let now = api.shop.clock.now();
    let good = claims(&api, &json!({}));
    let (header, rest) = {
        let token = tokens::sign(&good, Shop::SITE_KEY);
        let (header, rest) = token.split_once('.').unwrap();
        (header.to_owned(), rest.to_owned())
    };
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let payload = rest.split_once('.').unwrap().0;
    let signed = |changes: Value| tokens::sign(&claims(&api, &changes), Shop::SITE_KEY);
    let refused = [
        ("no signature", format!("{none}.{payload}.")),
        ("alg none with the signature", format!("{none}.{rest}")),
        ("a truncated one", format!("{header}.{payload}")),
        (
            "another key",
            tokens::sign(&good, "another-key-of-at-least-32-characters"),
        ),
        (
            "another algorithm",
            tokens::sign_with(&good, Shop::SITE_KEY, Algorithm::HS512),
        ),
        ("expired", signed(json!({ "exp": now - 60 }))),
        ("without expiry", signed(json!({ "exp": null }))),
        ("expiry as a text", signed(json!({ "exp": "tomorrow" }))),
        ("not valid yet", signed(json!({ "nbf": now + 120 }))),
        ("another audience", signed(json!({ "aud": "another" }))),
        ("without audience", signed(json!({ "aud": null }))),
        (
            "an order's token",
            signed(json!({ "aud": "farebox:order" })),
        ),
        ("without subject", signed(json!({ "sub": null }))),
        ("a blank subject", signed(json!({ "sub": " " }))),
        (
            "an endless subject",
            signed(json!({ "sub": "x".repeat(200) })),
        ),
        ("oversize", signed(json!({ "pad": "x".repeat(9_000) }))),
        ("empty", String::new()),
        ("no token", "ada".to_owned()),
    ];
    for (what, token) in refused {
        let answer = api
            .client
            .request()
            .bearer(&token)
            .key("k1")
            .post(&mugs(1))
            .await;
        assert_eq!(answer.headers["www-authenticate"], "Bearer", "{what}");
        assert_eq!(answer.code(401), "unauthenticated", "{what}");
    }
    assert!(
        api.shop.stripe.requests().is_empty(),
        "Stripe was not asked"
    );
}

#[tokio::test]
async fn one_bearer_token_is_needed_and_no_other_scheme() {
    let api = TestServer::start(service).await;
    let token = api.shop.token("ada");
    let request = || api.client.request().key("k1");

    assert_eq!(request().post(&mugs(1)).await.code(401), "unauthenticated");
    let basic = request().header("authorization", &format!("Basic {token}"));
    assert_eq!(basic.post(&mugs(1)).await.code(401), "unauthenticated");
    let twice = request().bearer(&token).bearer(&token);
    assert_eq!(twice.post(&mugs(1)).await.code(401), "unauthenticated");
    let lower_case = request().header("authorization", &format!("bearer {token}"));
    let _ = lower_case.post(&mugs(1)).await.expect(200);
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_body_is_read() {
    let api = TestServer::start(service).await;
    let answer = api
        .client
        .request()
        .send(Method::POST, Bytes::from_static(b"{"))
        .await;
    assert_eq!(answer.code(401), "unauthenticated");
}

#[tokio::test]
async fn a_clock_may_be_half_a_minute_off() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let now = api.shop.clock.now();
    for changes in [json!({ "exp": now - 29 }), json!({ "nbf": now + 29 })] {
        let token = tokens::sign(&claims(&api, &changes), Shop::SITE_KEY);
        let _ = api
            .client
            .request()
            .bearer(&token)
            .key("k1")
            .post(&mugs(1))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn only_post_is_answered_and_bodies_are_capped() {
    let api = TestServer::start(service).await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = api
            .client
            .request()
            .send(method, Bytes::new())
            .await
            .expect(405);
        assert_eq!(answer.headers["allow"], "POST");
    }
    let large = json!({ "items": [{ "price": "x".repeat(70_000), "quantity": 1 }] });
    assert_eq!(api.post("k1", &large).await.code(413), "body_too_large");
    let token = api.shop.token("ada");
    for body in ["", "{", "{}x", "\u{feff}{}"] {
        let call = api.client.request().bearer(&token).key("k1");
        let answer = call.send(Method::POST, Bytes::from(body)).await;
        assert_eq!(answer.code(400), "invalid_request", "{body}");
    }
}

#[tokio::test]
async fn with_an_issuer_alone_items_are_sold_and_signed_orders_are_refused_with_a_reason() {
    let key = SigningKey::ed25519("key-1");
    let issuer = Issuer::start(&[&key]).await;
    let [url, name, audience] = issuer.variables();
    let without_site_key = [url, name, audience, ("FAREBOX_SITE_KEY", "")];
    let api = TestServer::over(Shop::open_with(&without_site_key).await, service).await;
    let token = key.sign(&Issuer::claims("ada", api.shop.clock.now()));
    let call = || api.client.request().bearer(&token).key("k1");

    let _ = call().post(&mugs(1)).await.expect(200);
    let order = api.shop.order_token("ada", &json!({}));
    let answer = call().post(&json!({ "order": order })).await.expect(400);
    let said = answer.body["error"]["message"].as_str().unwrap();
    assert!(said.contains("accepts no signed orders"), "{said}");
    for forged in [&token, ""] {
        let answer = call().post(&json!({ "order": forged })).await;
        assert_eq!(answer.code(400), "invalid_request");
    }
}

#[tokio::test]
async fn an_issuers_key_signs_callers_and_no_orders() {
    let key = SigningKey::p256("key-1");
    let issuer = Issuer::start(&[&key]).await;
    let api = TestServer::over(Shop::open_with(&issuer.variables()).await, service).await;
    let now = api.shop.clock.now();
    let order = json!({ "iss": Issuer::NAME, "aud": "farebox:order", "sub": "ada", "iat": now,
        "exp": now + 300, "orderId": "o_1", "amount": 1, "currency": "usd" });

    let answer = api
        .as_caller("ada")
        .post(&json!({ "order": key.sign(&order) }))
        .await;

    assert_eq!(answer.code(400), "invalid_request");
}

#[tokio::test]
async fn each_request_leaves_one_record_about_its_order() {
    let api = TestServer::start(service).await;
    let (log, guard) = Log::start();
    let made = api.post("k1", &mugs(1)).await.expect(200);
    let id = made.body["orderId"].as_str().unwrap();
    let change = json!({ "items": [{ "price": "mug", "quantity": 2 }], "orderId": id });
    let eve = api.shop.token("eve");
    let foreign = api.client.request().bearer(&eve).key("k2");
    let _ = foreign.post(&change).await.expect(404);
    let support = api.shop.token_of("eve", &["support"]);
    let staff = api.client.request().bearer(&support).key("k3");
    let _ = staff.post(&change).await.expect(403);
    drop(guard);

    let lines = log.text();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records: Vec<[Value; 4]> = lines
        .filter(|line| line["audit"] == true)
        .map(|line| ["action", "object", "allowed", "why"].map(|name| line[name].clone()))
        .collect();
    let expected = json!([
        ["payment:create", id, true, "owner"],
        ["payment:create", id, false, "not_owner"],
        ["payment:create", "none", false, "not_permitted"],
    ]);
    assert_eq!(json!(records), expected);
}
