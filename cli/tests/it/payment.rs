//! A payment from the first request to the notification.

use hyper::Method;
use serde_json::{Value, json};
use testing::Shop;

use crate::process::Dev;

/// Starts the payment of a mug; returns the response.
pub(crate) async fn start(dev: &Dev, key: &str) -> Value {
    let token = format!("Bearer {}", dev.session().await);
    let url = format!("{}/api/create-intent", dev.shop);
    let body = json!({ "items": [{ "price": "mug", "quantity": 1 }] }).to_string();
    let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
    let (status, answer) = dev.send(Method::POST, &url, &headers, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// Confirms the payment with a card at the sandbox, as the browser does.
pub(crate) async fn confirm(dev: &Dev, started: &Value, card: &str) -> (u16, Value) {
    let secret = started["clientSecret"].as_str().unwrap();
    let id = secret.split("_secret_").next().unwrap();
    let url = format!("{}/v1/payment_intents/{id}/confirm", dev.sandbox);
    let form = format!(
        "key={}&client_secret={secret}&payment_method_data[type]=card&payment_method_data[card][number]={card}\
         &payment_method_data[card][exp_month]=12&payment_method_data[card][exp_year]=2050\
         &payment_method_data[card][cvc]=123",
        Shop::PUBLISHABLE_KEY
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    dev.send(Method::POST, &url, &headers, form).await
}

/// The order, as its owner reads it.
pub(crate) async fn order(dev: &Dev, started: &Value) -> Value {
    let token = format!("Bearer {}", dev.session().await);
    let id = started["orderId"].as_str().unwrap();
    let url = format!("{}/api/order?id={id}", dev.shop);
    dev.send(Method::GET, &url, &[("authorization", &token)], "")
        .await
        .1
}

#[tokio::test]
async fn a_payment_is_started_confirmed_notified_and_fulfilled_once() {
    let dev = Dev::start();

    let started = start(&dev, "k1").await;
    let (status, _) = confirm(&dev, &started, "4242424242424242").await;
    assert_eq!(status, 200);
    let titles = [
        "POST /api/create-intent",
        "POST /v1/payment_intents",
        "payment_intent.succeeded",
        "order.paid",
    ];
    let rows = dev.rows_until(&titles).await;

    assert_eq!(order(&dev, &started).await["status"], "paid");
    let fulfilled: Vec<&Value> = rows
        .iter()
        .filter(|row| row["source"] == "notify")
        .collect();
    assert_eq!(fulfilled.len(), 1);
    assert_eq!(fulfilled[0]["ok"], true);
    assert_eq!(fulfilled[0]["orderId"], started["orderId"]);
    let made = rows
        .iter()
        .find(|row| row["title"] == "POST /v1/payment_intents");
    let made = made.expect("the intent was made");
    let shown = made["request"]["headers"].to_string();
    assert!(
        shown.contains("stripe-version") && shown.contains("idempotency-key"),
        "{shown}"
    );
    let answered = made["response"]["body"].as_str().unwrap();
    assert!(answered.contains("requires_payment_method"), "{answered}");
    assert!(
        made["response"]["headers"]
            .to_string()
            .contains("request-id")
    );
    let has = |source: &str, title: &str| {
        rows.iter()
            .any(|row| row["source"] == source && row["title"] == title && row["ok"] == true)
    };
    assert!(has("shop", "POST /api/create-intent"), "{rows:#?}");
    assert!(has("stripe", "POST /v1/payment_intents"), "{rows:#?}");
    assert!(has("webhook", "payment_intent.succeeded"), "{rows:#?}");
}

#[tokio::test]
async fn a_declined_card_can_be_followed_by_another() {
    let dev = Dev::start();
    let started = start(&dev, "k1").await;

    let (status, answer) = confirm(&dev, &started, "4000000000009995").await;
    assert_eq!(
        (status, &answer["error"]["decline_code"]),
        (402, &json!("insufficient_funds"))
    );
    dev.rows_until(&["order.payment_failed"]).await;
    assert_eq!(order(&dev, &started).await["status"], "failed");

    let (status, _) = confirm(&dev, &started, "4242424242424242").await;
    assert_eq!(status, 200);
    dev.rows_until(&["order.paid"]).await;
    assert_eq!(order(&dev, &started).await["status"], "paid");
}

#[tokio::test]
async fn an_order_that_the_site_signs_is_paid_the_same_way() {
    let dev = Dev::start();
    let token = format!("Bearer {}", dev.session().await);
    let cart = json!({ "items": [{ "price": "shirt", "quantity": 2 }] }).to_string();
    let json = ("content-type", "application/json");
    let url = format!("{}/dev/sign-order", dev.shop);
    let (_, signed) = dev.send(Method::POST, &url, &[json], cart).await;
    let url = format!("{}/api/create-intent", dev.shop);
    let headers = [json, ("authorization", token.as_str())];
    let (status, started) = dev
        .send(Method::POST, &url, &headers, signed.to_string())
        .await;
    assert_eq!((status, &started["amount"]), (200, &json!(5000)));

    confirm(&dev, &started, "5555555555554444").await;
    dev.rows_until(&["order.paid"]).await;

    assert_eq!(order(&dev, &started).await["status"], "paid");
}

#[tokio::test]
async fn the_page_and_what_it_loads_are_there() {
    let dev = Dev::start();
    let page = dev.text("/").await;
    assert!(page.contains("Farebox"));
    let linked = page.split('"').filter(|part| part.starts_with("/page/"));
    let linked: Vec<&str> = linked.collect();
    assert!(linked.len() >= 2, "{linked:?}");
    for path in linked {
        assert!(!dev.text(path).await.is_empty(), "{path}");
    }
}
