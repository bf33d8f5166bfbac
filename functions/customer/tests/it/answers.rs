//! The answers: whole to the customer, masked to staff.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    order::OrderDetails,
};
use testing::{NOW, TestServer};

use crate::{read, start_with, with_ada};

/// Ada's customer with `id`, whose address reads `email`.
async fn ada(api: &TestServer, id: &str, email: &str) -> Value {
    let stripe = api.shop.quick_stripe_client();
    let [card] = &stripe.payment_methods_of(id).await.unwrap()[..] else {
        panic!("not one card")
    };
    json!({
        "id": id, "name": "Ada Lovelace", "email": email,
        "paymentMethods": [{ "id": card.id, "type": "card", "isDefault": false,
            "card": { "brand": "visa", "last4": "4242", "expMonth": 12, "expYear": 2034 } }],
        "orders": [{ "orderId": "o_1", "status": "paid", "amount": 1500, "currency": "usd",
            "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": NOW, "items": [] }],
    })
}

#[tokio::test]
async fn a_customer_reads_their_own_whole_and_nothing_more() {
    let (api, id) = with_ada().await;
    for query in ["", &format!("?id={id}"), "?order=o_1"] {
        let answer = read(&api, "ada", "customer", query).await.expect(200);
        assert_eq!(
            answer.body,
            ada(&api, &id, "ada@example.com").await,
            "{query}"
        );
    }
}

#[tokio::test]
async fn staff_read_anybodys_with_the_address_masked() {
    let (api, id) = with_ada().await;
    for role in ["support", "finance", "admin"] {
        for query in [format!("?id={id}"), "?order=o_1".to_owned()] {
            let answer = read(&api, "sue", role, &query).await.expect(200);
            assert_eq!(
                answer.body,
                ada(&api, &id, "a***@e***.com").await,
                "{role} {query}"
            );
        }
    }
}

#[tokio::test]
async fn staff_read_their_own_whole() {
    let (api, id) = with_ada().await;
    for query in ["", &format!("?id={id}"), "?order=o_1"] {
        let answer = read(&api, "ada", "support", query).await.expect(200);
        assert_eq!(answer.body["email"], "ada@example.com", "{query}");
    }
}

#[tokio::test]
async fn an_odd_address_is_masked_as_well() {
    let (api, id) = with_ada().await;
    let odd = json!({ "email": "a@lovelace", "name": "" });
    api.shop.stripe.change_customer(&id, odd).unwrap();
    let query = format!("?id={id}");
    let answer = read(&api, "sue", "support", &query).await.expect(200);
    assert_eq!(answer.body["email"], "***@l***");
    assert_eq!(answer.body["name"], Value::Null);

    let none = json!({ "email": "" });
    api.shop.stripe.change_customer(&id, none).unwrap();
    let answer = read(&api, "sue", "support", &query).await.expect(200);
    assert_eq!(answer.body["email"], Value::Null);
}

