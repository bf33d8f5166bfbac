//! Plans of the demo shop, and the clock of its subscriptions.

use hyper::Method;
use serde_json::{Value, json};

use crate::process::Dev;

#[tokio::test]
async fn plans_are_sold_apart_from_products_and_begin_with_a_trial() {
    let dev = Dev::start();
    let url = format!("{}/dev/shop", dev.shop);
    let (_, shop) = dev.send(Method::GET, &url, &[], "").await;

    let sold = |list: &str| -> Vec<Value> {
        let list = shop[list].as_array().unwrap();
        list.iter().map(|one| one["price"].clone()).collect()
    };
    assert_eq!(sold("products"), ["mug", "shirt", "sticker"]);
    assert_eq!(sold("plans"), ["pro_monthly", "pro_yearly", "team_monthly"]);
    assert_eq!(shop["plans"][1]["interval"], "year");
    assert_eq!(shop["trialDays"], 14);
}

#[tokio::test]
async fn no_time_passes_for_a_subscription_that_the_sandbox_does_not_have() {
    let dev = Dev::start();
    let url = format!("{}/dev/clock", dev.shop);
    let json = [("content-type", "application/json")];
    let body = json!({ "subscription": "sub_none", "step": "month" }).to_string();

    let (status, answer) = dev.send(Method::POST, &url, &json, body).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (404, &json!("not_found"))
    );

    let read = format!("{url}?subscription=sub_none");
    let (status, _) = dev.send(Method::GET, &read, &[], "").await;
    assert_eq!(status, 404);
}
