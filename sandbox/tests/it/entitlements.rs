//! Features, features of products, and the entitlements of customers.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::api::{Api, api, text};

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