#[tokio::test]
async fn the_latest_fifty_orders_are_shown_the_newest_first() {
    let api = start_with(&[]).await;
    for n in 0..52 {
        let amount = Amount::new(1500, Currency::parse("usd").unwrap()).unwrap();
        let contents = OrderDetails::signed(amount, None, BTreeMap::new(), 1).unwrap();
        let id = format!("o_{n}");
        api.shop.put_order("ada", &id, contents, NOW + n).await;
    }
    let body = read(&api, "ada", "customer", "").await.expect(200).body;
    let orders = body["orders"].as_array().unwrap().iter();
    let ids: Vec<&str> = orders
        .map(|order| order["orderId"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (2..52).rev().map(|n| format!("o_{n}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn without_a_customer_at_stripe_there_are_the_orders_alone() {
    let api = start_with(&[]).await;
    api.shop.paid_order("o_1", 1500, "usd").await;
    let before = api.shop.stripe.requests().len();
    for (caller, role, query) in [("ada", "customer", ""), ("sue", "support", "?order=o_1")] {
        let body = read(&api, caller, role, query).await.expect(200).body;
        assert_eq!(body["orders"][0]["orderId"], "o_1");
        for field in ["id", "name", "email"] {
            assert_eq!(body[field], Value::Null, "{field}");
        }
        assert_eq!(body["paymentMethods"], json!([]));
    }
    let nobody = read(&api, "eve", "customer", "").await.expect(200);
    assert_eq!(nobody.body["orders"], json!([]));
    assert_eq!(
        api.shop.stripe.requests().len(),
        before,
        "Stripe has nothing to tell"
    );
}

#[tokio::test]
async fn a_customer_that_was_deleted_at_stripe_is_as_none() {
    let (api, id) = with_ada().await;
    api.shop.stripe.delete_customer(&id).unwrap();
    for (caller, role) in [("ada", "customer"), ("sue", "support")] {
        let query = format!("?id={id}");
        let body = read(&api, caller, role, &query).await.expect(200).body;
        let fields = (
            &body["id"],
            &body["name"],
            &body["email"],
            &body["paymentMethods"],
        );
        assert_eq!(
            fields,
            (&json!(null), &json!(null), &json!(null), &json!([]))
        );
        assert_eq!(body["orders"][0]["orderId"], "o_1");
    }
}

#[tokio::test]
async fn orders_are_the_callers_the_newest_first() {
    let (api, _) = with_ada().await;
    api.shop.open_order("o_2").await;
    let intent = api.shop.paid_order("o_3", 900, "eur").await;
    api.shop.stripe.refund(&intent, Some(400)).unwrap();
    api.shop.accept_events_of(&intent).await;

    let body = read(&api, "ada", "customer", "").await.expect(200).body;

    let orders = body["orders"].as_array().unwrap();
    let ids: Vec<&Value> = orders.iter().map(|one| &one["orderId"]).collect();
    assert_eq!(ids, ["o_3", "o_2", "o_1"]);
    let expected = json!({ "orderId": "o_3", "status": "partially_refunded", "amount": 900,
        "currency": "eur", "refundedAmount": 400, "refundPendingAmount": 0, "createdAt": NOW,
        "items": [] });
    assert_eq!(orders[0], expected);
}

#[tokio::test]
async fn reading_changes_neither_the_order_nor_the_customer() {
    let (api, id) = with_ada().await;
    let asked = api.shop.stripe.requests().len();
    let caller = CallerId::parse("ada").unwrap();
    let stored = async || {
        let link = api.shop.store.customer_of(&caller).await.unwrap();
        (link, json!(api.shop.order("o_1").await))
    };
    let before = stored().await;

    let _ = read(&api, "ada", "customer", "").await.expect(200);

    assert_eq!(stored().await, before);
    let requests = api.shop.stripe.requests().split_off(asked);
    let mut paths: Vec<&str> = requests.iter().map(|one| one.path.as_str()).collect();
    paths.sort_unstable();
    let customer = format!("/v1/customers/{id}");
    assert_eq!(
        paths,
        [customer.as_str(), &format!("{customer}/payment_methods")]
    );
    assert!(requests.iter().all(|one| one.method == "GET"));
}

#[tokio::test]
async fn saved_methods_of_every_type_are_listed_the_newest_first_and_the_default_is_marked() {
    let (api, id) = with_ada().await;
    let stripe = &api.shop.stripe;
    let account = stripe.keep(&id, "pm_usBankAccount").unwrap();
    let newest = stripe.keep(&id, "pm_card_mastercard").unwrap();
    let default = json!({ "invoice_settings": { "default_payment_method": account["id"] } });
    stripe.change_customer(&id, default).unwrap();

    let body = read(&api, "ada", "customer", "").await.expect(200).body;

    let methods = body["paymentMethods"].as_array().unwrap();
    let shown: Vec<[&Value; 3]> = methods
        .iter()
        .map(|one| [&one["type"], &one["isDefault"], &one["card"]["last4"]])
        .collect();
    let expected = json!([
        ["card", false, "4444"],
        ["us_bank_account", true, null],
        ["card", false, "4242"],
    ]);
    assert_eq!(json!(shown), expected);
    assert_eq!(methods[0]["id"], newest["id"]);
    assert!(!methods[1].as_object().unwrap().contains_key("card"));
}

#[tokio::test]
async fn a_method_that_was_removed_is_listed_no_more() {
    let (api, _) = with_ada().await;
    let listed = read(&api, "ada", "customer", "").await.expect(200).body;
    let method = listed["paymentMethods"][0]["id"].as_str().unwrap();
    api.shop.stripe.forget(method).unwrap();

    let body = read(&api, "ada", "customer", "").await.expect(200).body;

    assert_eq!(body["paymentMethods"], json!([]));
}
