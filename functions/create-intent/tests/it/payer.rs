//! Who buys, as the site signs it: on the payment intent, and at the caller's Stripe customer.

use create_intent::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Shop, TestServer, tokens};

use crate::{mugs, only_intent, post_signed};

/// Claims that say who buys.
fn ada() -> Value {
    json!({
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "shipping": { "name": "Ada", "phone": "+49 30 1", "address": { "line1": "Torstr. 1",
            "line2": "", "city": "Berlin", "state": null, "postal_code": "10119",
            "country": "DE" } },
        "statementDescriptorSuffix": "MUGS 77",
    })
}

/// Ada, who is a customer, sends an order that the site signed.
async fn post_as_customer(api: &TestServer, changes: &Value) -> Answer {
    let token = api.shop.token_of("ada", &["customer"]);
    let order = api.shop.order_token("ada", changes);
    let call = api.client.request().bearer(&token);
    call.post(&json!({ "order": order })).await.expect(200)
}

/// Ada buys a mug by items, with `claims` beside those of her token.
async fn buy(api: &TestServer, key: &str, claims: &Value) -> Answer {
    let expires = api.shop.clock.now() + 300;
    let mut all = json!({ "aud": "farebox", "sub": "ada", "exp": expires });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    let token = tokens::sign(&all, Shop::SITE_KEY);
    let call = api.client.request().bearer(&token);
    call.key(key).post(&mugs(1)).await
}

/// The parameters of the updates of customers.
fn updates(api: &TestServer) -> Vec<Value> {
    let requests = api.shop.stripe.requests().into_iter();
    let updates =
        requests.filter(|one| one.method == "POST" && one.path.starts_with("/v1/customers/cus_"));
    updates.map(|one| one.params).collect()
}

#[tokio::test]
async fn the_intent_has_the_receipts_address_the_parcels_and_the_statements_text() {
    let api = TestServer::start(service).await;

    let _ = post_signed(&api, &ada()).await.expect(200);

    let intent = only_intent(&api);
    assert_eq!(intent["receipt_email"], "ada@example.com");
    assert_eq!(intent["statement_descriptor_suffix"], "MUGS 77");
    let shipping = json!({ "name": "Ada", "phone": "+49 30 1", "carrier": null,
        "tracking_number": null, "address": { "line1": "Torstr. 1", "line2": null,
        "city": "Berlin", "state": null, "postal_code": "10119", "country": "DE" } });
    assert_eq!(intent["shipping"], shipping);
}

#[tokio::test]
async fn what_is_not_signed_any_more_leaves_the_same_intent() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let first = post_signed(&api, &ada()).await.expect(200);
    api.shop.clock.advance(10);

    let changed = json!({ "email": "ada@example.org" });
    let second = post_signed(&api, &changed).await.expect(200);

    assert_eq!(first.body["clientSecret"], second.body["clientSecret"]);
    let intent = only_intent(&api);
    assert_eq!(intent["receipt_email"], "ada@example.org");
    assert!(intent["shipping"].is_null(), "{intent}");
    assert!(intent["statement_descriptor_suffix"].is_null(), "{intent}");
}

#[tokio::test]
async fn no_receipt_is_sent_where_the_setting_says_so() {
    let shop = Shop::open_with(&[("FAREBOX_RECEIPTS", "off")]).await;
    let api = TestServer::over(shop, service).await;

    let _ = post_as_customer(&api, &ada()).await;

    assert!(only_intent(&api)["receipt_email"].is_null());
    assert_eq!(updates(&api).len(), 1, "the customer has the address");
}

#[tokio::test]
async fn an_order_of_items_takes_the_verified_address_of_the_callers_token() {
    let api = TestServer::start(service).await;
    let no_address: [Value; 4] = [
        json!({}),
        json!({ "email": null }),
        json!({ "email": "" }),
        json!({ "email": "ada@example.com", "email_verified": false }),
    ];
    for (n, claims) in no_address.iter().enumerate() {
        let _ = buy(&api, &format!("k{n}"), claims).await.expect(200);
    }
    let intents = api.shop.stripe.payment_intents();
    assert!(intents.iter().all(|one| one["receipt_email"].is_null()));

    let verified = json!({ "email": "ada@example.com", "email_verified": true });
    let bought = buy(&api, "k9", &verified).await.expect(200);

    let intent = crate::intent_id(&bought);
    let intent = api.shop.stripe.payment_intent(&intent).unwrap();
    assert_eq!(intent["receipt_email"], "ada@example.com");
}

#[tokio::test]
async fn a_wrong_address_in_the_callers_token_is_named() {
    let api = TestServer::start(service).await;
    for wrong in [json!("ada at home"), json!(7)] {
        let answer = buy(&api, "k1", &json!({ "email": wrong })).await;
        let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.code(400), "invalid_request");
        assert_eq!(
            message,
            "`email` of the caller's token is not an e-mail address"
        );
    }
    assert!(api.shop.stripe.requests().is_empty());
}

