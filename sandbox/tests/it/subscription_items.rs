//! Subscription items by themselves.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, text},
    billing::{DAY, START, advance, clocked, current, monthly, subscribe},
};

#[tokio::test]
async fn an_item_is_added_changed_and_removed_with_its_prorations() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_base", 3100);
    monthly(&stripe, "price_seat", 620);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_base", &[]).await;
    advance(&api, &clock, START + 10 * DAY).await;
    let id = text(&held, "id");

    let form = [
        ("subscription", id),
        ("price", "price_seat"),
        ("quantity", "2"),
    ];
    let seat = api.post("/v1/subscription_items", &form).await.ok();
    assert_eq!(
        (&seat["quantity"], &seat["subscription"]),
        (&json!(2), &held["id"])
    );
    let path = format!("/v1/subscription_items/{}", text(&seat, "id"));
    let form = [("quantity", "5"), ("proration_behavior", "none")];
    assert_eq!(api.post(&path, &form).await.ok()["quantity"], 5);
    assert_eq!(api.get(&path).await.ok()["quantity"], 5);
    let deleted = api.delete(&path).await.ok();

    assert_eq!(deleted["deleted"], true);
    api.get(&path).await.refused(404, "resource_missing");
    assert_eq!(
        current(&api, &held).await["items"]["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let waiting = api.get("/v1/invoiceitems?pending=true").await.ok();
    let amounts: Vec<i64> = waiting["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(
        amounts,
        [-2100, 840],
        "five seats back, two were paid; newest first"
    );
}

#[tokio::test]
async fn an_items_parameters_are_refused_by_their_own_names() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_base", 3100);
    let (_, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_base", &[]).await;
    let item = text(&held["items"]["data"][0], "id");
    let path = format!("/v1/subscription_items/{item}");
    for (name, value) in [
        ("price", "price_none"),
        ("quantity", "-1"),
        ("deleted", "true"),
        ("amount", "5"),
        ("proration_behavior", "some"),
    ] {
        let reply = api.post(&path, &[(name, value)]).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        assert_eq!(reply.body["error"]["param"], name, "{}", reply.text);
    }
    assert_eq!(api.delete(&path).await.status, 400, "the last item stays");
    assert_eq!(current(&api, &held).await, held);
}

#[tokio::test]
async fn the_intent_of_an_invoice_ends_with_its_invoice_alone() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_base", 3100);
    let (_, customer) = clocked(&api, "").await;
    let more = [("payment_behavior", "default_incomplete")];
    let held = subscribe(&api, &customer, "price_base", &more).await;
    let [intent] = stripe
        .payment_intents()
        .try_into()
        .expect("exactly one intent");

    assert!(stripe.cancel(text(&intent, "id")).is_err());
    let path = format!("/v1/invoices/{}/void", text(&held, "latest_invoice"));
    api.post(&path, &[]).await.ok();

    let intent = stripe.payment_intent(text(&intent, "id")).unwrap();
    assert_eq!(intent["status"], "canceled");
    assert_eq!(current(&api, &held).await["status"], "incomplete_expired");
}
