//! Features, features of products, and the entitlements of customers.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, api, event_types, text},
    billing::{DAY, advance, change, clocked, monthly, payer, subscribe},
};

const SUMMARY: &str = "entitlements.active_entitlement_summary.updated";
const FEATURES: &str = "/v1/entitlements/features";

async fn feature(api: &Api, key: &str) -> Value {
    let form = [("lookup_key", key), ("name", "A feature")];
    api.post(FEATURES, &form).await.ok()
}

/// The lookup keys in a list.
fn keys(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().unwrap();
    data.iter().map(|one| text(one, "lookup_key")).collect()
}

#[tokio::test]
async fn a_feature_is_renamed_and_archived() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = feature(&api, "api").await;
    assert!(text(&made, "id").starts_with("feat_test_"));
    let one = format!("{FEATURES}/{}", text(&made, "id"));

    let taken = [("lookup_key", "api"), ("name", "Another")];
    let error = api
        .post(FEATURES, &taken)
        .await
        .refused(400, "resource_already_exists");
    assert_eq!(error["param"], "lookup_key");
    let renamed = api
        .post(&one, &[("name", "API"), ("metadata[a]", "b")])
        .await
        .ok();
    assert_eq!(
        (&renamed["name"], &renamed["metadata"]["a"]),
        (&json!("API"), &json!("b"))
    );
    let key = api.post(&one, &[("lookup_key", "other")]).await;
    assert_eq!(key.refused(400, "parameter_unknown")["param"], "lookup_key");
    feature(&api, "sso").await;
    assert_eq!(keys(&api.get(FEATURES).await.ok()), ["sso", "api"]);

    let archived = api.post(&one, &[("active", "false")]).await.ok();
    assert_eq!(archived["active"], false);
    assert_eq!(api.post(&one, &[("active", "true")]).await.status, 400);
    assert_eq!(keys(&api.get(FEATURES).await.ok()), ["sso"]);
    let list = api.get(&format!("{FEATURES}?archived=true")).await.ok();
    assert_eq!(keys(&list), ["api"]);
    let again = feature(&api, "api").await;
    assert_ne!(
        again["id"], made["id"],
        "the key of an archived feature is free"
    );
    let list = api.get(&format!("{FEATURES}?lookup_key=api")).await.ok();
    assert_eq!(list["data"], json!([again]));
}

#[tokio::test]
async fn a_product_has_each_active_feature_once() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let product = api.post("/v1/products", &[("name", "Pro")]).await.ok();
    let path = format!("/v1/products/{}/features", text(&product, "id"));
    let (made, old) = (feature(&api, "api").await, feature(&api, "old").await);
    let form = [("entitlement_feature", text(&made, "id"))];

    let attached = api.post(&path, &form).await.ok();
    assert_eq!(attached["object"], "product_feature");
    assert_eq!(attached["entitlement_feature"], made);
    let twice = api.post(&path, &form).await;
    assert_eq!(
        twice.body["error"]["param"], "entitlement_feature",
        "{}",
        twice.text
    );
    let archive = format!("{FEATURES}/{}", text(&old, "id"));
    api.post(&archive, &[("active", "false")]).await.ok();
    let archived = api
        .post(&path, &[("entitlement_feature", text(&old, "id"))])
        .await;
    assert_eq!(archived.status, 400, "{}", archived.text);
    let none = api
        .post(&path, &[("entitlement_feature", "feat_none")])
        .await;
    none.refused(400, "resource_missing");

    let one = format!("{path}/{}", text(&attached, "id"));
    assert_eq!(api.get(&one).await.ok(), attached);
    assert_eq!(api.get(&path).await.ok()["data"], json!([attached]));
    let gone = api.delete(&one).await.ok();
    assert_eq!(
        (&gone["deleted"], &gone["object"]),
        (&json!(true), &json!("product_feature"))
    );
    api.get(&one).await.refused(404, "resource_missing");
    assert_eq!(api.get(&path).await.ok()["data"], json!([]));
    api.get("/v1/products/prod_none/features")
        .await
        .refused(404, "resource_missing");
}

#[tokio::test]
async fn a_customer_without_a_subscription_has_no_entitlements() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let path = "/v1/entitlements/active_entitlements";
    let list = api
        .get(&format!("{path}?customer={}", text(&customer, "id")))
        .await
        .ok();
    assert_eq!((&list["data"], &list["url"]), (&json!([]), &json!(path)));
    api.get(path).await.refused(400, "parameter_missing");
    let error = api.get(&format!("{path}?customer=cus_none")).await;
    assert_eq!(error.refused(400, "resource_missing")["param"], "customer");
    api.get(&format!("{path}/ent_none"))
        .await
        .refused(404, "resource_missing");
}

/// Attaches a new feature to the product of a price.
async fn attach(api: &Api, price: &str, key: &str) {
    let price = api.get(&format!("/v1/prices/{price}")).await.ok();
    let feature = feature(api, key).await;
    let path = format!("/v1/products/{}/features", text(&price, "product"));
    let form = [("entitlement_feature", text(&feature, "id"))];
    api.post(&path, &form).await.ok();
}

/// The lookup keys of a customer's active entitlements.
async fn active(api: &Api, customer: &str) -> Vec<String> {
    let path = format!("/v1/entitlements/active_entitlements?customer={customer}");
    let list = api.get(&path).await.ok();
    keys(&list).into_iter().map(str::to_owned).collect()
}

/// The summaries of all events so far.
fn summaries(stripe: &Sandbox) -> Vec<Value> {
    let events = stripe.events();
    let events = events.iter().filter(|event| event["type"] == SUMMARY);
    events.map(|event| event["data"].clone()).collect()
}