#[tokio::test]
async fn the_customer_gets_name_and_address_once_and_again_when_one_changes() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let order = |order_id: &str, email: &str, name: Option<&str>| {
        let mut claims = json!({ "orderId": order_id, "email": email });
        claims["name"] = json!(name);
        claims
    };
    let name = Some("Ada Lovelace");
    let _ = post_as_customer(&api, &order("o_1", "ada@example.com", name)).await;
    let _ = post_as_customer(&api, &order("o_2", "ada@example.com", name)).await;
    let _ = post_as_customer(&api, &order("o_3", "ada@example.com", None)).await;
    let _ = post_as_customer(&api, &json!({ "orderId": "o_4" })).await;
    assert_eq!(
        updates(&api),
        [json!({ "email": "ada@example.com", "name": "Ada Lovelace" })]
    );

    let _ = post_as_customer(&api, &order("o_5", "ada@example.org", name)).await;

    assert_eq!(updates(&api)[1..], [json!({ "email": "ada@example.org" })]);
    let [customer] = &api.shop.stripe.customers()[..] else {
        panic!("not exactly one customer")
    };
    assert_eq!(customer["email"], "ada@example.org");
    assert_eq!(customer["name"], "Ada Lovelace");
}

#[tokio::test]
async fn a_customer_that_stripe_does_not_update_pays_all_the_same() {
    let api = TestServer::start(service).await;
    let refused = Fault::restricted().on("POST", "/v1/customers/cus_");
    api.shop.stripe.inject(refused);
    let _ = post_as_customer(&api, &ada()).await;
    assert_eq!(only_intent(&api)["receipt_email"], "ada@example.com");
    assert!(api.shop.stripe.customers()[0]["email"].is_null());

    let mut next = ada();
    next["orderId"] = json!("o_2");
    let _ = post_as_customer(&api, &next).await;

    assert_eq!(api.shop.stripe.customers()[0]["email"], "ada@example.com");
}

#[tokio::test]
async fn a_wrong_claim_about_the_payer_is_refused_by_its_path_and_never_shown() {
    let api = TestServer::start(service).await;
    let abroad = json!({ "line1": "a", "country": "Germany" });
    let (long, longer) = ("x".repeat(257), "x".repeat(501));
    let wrong = [
        (
            json!({ "email": "ada at home" }),
            "`email` of the signed order is not an e-mail address",
        ),
        (
            json!({ "email": 7 }),
            "`email` of the signed order must be text",
        ),
        (
            json!({ "name": "" }),
            "`name` of the signed order must be 1 to 256 characters",
        ),
        (
            json!({ "name": long }),
            "`name` of the signed order must be 1 to 256 characters",
        ),
        (
            json!({ "name": "Ada\nLovelace" }),
            "`name` of the signed order must be 1 to 256",
        ),
        (
            json!({ "shipping": "Torstr. 1" }),
            "`shipping` of the signed order must be an object",
        ),
        (
            json!({ "shipping": { "address": { "line1": "Torstr. 1" } } }),
            "`shipping.name` of the signed order is missing",
        ),
        (
            json!({ "shipping": { "name": "Ada" } }),
            "`shipping.address` of the signed order is missing",
        ),
        (
            json!({ "shipping": { "name": "Ada", "address": "Torstr. 1" } }),
            "`shipping.address` of the signed order must be an object",
        ),
        (
            json!({ "shipping": { "name": "Ada", "address": { "city": "Berlin" } } }),
            "`shipping.address.line1` of the signed order is missing",
        ),
        (
            json!({ "shipping": { "name": "Ada", "address": { "line1": longer } } }),
            "`shipping.address.line1` of the signed order must be 1 to 500",
        ),
        (
            json!({ "shipping": { "name": "Ada", "address": abroad } }),
            "`shipping.address.country` of the signed order must be two upper-case letters",
        ),
        (
            json!({ "shipping": { "name": "Ada", "address": { "line1": "a", "zip": "10119" } } }),
            "`shipping.address` has no field `zip` in a signed order",
        ),
        (
            json!({ "shipping": { "name": "Ada", "carrier": "DHL", "address": { "line1": "a" } } }),
            "`shipping` has no field `carrier` in a signed order",
        ),
        (
            json!({ "shipping": { "name": "Ada", "phone": 7, "address": { "line1": "a" } } }),
            "`shipping.phone` of the signed order must be text",
        ),
        (
            json!({ "statementDescriptorSuffix": "x".repeat(23) }),
            "`statementDescriptorSuffix` of the signed order must be 1 to 22 characters",
        ),
        (
            json!({ "statementDescriptorSuffix": "MUGS*" }),
            "`statementDescriptorSuffix` of the signed order must have none of",
        ),
        (
            json!({ "statementDescriptorSuffix": "CAF\u{c9}" }),
            "`statementDescriptorSuffix` of the signed order must have Latin characters",
        ),
        (
            json!({ "statementDescriptorSuffix": "77" }),
            "`statementDescriptorSuffix` of the signed order must have at least one letter",
        ),
    ];
    for (claims, expected) in wrong {
        let answer = post_signed(&api, &claims).await;
        let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.code(400), "invalid_request");
        assert!(message.starts_with(expected), "{message}");
        for known in ["ada at", "Torstr", "Germany", "Berlin", "xxx"] {
            assert!(!message.contains(known), "{message}");
        }
    }
    assert!(api.shop.stripe.requests().is_empty());
}
