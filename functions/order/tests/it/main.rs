//! `order` over a real socket: the return page of the order's owner, and nobody else's.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod audit;
mod delivers;
mod jwks;
mod keys;
mod providers;
mod refresh;
mod refunds;
mod tokens;

use hyper::{Method, body::Bytes};
use order::service;
use serde_json::{Value, json};
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    order::{LineItem, LineTax, OrderDetails, OrderId},
    store::PutOrder,
};
use testing::{Answer, NOW, Shop, TestServer};

/// The function over a new shop, whose clock stands.
async fn open() -> TestServer {
    open_with(&[]).await
}

/// The same with other values for some variables.
async fn open_with(changes: &[(&str, &str)]) -> TestServer {
    let shop = Shop::open_with(changes).await.at_fixed_time();
    TestServer::over(shop, service).await
}

async fn read(api: &TestServer, caller: &str, query: &str) -> Answer {
    api.as_caller(caller).path(query).get().await
}

/// Reads the order `o_1` with `token`.
async fn read_with(api: &TestServer, token: &str) -> Answer {
    let request = api.client.request().bearer(token);
    request.path("/?id=o_1").get().await
}

#[tokio::test]
async fn the_owner_reads_state_amounts_and_times() {
    let api = open().await;
    let intent = api.shop.open_order("o_1").await;
    let created = read(&api, "ada", "/api/order?id=o_1").await.expect(200);
    let expected = json!({ "orderId": "o_1", "status": "created", "amount": 1500, "currency": "usd",
        "amounts": { "subtotal": 1500, "discount": 0, "tax": 0, "shipping": 0, "total": 1500,
            "refunded": 0, "refundPending": 0, "disputed": 0 },
        "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": NOW, "updatedAt": NOW,
        "paidAt": null, "items": [] });
    assert_eq!(created.body, expected);

    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    api.shop.stripe.refund(&intent, Some(400)).unwrap();
    api.shop.clock.advance(5);
    api.shop.accept_events().await;

    let after = read(&api, "ada", "/api/order?id=o_1")
        .await
        .expect(200)
        .body;
    assert_eq!(after["status"], "partially_refunded");
    assert_eq!(after["refundedAmount"], 400);
    assert_eq!(after["amounts"]["refunded"], 400);
    assert_eq!(after["updatedAt"], NOW + 5);
    assert!(after["paidAt"].is_i64());
}

#[tokio::test]
async fn what_is_bought_is_named_as_the_shop_names_it() {
    let api = open().await;
    let line = |price: &str, lookup_key: Option<&str>, quantity| LineItem {
        price: Some(price.to_owned()),
        lookup_key: lookup_key.map(str::to_owned),
        name: None,
        quantity,
        unit_amount: 300,
        recurring: None,
        tax: LineTax::default(),
    };
    let cost = |quantity: i64| Amount::new(300 * quantity, Currency::parse("usd").unwrap());
    let opening = PutOrder {
        operation: None,
        order: OrderId::parse("o_1").unwrap(),
        must_exist: false,
        owner: CallerId::parse("ada").unwrap(),
        previous_owner: None,
        contents: OrderDetails::priced(vec![
            (line("price_1", Some("sticker"), 2), cost(2).unwrap()),
            (line("price_2", None, 1), cost(1).unwrap()),
        ])
        .unwrap(),
    };
    api.shop.store.put_order(opening, NOW).await.unwrap();

    let order = read(&api, "ada", "/?id=o_1").await.expect(200).body;

    let expected = json!([{ "price": "sticker", "quantity": 2, "unitAmount": 300 },
        { "price": "price_2", "quantity": 1, "unitAmount": 300 }]);
    assert_eq!(order["items"], expected);
}

#[tokio::test]
async fn a_foreign_order_and_one_that_does_not_exist_are_answered_alike() {
    let api = open().await;
    api.shop.open_order("o_1").await;

    let foreign = read(&api, "bob", "/?id=o_1").await.expect(404);
    let missing = read(&api, "bob", "/?id=o_2").await.expect(404);

    let without_id = |mut body: Value| {
        body["error"]["requestId"].take();
        body
    };
    assert_eq!(without_id(foreign.body), without_id(missing.body));
}

