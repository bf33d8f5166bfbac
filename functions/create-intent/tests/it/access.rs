//! Only a caller whose token the site signed starts a payment.

use hyper::{Method, body::Bytes};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use testing::{Shop, tokens};

use crate::{Api, mugs};

/// Claims that are good, with `changes`; `null` removes one.
fn claims(api: &Api, changes: &Value) -> Value {
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
    let api = Api::start().await;
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
    let api = Api::start().await;
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
    let api = Api::start().await;
    let answer = api
        .client
        .request()
        .send(Method::POST, Bytes::from_static(b"{"))
        .await;
    assert_eq!(answer.code(401), "unauthenticated");
}

#[tokio::test]
async fn a_clock_may_be_half_a_minute_off() {
    let api = Api::over(Shop::open().await.at_fixed_time()).await;
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
    let api = Api::start().await;
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
