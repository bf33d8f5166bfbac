//! `orders` over a real socket: the caller's orders, and everybody's for staff.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod access;
mod export;
mod pages;
mod queries;

use std::collections::BTreeMap;

use orders::service;
use serde_json::{Value, json};
use shared::{
    amount::{Amount, Currency},
    order::OrderDetails,
};
use testing::{Answer, NOW, Shop, TestServer};

/// The function over a new shop, whose clock stands.
async fn open() -> TestServer {
    TestServer::over(Shop::open().await.at_fixed_time(), service).await
}

/// Opens an order of 15.00 at `created_at`.
async fn put(api: &TestServer, owner: &str, id: &str, created_at: i64) {
    described(api, owner, (id, None), created_at).await;
}

/// The same, with a description.
async fn described(
    api: &TestServer,
    owner: &str,
    (id, description): (&str, Option<&str>),
    created_at: i64,
) {
    let amount = Amount::new(1500, Currency::parse("usd").unwrap()).unwrap();
    let description = description.map(str::to_owned);
    let contents = OrderDetails::signed(amount, description, BTreeMap::new(), 1).unwrap();
    api.shop.put_order(owner, id, contents, created_at).await;
}

async fn read(api: &TestServer, caller: &str, query: &str) -> Answer {
    api.as_caller(caller).path(query).get().await
}

async fn read_as(api: &TestServer, roles: &[&str], query: &str) -> Answer {
    let token = api.shop.token_of("sam", roles);
    api.client.request().bearer(&token).path(query).get().await
}

/// The ids of a page, and its `nextCursor`.
fn page(answer: Answer) -> (Vec<String>, Option<String>) {
    let body = answer.expect(200).body;
    let orders = body["orders"].as_array().unwrap().iter();
    let ids = orders.map(|order| order["orderId"].as_str().unwrap().to_owned());
    let next = body["nextCursor"].as_str().map(str::to_owned);
    assert_eq!(body["nextCursor"].is_null(), next.is_none());
    (ids.collect(), next)
}

#[tokio::test]
async fn callers_list_their_own_orders_the_newest_first_as_order_answers_them() {
    let api = open().await;
    for (owner, id, at) in [("ada", "o_1", 1), ("bob", "o_b", 2), ("ada", "o_2", 3)] {
        put(&api, owner, id, NOW + at).await;
    }

    let answer = read(&api, "ada", "/api/orders").await.expect(200);

    let view = |id: &str, at: i64| {
        json!({ "orderId": id, "status": "created", "amount": 1500, "currency": "usd",
            "amounts": { "subtotal": 1500, "discount": 0, "tax": 0, "shipping": 0, "total": 1500,
                "refunded": 0, "refundPending": 0, "disputed": 0 },
            "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": NOW + at,
            "updatedAt": NOW + at, "paidAt": null, "items": [] })
    };
    let expected = json!({ "orders": [view("o_2", 3), view("o_1", 1)], "nextCursor": null });
    assert_eq!(answer.body, expected);
    assert_eq!(page(read(&api, "eve", "/").await), (vec![], None));
}

#[tokio::test]
async fn staff_see_what_order_answers_staff() {
    let api = open().await;
    api.shop.paid_order("o_1", 1500, "usd").await;
    let listed = read_as(&api, &["support"], "/").await.expect(200).body;
    let order = &listed["orders"][0];
    assert_eq!(order["status"], "paid");
    for part in ["refunds", "disputes", "warnings"] {
        assert_eq!(order[part], json!([]), "{part}");
    }
    let own = read(&api, "ada", "/").await.expect(200).body;
    assert_eq!(own["orders"][0].get("refunds"), None::<&Value>);
}

#[tokio::test]
async fn it_never_writes() {
    let api = open().await;
    put(&api, "ada", "o_1", NOW).await;
    let before = api.shop.database_bytes();
    for query in [
        "/",
        "/?status=paid",
        "/?limit=1",
        "/?limit=0",
        "/?owner=bob",
    ] {
        let _ = read(&api, "ada", query).await;
        let _ = read_as(&api, &["support"], query).await;
    }
    assert!(
        api.shop.database_bytes() == before,
        "the database is as it was"
    );
    assert!(api.shop.stripe.requests().is_empty());
}