#[tokio::test]
async fn staff_read_any_order_and_an_unknown_role_is_that_of_a_guest() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    for roles in [
        &["support"][..],
        &["finance"],
        &["admin"],
        &["x", "support"],
    ] {
        let token = api.shop.token_of("eve", roles);
        let _ = read_with(&api, &token).await.expect(200);
    }
    for roles in [&[][..], &["Support"], &["support "], &["customer"], &["*"]] {
        let token = api.shop.token_of("eve", roles);
        assert_eq!(read_with(&api, &token).await.code(404), "not_found");
    }
}

#[tokio::test]
async fn a_role_without_the_permission_is_refused_even_for_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roles.json");
    std::fs::write(
        &path,
        r#"{ "payer": { "payment:create": { "scope": "own" } }, "none": {} }"#,
    )
    .unwrap();
    let roles = ("FAREBOX_ROLES", path.to_str().unwrap());
    let api = open_with(&[roles, ("FAREBOX_DEFAULT_ROLE", "none")]).await;
    api.shop.open_order("o_1").await;
    for roles in [&["payer"][..], &["support"], &[]] {
        let token = api.shop.token_of("ada", roles);
        assert_eq!(read_with(&api, &token).await.code(403), "forbidden");
    }
}

#[tokio::test]
async fn a_stranger_reads_nothing() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let answer = api.client.request().path("/?id=o_1").get().await;
    assert_eq!(answer.code(401), "unauthenticated");
}

#[tokio::test]
async fn the_query_names_one_order_and_nothing_else() {
    let api = open().await;
    for query in [
        "/",
        "/?id=",
        "/?id=a/b",
        "/?id=o_1&id=o_2",
        "/?id=o_1&all=1",
        "/?order=o_1",
        "/?id=%ff",
    ] {
        let answer = read(&api, "ada", query).await;
        assert_eq!(answer.code(400), "invalid_request", "{query}");
    }
}

#[tokio::test]
async fn it_never_writes() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let asked = api.shop.stripe.requests().len();
    let before = api.shop.database_bytes();

    for query in ["/?id=o_1", "/?id=o_2", "/?id=o_1&wait=1", "/"] {
        for caller in ["ada", "eve"] {
            let _ = read(&api, caller, query).await;
        }
    }

    assert!(
        api.shop.database_bytes() == before,
        "the database is as it was"
    );
    assert_eq!(api.shop.stripe.requests().len(), asked);
}

#[tokio::test]
async fn it_takes_no_method_but_get() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let token = api.shop.token("ada");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let call = api.client.request().bearer(&token).path("/?id=o_1");
        let answer = call.send(method, Bytes::new()).await.expect(405);
        assert_eq!(answer.headers["allow"], "GET,HEAD");
    }
}

#[tokio::test]
async fn an_open_voucher_is_shown_without_its_number_and_its_page() {
    let api = open().await;
    let intent = api.shop.open_order("o_1").await;
    let voucher = api.shop.stripe.payment_method(json!({ "type": "oxxo" }));
    let voucher = voucher.unwrap()["id"].as_str().unwrap().to_owned();
    let asked = api.shop.stripe.confirm(&intent, &voucher).await.unwrap();
    api.shop.accept_events().await;

    let answer = read(&api, "ada", "/api/order?id=o_1").await.expect(200);

    let details = &asked["next_action"]["oxxo_display_details"];
    assert_eq!(answer.body["status"], "requires_action");
    let expected = json!({ "kind": "voucher", "until": details["expires_after"] });
    assert_eq!(answer.body["awaiting"], expected);
    let order = serde_json::to_string(&api.shop.order("o_1").await).unwrap();
    for secret in ["hosted_voucher_url", "number"] {
        let secret = details[secret].as_str().unwrap();
        assert!(!answer.body.to_string().contains(secret));
        assert!(!order.contains(secret), "the database does not keep it");
    }
}
