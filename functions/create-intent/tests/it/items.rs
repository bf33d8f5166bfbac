//! Items are priced here, by the shop's own prices.

use create_intent::service;
use sandbox::NewPrice;
use serde_json::json;
use testing::{Shop, TestServer};

use crate::{mugs, only_intent, post_signed};

#[tokio::test]
async fn the_price_is_ours_not_the_browsers() {
    let api = TestServer::start(service).await;

    let answer = api.post("k1", &mugs(2)).await.expect(200);

    let intent = only_intent(&api);
    assert_eq!(intent["amount"], 3000); // two mugs at 15.00, in minor units
    assert_eq!(answer.body["amount"], 3000);
    assert_eq!(answer.body["currency"], "usd");
    assert_eq!(answer.body["status"], "created");
    assert_eq!(answer.body["clientSecret"], intent["client_secret"]);
    assert_eq!(answer.body["publishableKey"], Shop::PUBLISHABLE_KEY);
    let fields: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 6, "the browser needs no more: {fields:?}");
}

#[tokio::test]
async fn the_intent_names_order_and_owner_and_takes_what_the_account_enabled() {
    let api = TestServer::start(service).await;

    let answer = api.post("k1", &mugs(1)).await.expect(200);

    let intent = only_intent(&api);
    assert_eq!(intent["metadata"]["farebox_order"], answer.body["orderId"]);
    let owner = intent["metadata"]["farebox_owner"].as_str().unwrap();
    assert!(!owner.contains("ada"), "no personal data in metadata");
    assert_eq!(intent["automatic_payment_methods"]["enabled"], true);
}

#[tokio::test]
async fn a_price_is_found_by_id_and_by_lookup_key() {
    let api = TestServer::start(service).await;
    let price = api.shop.stripe.add_price(NewPrice {
        id: "price_hat",
        lookup_key: None,
        product_name: "Hat",
        unit_amount: 900,
        currency: "usd",
        ..NewPrice::default()
    });
    let body = json!({ "items": [
        { "price": price["id"], "quantity": 1 },
        { "price": "mug", "quantity": 1 },
        { "price": "price_hat", "quantity": 2 },
    ] });

    let answer = api.post("k1", &body).await.expect(200);

    assert_eq!(answer.body["amount"], 3 * 900 + 1500);
}

