//! The activity feed: every step of a payment, with requests and responses, and no secret.

use hyper::Method;
use serde_json::{Value, json};
use testing::{Shop, until};

use crate::{
    logs::deliver_events,
    payment::{confirm, start},
    process::Dev,
};

fn row<'a>(rows: &'a [Value], source: &str, title: &str) -> &'a Value {
    let found = rows
        .iter()
        .find(|row| row["source"] == source && row["title"] == title);
    found.unwrap_or_else(|| panic!("no row of {source} with {title}: {rows:#?}"))
}

async fn control(dev: &Dev, path: &str, body: Value) {
    let url = format!("{}/_sandbox/{path}", dev.sandbox);
    let json = ("content-type", "application/json");
    let (status, answer) = dev
        .send(Method::POST, &url, &[json], body.to_string())
        .await;
    assert_eq!(status, 200, "{answer}");
}

async fn events(dev: &Dev) -> Vec<Value> {
    let url = format!("{}/dev/events", dev.shop);
    let (status, answer) = dev.send(Method::GET, &url, &[], "").await;
    assert_eq!(status, 200);
    answer["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_row_shows_request_and_answer_with_secrets_masked() {
    let dev = Dev::start();
    let started = start(&dev, "k1").await;
    confirm(&dev, &started, "4242424242424242").await;
    let rows = dev
        .rows_until(&["payment_intent.succeeded", "order.paid"])
        .await;

    let call = row(&rows, "shop", "POST /api/create-intent");
    let has = |headers: &Value, name: &str, value: &str| {
        headers.as_array().unwrap().contains(&json!([name, value]))
    };
    assert!(has(
        &call["request"]["headers"],
        "authorization",
        "Bearer ••••"
    ));
    assert!(has(&call["request"]["headers"], "idempotency-key", "k1"));
    assert!(
        call["request"]["body"]
            .as_str()
            .unwrap()
            .contains("\"mug\"")
    );
    assert_eq!(call["response"]["status"], 200);
    let answer: Value = serde_json::from_str(call["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(answer["amount"], started["amount"]);
    assert_eq!(answer["clientSecret"], "••••");

    let event = row(&rows, "webhook", "payment_intent.succeeded");
    let headers = event["request"]["headers"].to_string();
    assert!(headers.contains(",v1=••••"), "{headers}");
    let asked = row(&rows, "stripe", "POST /v1/payment_intents");
    assert!(asked["request"]["body"].as_str().unwrap().contains("1500"));
    let headers = row(&rows, "notify", "order.paid")["request"]["headers"].to_string();
    assert!(headers.contains("v1,••••"), "{headers}");
}

#[tokio::test]
async fn a_delivery_to_a_site_of_ones_own_is_a_row_too() {
    let dev = Dev::with(&[("FAREBOX_NOTIFY_URL", "log:")]);
    let started = start(&dev, "k1").await;
    confirm(&dev, &started, "4242424242424242").await;
    let rows = dev.rows_until(&["order.paid"]).await;

    let delivered = row(&rows, "notify", "order.paid");
    assert_eq!(delivered["ok"], true);
    assert_eq!(delivered["orderId"], started["orderId"]);
    let detail = delivered["detail"].as_str().unwrap();
    assert!(detail.starts_with("msg_") && detail.ends_with("delivered to your site"));
}

#[tokio::test]
async fn a_site_of_ones_own_that_does_not_answer_is_a_row_too() {
    let dev = Dev::with(&[("FAREBOX_NOTIFY_URL", "http://127.0.0.1:9/notify")]);
    let started = start(&dev, "k1").await;
    confirm(&dev, &started, "4242424242424242").await;
    let rows = dev.rows_until(&["order.paid"]).await;

    let failed = row(&rows, "notify", "order.paid");
    assert_eq!(failed["ok"], false);
    assert!(
        failed["detail"]
            .as_str()
            .unwrap()
            .contains("not delivered: ")
    );
}

#[tokio::test]
async fn no_row_holds_a_secret() {
    let dev = Dev::start();
    let token = dev.session().await;
    let started = start(&dev, "k1").await;
    let mut signatures = deliver_events(&dev).await;
    let leaky = json!({ "type": format!("x {}", Shop::SECRET_KEY), "id": Shop::WEBHOOK_SECRET,
        "data": { "object": { "metadata": { "farebox_order": started["clientSecret"] } } } });
    let url = format!("{}/api/webhooks/stripe?client_secret=hidden", dev.shop);
    dev.send(
        Method::POST,
        &url,
        &[("cookie", "hidden")],
        leaky.to_string(),
    )
    .await;
    let text = "4242424242424242 hidden";
    dev.send(Method::POST, &url, &[], text).await;
    confirm(&dev, &started, "4000000000000002").await;
    confirm(&dev, &started, "4242424242424242").await;
    let rows = dev
        .rows_until(&["payment_intent.succeeded", "order.paid"])
        .await;
    let rows = Value::from(rows).to_string();

    let secrets = [
        Shop::SECRET_KEY,
        Shop::PUBLISHABLE_KEY,
        Shop::SITE_KEY,
        Shop::WEBHOOK_SECRET,
        Shop::NOTIFY_SECRET,
        "ada@example.com",
        "4242424242424242",
        "4000000000000002",
        "hidden",
        started["clientSecret"].as_str().unwrap(),
    ];
    let parts = token.split('.').skip(1).map(str::to_owned);
    signatures = signatures
        .iter()
        .map(|signature| signature.split("v1=").nth(1).unwrap().to_owned())
        .collect();
    for secret in secrets
        .map(str::to_owned)
        .into_iter()
        .chain(parts)
        .chain(signatures)
    {
        assert!(!rows.contains(&secret), "{secret} is in {rows}");
    }
}

#[tokio::test]
async fn an_event_that_comes_three_times_changes_the_order_once() {
    let dev = Dev::start();
    let started = start(&dev, "k1").await;
    control(&dev, "webhooks/duplicate", json!({ "times": 3 })).await;
    confirm(&dev, &started, "4242424242424242").await;
    let came = |row: &&Value| {
        row["source"] == "webhook"
            && row["title"] == "payment_intent.succeeded"
            && row["ok"] == true
    };
    let paid = |row: &&Value| row["source"] == "order" && row["title"] == "created → paid";
    let rows = dev
        .rows_when("three deliveries and a change", |rows| {
            rows.iter().filter(came).count() >= 3 && rows.iter().any(|row| paid(&row))
        })
        .await;
    assert_eq!(rows.iter().filter(came).count(), 3);
    assert_eq!(rows.iter().filter(paid).count(), 1);
    until("three deliveries are accepted", async || {
        let all = events(&dev).await;
        let event = all
            .iter()
            .find(|event| event["type"] == "payment_intent.succeeded");
        event.unwrap()["accepted"] == 3
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_leaves_one_intent() {
    let dev = Dev::start();
    let fault =
        json!({ "kind": "lost_answer", "method": "POST", "path_prefix": "/v1/payment_intents" });
    control(&dev, "faults", fault).await;
    start(&dev, "k1").await;
    let rows = dev
        .rows_when("the row of the route and two requests to Stripe", |rows| {
            let titled = |title: &str| rows.iter().filter(|row| row["title"] == title).count();
            titled("POST /api/create-intent") > 0 && titled("POST /v1/payment_intents") > 1
        })
        .await;

    let asked: Vec<&Value> = rows
        .iter()
        .filter(|row| row["title"] == "POST /v1/payment_intents")
        .collect();
    let statuses: Vec<&Value> = asked.iter().map(|row| &row["response"]["status"]).collect();
    assert_eq!(statuses, [&Value::Null, &json!(200)]);
    assert!(asked.iter().all(|row| row["intents"] == 1));
    assert_eq!(
        asked[0]["request"]["headers"],
        asked[1]["request"]["headers"]
    );
}

#[tokio::test]
async fn a_forged_event_is_refused_and_shown_as_such() {
    let dev = Dev::start();
    let started = start(&dev, "k1").await;
    dev.rows_until(&["payment_intent.created"]).await;
    let id = events(&dev).await[0]["id"].as_str().unwrap().to_owned();
    control(&dev, &format!("events/{id}/forge"), json!({})).await;
    confirm(&dev, &started, "4242424242424242").await;
    let is_forged = |row: &&Value| row["eventId"] == *id && row["ok"] == false;
    let rows = dev
        .rows_when("the forged event and the payment", |rows| {
            let has_paid = rows.iter().any(|row| row["title"] == "order.paid");
            has_paid && rows.iter().any(|row| is_forged(&row))
        })
        .await;

    let refused = rows.iter().find(is_forged);
    let detail = refused.unwrap()["detail"].as_str().unwrap();
    assert_eq!(detail, "400 · signature rejected · no change");
}

#[tokio::test]
async fn events_missed_in_an_outage_are_listed_as_not_accepted() {
    let dev = Dev::start();
    control(&dev, "webhooks/pause", json!({})).await;
    start(&dev, "k1").await;

    let events = events(&dev).await;

    assert!(!events.is_empty());
    assert!(
        events.iter().all(|event| event["accepted"] == 0),
        "{events:?}"
    );
}

#[tokio::test]
async fn missed_events_are_fetched_and_shown() {
    let dev = Dev::start();
    control(&dev, "webhooks/pause", json!({})).await;
    let started = start(&dev, "k1").await;
    confirm(&dev, &started, "4242424242424242").await;

    let url = format!("{}/dev/reconcile", dev.shop);
    let (status, first) = dev.send(Method::POST, &url, &[], "").await;
    let rows = dev
        .rows_until(&[
            "events that webhooks missed",
            "created → paid",
            "order.paid",
        ])
        .await;
    let (_, second) = dev.send(Method::POST, &url, &[], "").await;

    assert_eq!(status, 200, "{first}");
    assert!(first["applied"].as_u64().unwrap() >= 1, "{first}");
    assert_eq!(second["applied"], 0, "{second}");
    let run = row(&rows, "reconcile", "events that webhooks missed");
    assert_eq!(run["ok"], true, "{run}");
    let moved = row(&rows, "order", "created → paid");
    assert_eq!(moved["orderId"], started["orderId"]);
    assert!(!rows.iter().any(|row| row["source"] == "webhook"));
}
