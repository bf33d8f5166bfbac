//! The lines of an order that the site signed.

use create_intent::service;
use serde_json::{Value, json};
use testing::TestServer;

use crate::{only_intent, post_signed};

/// A line of two mugs, with `changes`.
fn mugs(changes: &Value) -> Value {
    let mut line = json!({ "name": "Mug", "amount": 1500, "quantity": 2 });
    for (name, value) in changes.as_object().unwrap() {
        line[name] = value.clone();
    }
    line
}

#[tokio::test]
async fn an_order_costs_the_sum_of_its_lines() {
    let api = TestServer::start(service).await;
    let free = json!({ "name": "Card", "amount": 0, "taxCode": null });
    let claims = json!({ "lines": [mugs(&json!({})), mugs(&free)], "amount": null });

    let answer = post_signed(&api, &claims).await.expect(200);

    assert_eq!(answer.body["amount"], 3000);
    assert_eq!(only_intent(&api)["amount"], 3000);
}

#[tokio::test]
async fn a_wrong_line_is_refused_by_its_path() {
    let api = TestServer::start(service).await;
    let long = "x".repeat(251);
    let wrong = [
        (
            json!({ "name": null }),
            "`lines[1].name` of the signed order is missing",
        ),
        (
            json!({ "name": "" }),
            "`lines[1].name` of the signed order must be 1 to 250",
        ),
        (
            json!({ "name": long }),
            "`lines[1].name` of the signed order must be 1 to 250",
        ),
        (
            json!({ "name": "a\nb" }),
            "`lines[1].name` of the signed order must be 1 to 250",
        ),
        (
            json!({ "name": 7 }),
            "`lines[1].name` of the signed order must be text",
        ),
        (
            json!({ "amount": null }),
            "`lines[1].amount` of the signed order is missing",
        ),
        (
            json!({ "amount": 1.5 }),
            "`lines[1].amount` of the signed order must be",
        ),
        (
            json!({ "amount": -1 }),
            "`lines[1].amount` of the signed order must not be negative",
        ),
        (
            json!({ "amount": i64::MAX }),
            "`lines[1].amount` of the signed order is too large",
        ),
        (
            json!({ "quantity": null }),
            "`lines[1].quantity` of the signed order is missing",
        ),
        (
            json!({ "quantity": 0 }),
            "`lines[1].quantity` of the signed order must be from 1",
        ),
        (
            json!({ "quantity": 10_001 }),
            "`lines[1].quantity` of the signed order must be from 1",
        ),
        (
            json!({ "taxCode": "books" }),
            "`lines[1].taxCode` of the signed order must be",
        ),
        (
            json!({ "taxBehavior": "none" }),
            "`lines[1].taxBehavior` of the signed order must be",
        ),
        (json!({ "price": "mug" }), "`lines[1]` has no field `price`"),
    ];
    for (changes, expected) in wrong {
        let lines = json!([mugs(&json!({})), mugs(&changes)]);
        let answer = post_signed(&api, &json!({ "lines": lines, "amount": null })).await;
        let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.code(400), "invalid_request");
        assert!(message.starts_with(expected), "{message}");
    }
    assert!(api.shop.stripe.requests().is_empty());
}

#[tokio::test]
async fn lines_that_do_not_fit_their_order_are_refused() {
    let api = TestServer::start(service).await;
    let line = mugs(&json!({}));
    let huge = mugs(&json!({ "amount": i64::MAX / 2 }));
    let many = vec![line.clone(); 101];
    let crowns = mugs(&json!({ "amount": 150 }));
    let refused = [
        (
            json!({ "lines": [line], "amount": 2999 }),
            "`amount` of the signed order is not the sum",
        ),
        (
            json!({ "lines": [] }),
            "`lines` of the signed order must have 1 to 100",
        ),
        (
            json!({ "lines": many }),
            "`lines` of the signed order must have 1 to 100",
        ),
        (
            json!({ "lines": {} }),
            "`lines` of the signed order must be a list",
        ),
        (
            json!({ "lines": ["mug"] }),
            "`lines[0]` of the signed order must be an object",
        ),
        (
            json!({ "lines": [huge, line], "amount": null }),
            "`lines` of the signed order is too",
        ),
        (
            json!({ "lines": [line], "amount": null, "taxCode": "txcd_1" }),
            "`taxCode` of the signed order belongs to each",
        ),
        (
            json!({ "lines": [line], "amount": null, "taxBehavior": "inclusive" }),
            "`taxBehavior` of the signed order belongs to each",
        ),
        (
            json!({ "lines": [crowns], "amount": null, "currency": "isk" }),
            "`lines[0].amount` of the signed order must be a multiple of 100",
        ),
        (
            json!({ "lines": [mugs(&json!({ "amount": 99_999_999 }))], "amount": null }),
            "`amount` of the signed order exceeds",
        ),
    ];
    for (claims, expected) in refused {
        let answer = post_signed(&api, &claims).await;
        let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(answer.code(400), "invalid_request");
        assert!(message.starts_with(expected), "{message}");
    }
    assert!(api.shop.stripe.requests().is_empty());
}