#[tokio::test]
async fn a_subscription_opens_features_and_its_end_closes_them() {
    let stripe = Sandbox::start().await;
    monthly(&stripe, "price_pro", 1000);
    let api = api(&stripe);
    attach(&api, "price_pro", "api").await;
    attach(&api, "price_pro", "sso").await;
    let ada = payer(&api, &[], "pm_card_visa").await;

    let subscription = subscribe(&api, &ada, "price_pro", &[]).await;

    assert_eq!(active(&api, &ada).await, ["api", "sso"]);
    let opened = summaries(&stripe).pop().unwrap();
    let summary = &opened["object"];
    assert_eq!(summary["object"], "entitlements.active_entitlement_summary");
    assert_eq!(
        (&summary["customer"], &summary["livemode"]),
        (&json!(ada), &json!(false))
    );
    assert_eq!(keys(&summary["entitlements"]), ["api", "sso"]);
    let before = &opened["previous_attributes"]["entitlements"];
    assert_eq!(before["data"], json!([]));
    let one = text(&summary["entitlements"]["data"][0], "id");
    let path = format!("/v1/entitlements/active_entitlements/{one}");
    assert_eq!(
        api.get(&path).await.ok(),
        summary["entitlements"]["data"][0]
    );
    let types = event_types(&stripe);
    let place = |kind: &str| types.iter().position(|one| one == kind);
    assert!(
        place("customer.subscription.created") < place(SUMMARY),
        "{types:?}"
    );

    let events = stripe.events();
    let event = events.iter().find(|event| event["type"] == SUMMARY);
    let event = text(event.unwrap(), "id");
    let thin = event.replacen("evt_", "evt_test_", 1);
    let thin = api.get(&format!("/v2/core/events/{thin}")).await.ok();
    assert_eq!(thin["snapshot_event"], event);
    assert!(
        thin.get("related_object").is_none(),
        "a summary has no id: {thin}"
    );

    change(&api, &subscription, &[("metadata[a]", "b")]).await;
    assert_eq!(
        summaries(&stripe).len(),
        1,
        "nothing changed of the features"
    );
    let path = format!("/v1/subscriptions/{}", text(&subscription, "id"));
    api.delete(&path).await.ok();
    assert!(active(&api, &ada).await.is_empty());
    let closed = summaries(&stripe).pop().unwrap();
    assert_eq!(closed["object"]["entitlements"]["data"], json!([]));
    let before = &closed["previous_attributes"]["entitlements"];
    assert_eq!(keys(before), ["api", "sso"]);
    api.get(&format!("/v1/entitlements/active_entitlements/{one}"))
        .await
        .refused(404, "resource_missing");
}

#[tokio::test]
async fn another_plan_opens_and_closes_what_differs() {
    let stripe = Sandbox::start().await;
    monthly(&stripe, "price_small", 1000);
    monthly(&stripe, "price_large", 3000);
    let api = api(&stripe);
    attach(&api, "price_small", "basic").await;
    attach(&api, "price_large", "extra").await;
    let ada = payer(&api, &[], "pm_card_visa").await;
    let subscription = subscribe(&api, &ada, "price_small", &[]).await;
    let item = text(&subscription["items"]["data"][0], "id");

    let form = [("items[0][id]", item), ("items[0][price]", "price_large")];
    change(&api, &subscription, &form).await;

    assert_eq!(active(&api, &ada).await, ["extra"]);
    assert_eq!(summaries(&stripe).len(), 2, "one for each change");
    let second = subscribe(&api, &ada, "price_small", &[]).await;
    assert_eq!(active(&api, &ada).await, ["extra", "basic"]);
    assert_eq!(second["status"], "active");
}

#[tokio::test]
async fn a_new_feature_of_a_product_opens_at_the_next_period() {
    let stripe = Sandbox::start().await;
    monthly(&stripe, "price_pro", 1000);
    let api = api(&stripe);
    attach(&api, "price_pro", "api").await;
    let (clock, ada) = clocked(&api, "pm_card_visa").await;
    let subscription = subscribe(&api, &ada, "price_pro", &[]).await;
    attach(&api, "price_pro", "sso").await;
    assert_eq!(active(&api, &ada).await, ["api"]);

    let end = subscription["items"]["data"][0]["current_period_end"].as_u64();
    advance(&api, &clock, end.unwrap() + DAY).await;

    assert_eq!(active(&api, &ada).await, ["api", "sso"]);
}

#[tokio::test]
async fn an_unpaid_first_invoice_opens_nothing() {
    let stripe = Sandbox::start().await;
    monthly(&stripe, "price_pro", 1000);
    let api = api(&stripe);
    attach(&api, "price_pro", "api").await;
    let ada = payer(&api, &[], "").await;
    let more = [("payment_behavior", "default_incomplete")];
    let subscription = subscribe(&api, &ada, "price_pro", &more).await;
    assert_eq!(subscription["status"], "incomplete");
    assert!(active(&api, &ada).await.is_empty() && summaries(&stripe).is_empty());
}

#[tokio::test]
async fn an_event_shows_ten_entitlements_and_says_that_there_are_more() {
    let stripe = Sandbox::start().await;
    monthly(&stripe, "price_pro", 1000);
    let api = api(&stripe);
    for place in 0..12 {
        attach(&api, "price_pro", &format!("f{place}")).await;
    }
    let ada = payer(&api, &[], "pm_card_visa").await;
    subscribe(&api, &ada, "price_pro", &[]).await;
    let list = summaries(&stripe).pop().unwrap()["object"]["entitlements"].take();
    assert_eq!((keys(&list).len(), &list["has_more"]), (10, &json!(true)));
    let path = format!("/v1/entitlements/active_entitlements?customer={ada}&limit=100");
    assert_eq!(keys(&api.get(&path).await.ok()).len(), 12);
}
