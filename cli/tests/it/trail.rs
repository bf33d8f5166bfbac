//! The same refund by each persona, and the audit records on the page.

use hyper::Method;
use serde_json::{Value, json};

use crate::{
    payment::{confirm, order, start},
    process::Dev,
};

/// Requests a refund of `amount` as a demo persona.
async fn refund(dev: &Dev, person: &str, order: &Value, amount: i64) -> (u16, Value) {
    let token = format!("Bearer {}", dev.session_of(person).await);
    let url = format!("{}/api/refund", dev.shop);
    let key = format!("{person}-{amount}");
    let headers = [
        ("authorization", token.as_str()),
        ("idempotency-key", key.as_str()),
    ];
    let body = json!({ "orderId": order, "amount": amount }).to_string();
    dev.send(Method::POST, &url, &headers, body).await
}

/// A paid mug, the responses to four refund requests, and the rows up to the last delivery.
async fn refunds(dev: &Dev) -> (Value, [(u16, Value); 4], Vec<Value>) {
    let started = start(dev, "k1").await;
    confirm(dev, &started, "4242424242424242").await;
    dev.rows_until(&["order.paid"]).await;
    let id = &started["orderId"];
    let answers = [
        refund(dev, "customer", id, 500).await,
        refund(dev, "support", id, 500).await,
        refund(dev, "finance", id, 50_100).await,
        refund(dev, "finance", id, 500).await,
    ];
    let rows = dev.rows_until(&["order.refunded"]).await;
    (started, answers, rows)
}

fn decisions<'a>(rows: &'a [Value], action: &str) -> Vec<&'a Value> {
    rows.iter()
        .filter(|row| row["source"] == "audit" && row["title"] == action)
        .map(|row| &row["decision"])
        .collect()
}

#[tokio::test]
async fn finance_alone_refunds_within_its_limit_and_every_decision_is_reported() {
    let dev = Dev::start();
    let (started, answers, rows) = refunds(&dev).await;

    let codes = answers.each_ref().map(|(status, answer)| {
        let code = answer["error"]["code"]
            .as_str()
            .or(answer["status"].as_str());
        (*status, code.unwrap_or_default())
    });
    let expected = [
        (403, "forbidden"),
        (403, "forbidden"),
        (403, "refund_limit"),
        (200, "succeeded"),
    ];
    assert_eq!(codes, expected);
    let order = order(&dev, &started).await;
    assert_eq!(order["status"], "partially_refunded");
    assert_eq!(order["refundedAmount"], 500);

    let records = decisions(&rows, "refund:create");
    let words: Vec<(&str, bool, &str)> = records
        .iter()
        .map(|decision| {
            let text = |name: &str| decision[name].as_str().unwrap();
            let allowed = decision["allowed"].as_bool().unwrap();
            (text("roles"), allowed, text("why"))
        })
        .collect();
    let expected = [
        ("customer", false, "not_permitted"),
        ("support", false, "not_permitted"),
        ("finance", false, "limit"),
        ("finance", true, "any"),
    ];
    assert_eq!(words, expected);
    for ((_, answer), decision) in answers.iter().zip(&records).take(3) {
        assert_eq!(answer["error"]["requestId"], decision["requestId"]);
    }
    assert_eq!(records[0]["object"], "none", "the body was not read");
    assert_eq!(records[3]["object"], started["orderId"]);
    assert_ne!(records[0]["who"], records[1]["who"]);
    assert_eq!(records[2]["who"], records[3]["who"]);
}

#[tokio::test]
async fn the_page_shows_the_records_that_the_functions_logged() {
    let dev = Dev::start();
    let (_, _, rows) = refunds(&dev).await;
    let (_, said) = dev.stop();

    let lines = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let logged: Vec<Value> = lines.filter(|line: &Value| line["audit"] == true).collect();
    let records: Vec<&Value> = rows
        .iter()
        .filter(|row| row["source"] == "audit")
        .map(|row| &row["decision"])
        .collect();

    assert!(records.len() >= 5, "{records:?}");
    for decision in records {
        let same = |line: &&Value| line["span"]["request.id"] == decision["requestId"];
        let line = logged.iter().find(same).expect("it is in the log");
        for name in ["who", "roles", "action", "object", "allowed", "why"] {
            assert_eq!(line[name], decision[name], "{name} of {line}");
        }
    }
}

#[tokio::test]
async fn decisions_are_shown_though_they_are_not_logged() {
    let dev = Dev::start_quiet();
    let (_, _, rows) = refunds(&dev).await;
    assert_eq!(decisions(&rows, "refund:create").len(), 4);

    let (_, said) = dev.stop();

    assert!(!said.contains("\"audit\""), "{said}");
}

#[tokio::test]
async fn unknown_callers_and_objects_are_shown_without_a_secret() {
    let dev = Dev::start();
    let url = format!("{}/api/refund", dev.shop);
    let (status, _) = dev.send(Method::POST, &url, &[], "{}").await;
    assert_eq!(status, 401);
    let token = format!("Bearer {}", dev.session().await);
    let url = format!("{}/api/order?id=4242424242424242", dev.shop);
    let headers = [("authorization", token.as_str())];
    let (status, _) = dev.send(Method::GET, &url, &headers, "").await;
    assert_eq!(status, 404);
    let rows = dev.rows_until(&["GET /api/order"]).await;

    let stranger = decisions(&rows, "refund:create")[0];
    assert_eq!(
        (&stranger["who"], &stranger["why"]),
        (&json!("unknown"), &json!("no_token"))
    );
    let foreign = decisions(&rows, "order:read")[0];
    assert_eq!(foreign["why"], "not_there");
    assert_eq!(foreign["object"], "•••• 4242");
}

#[tokio::test]
async fn nobody_else_gets_a_token() {
    let dev = Dev::start();
    for query in ["?as=admin", "?as=", "?role=finance"] {
        let url = format!("{}/dev/session{query}", dev.shop);
        let (status, answer) = dev.send(Method::POST, &url, &[], "").await;
        assert_eq!((status, &answer), (400, &Value::Null), "{query}");
    }
}

#[tokio::test]
async fn the_page_gets_the_personas_and_the_limit_of_the_roles_file() {
    let dev = Dev::start();
    let url = format!("{}/dev/shop", dev.shop);
    let (_, shop) = dev.send(Method::GET, &url, &[], "").await;
    assert_eq!(shop["refundLimit"], 50_000);
    assert_eq!(shop["people"]["customer"], shop["customer"]);
    assert_eq!(shop["people"].as_object().unwrap().len(), 3);
}