#[tokio::test]
async fn a_field_that_is_not_ours_is_refused_by_name() {
    let api = TestServer::start(service).await;
    let cases = [
        (
            json!({ "items": [{ "price": "mug", "quantity": 1 }], "amount": 1 }),
            "amount",
        ),
        (json!({ "amount": 1, "currency": "usd" }), "amount"),
        (
            json!({ "items": [{ "price": "mug", "quantity": 1, "amount": 1 }] }),
            "amount",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": 1, "unitAmount": 1 }] }),
            "unitAmount",
        ),
        (json!({ "items": [{ "quantity": 1 }] }), "price"),
        (json!({ "items": [{ "price": "mug" }] }), "quantity"),
        (
            json!({ "items": [{ "price": "mug", "quantity": 0 }] }),
            "items[0].quantity",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": -1 }] }),
            "items[0].quantity",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": 1.5 }] }),
            "items[0].quantity",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": "1" }] }),
            "items[0].quantity",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": 10_001 }] }),
            "items[0].quantity",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": 9_999 },
                { "price": "mug", "quantity": 9 }] }),
            "items[1].quantity",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": 4_294_967_296_u64 }] }),
            "items[0].quantity",
        ),
        (
            json!({ "items": [{ "price": "", "quantity": 1 }] }),
            "items[0].price",
        ),
        (
            json!({ "items": [{ "price": 5, "quantity": 1 }] }),
            "items[0].price",
        ),
        (
            json!({ "items": [{ "price": "price_mug", "quantity": 9_999 },
                { "price": "mug", "quantity": 9 }] }),
            ".quantity` must be from 1 to 10000",
        ),
        (
            json!({ "items": [{ "price": "mug", "quantity": 1 },
                { "price": "eyJhbGciOi", "quantity": 1 }] }),
            "items[1].price",
        ),
        (json!({ "items": [] }), "items"),
        (json!({ "items": { "price": "mug" } }), "items"),
        (json!({}), "items"),
        (json!([]), "body"),
        (
            json!({ "items": [{ "price": "mug", "quantity": 1 }], "order": "x" }),
            "order",
        ),
        (json!({ "order": "x", "orderId": "o_1" }), "orderId"),
        (
            json!({ "items": [{ "price": "mug", "quantity": 1 }], "orderId": "a/b" }),
            "orderId",
        ),
    ];
    for (body, field) in cases {
        let answer = api.post("k1", &body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(field), "{body}: {message}");
        assert!(!message.contains("eyJ"), "{message}");
    }
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn a_value_that_was_sent_is_not_sent_back() {
    let api = TestServer::start(service).await;
    let body = json!({ "items": [{ "price": "mug", "quantity": "sk_test_pasted" }] });

    let answer = api.post("k1", &body).await.expect(400);

    assert!(
        !answer.body.to_string().contains("pasted"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_price_that_cannot_be_bought_once_is_refused() {
    let api = TestServer::start(service).await;
    let recurring = NewPrice {
        id: "price_club",
        lookup_key: Some("club"),
        product_name: "Club",
        unit_amount: 900,
        currency: "usd",
        recurring: true,
        ..NewPrice::default()
    };
    let retired = NewPrice {
        id: "price_old",
        product_name: "Old",
        unit_amount: 900,
        currency: "usd",
        active: false,
        ..NewPrice::default()
    };
    let euros = NewPrice {
        id: "price_euro",
        product_name: "Euro",
        unit_amount: 900,
        currency: "eur",
        ..NewPrice::default()
    };
    for price in [recurring, retired, euros] {
        api.shop.stripe.add_price(price);
    }
    let refused = [
        json!([{ "price": "club", "quantity": 1 }]),
        json!([{ "price": "price_old", "quantity": 1 }]),
        json!([{ "price": "price_nowhere", "quantity": 1 }]),
        json!([{ "price": "nowhere", "quantity": 1 }]),
        json!([{ "price": "price_../../balance", "quantity": 1 }]),
        json!([{ "price": "price_x?expand[]=product", "quantity": 1 }]),
        json!([{ "price": "mug", "quantity": 1 }, { "price": "price_euro", "quantity": 1 }]),
    ];
    for items in refused {
        let answer = api.post("k1", &json!({ "items": items })).await;
        assert_eq!(answer.code(400), "invalid_request", "{items}");
    }
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn an_order_above_the_shops_cap_is_refused() {
    let shop = Shop::open_with(&[("FAREBOX_MAX_AMOUNT", "5000,eur:9000")]).await;
    let api = TestServer::over(shop, service).await;

    let _ = api.post("k1", &mugs(3)).await.expect(200);
    assert_eq!(api.post("k2", &mugs(4)).await.code(400), "invalid_request");
}

#[tokio::test]
async fn less_than_stripe_charges_is_named() {
    let api = TestServer::start(service).await;
    api.shop.stripe.add_price(NewPrice {
        id: "price_sweet",
        product_name: "Sweet",
        unit_amount: 5,
        currency: "usd",
        ..NewPrice::default()
    });
    let body = json!({ "items": [{ "price": "price_sweet", "quantity": 1 }] });

    assert_eq!(api.post("k1", &body).await.code(400), "amount_too_small");
}

#[tokio::test]
async fn a_price_is_held_for_a_while_and_asked_for_again_after() {
    let price_calls = |api: &TestServer| {
        let requests = api.shop.stripe.requests();
        requests
            .iter()
            .filter(|request| request.path.starts_with("/v1/prices"))
            .count()
    };
    let api = TestServer::start(service).await;
    for key in ["k1", "k2", "k3"] {
        let _ = api.post(key, &mugs(1)).await.expect(200);
    }
    assert_eq!(price_calls(&api), 1);

    let api = TestServer::over(
        Shop::open_with(&[("FAREBOX_PRICE_TTL", "0")]).await,
        service,
    )
    .await;
    for key in ["k1", "k2"] {
        let _ = api.post(key, &mugs(1)).await.expect(200);
    }
    assert_eq!(price_calls(&api), 2);
}

#[tokio::test]
async fn the_product_of_a_price_is_on_sale_too() {
    let api = TestServer::over(
        Shop::open_with(&[("FAREBOX_PRICE_TTL", "0")]).await,
        service,
    )
    .await;
    let open = api.post("k1", &mugs(1)).await.expect(200);
    let archived = json!({ "active": false });
    let archived = api.shop.stripe.change_product("prod_mug", archived);
    assert_eq!(archived.unwrap()["active"], false);

    for name in ["mug", "price_mug"] {
        let body = json!({ "items": [{ "price": name, "quantity": 1 }] });
        let answer = api.post(name, &body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("is not on sale"), "{message}");
    }
    assert_eq!(api.post("k1", &mugs(1)).await.expect(200).body, open.body);
    assert_eq!(only_intent(&api)["status"], "requires_payment_method");
}

#[tokio::test]
async fn a_price_that_is_not_simply_multiplied_is_refused_with_the_reason() {
    let api = TestServer::start(service).await;
    let cases = [
        (
            json!({ "unit_amount_decimal": "0.5" }),
            "a part of a minor unit",
        ),
        (
            json!({ "custom_unit_amount": { "enabled": "true" } }),
            "chosen by the payer",
        ),
        (
            json!({
                "unit_amount": "900",
                "transform_quantity": { "divide_by": "6", "round": "up" },
            }),
            "transform_quantity",
        ),
    ];
    for (asks, why) in cases {
        let mut price = json!({ "currency": "usd", "product": "prod_mug" });
        price
            .as_object_mut()
            .unwrap()
            .extend(asks.as_object().unwrap().clone());
        let price = api.shop.stripe.create_price(price).unwrap();
        let body = json!({ "items": [{ "price": price["id"], "quantity": 1 }] });
        let answer = api.post("k1", &body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn each_currency_takes_the_digits_that_stripe_takes() {
    let api = TestServer::start(service).await;
    let cases = [
        ("idr", 100_000_000_i64, true),
        ("idr", 999_999_999_999, true),
        ("idr", 1_000_000_000_000, false),
        ("vnd", 100_000_000, true),
        ("usd", 100_000_000, false),
        ("inr", 999_999_999, true),
        ("inr", 1_000_000_000, false),
        ("xcg", 2_500, true),
        ("sle", 2_500, true),
    ];
    for (n, (currency, amount, fits)) in cases.into_iter().enumerate() {
        let order = json!({ "orderId": format!("o-{n}"), "amount": amount, "currency": currency });
        let answer = post_signed(&api, &order).await;
        let status = if fits { 200 } else { 400 };
        assert_eq!(answer.status, status, "{amount} {currency}");
    }
}
