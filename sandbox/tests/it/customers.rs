//! Customers and their payment methods.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{Api, api, event_types, text};

async fn customer(api: &Api) -> String {
    let form = [("email", "ada@example.com"), ("metadata[tier]", "gold")];
    let customer = api.post("/v1/customers", &form).await.ok();
    text(&customer, "id").to_owned()
}

#[tokio::test]
async fn a_customer_is_made_changed_and_listed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let id = customer(&api).await;
    api.post("/v1/customers", &[]).await.ok();

    let path = format!("/v1/customers/{id}");
    let form = [("name", "Ada"), ("email", ""), ("address[city]", "London")];
    let changed = api.post(&path, &form).await.ok();
    assert_eq!(changed["name"], "Ada");
    assert_eq!(changed["email"], json!(null));
    assert_eq!(changed["address"]["city"], "London");
    assert_eq!(changed["metadata"]["tier"], "gold");

    assert_eq!(api.get(&path).await.ok(), changed);
    let all = api.get("/v1/customers").await.ok();
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    let named = api.get("/v1/customers?email=ada%40example.com").await.ok();
    assert_eq!(named["data"], json!([]));
    let expected = ["customer.created", "customer.created", "customer.updated"];
    assert_eq!(event_types(&stripe), expected);
}

#[tokio::test]
async fn a_deleted_customer_is_no_more_than_its_id() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let id = customer(&api).await;
    let path = format!("/v1/customers/{id}");

    let deleted = api.delete(&path).await.ok();

    assert_eq!(
        deleted,
        json!({ "id": id, "object": "customer", "deleted": true })
    );
    assert_eq!(api.get(&path).await.ok(), deleted);
    assert_eq!(api.get("/v1/customers").await.ok()["data"], json!([]));
    api.post(&path, &[]).await.refused(404, "resource_missing");
    let again = api.delete(&path).await;
    again.refused(404, "resource_missing");
    assert_eq!(event_types(&stripe).last().unwrap(), "customer.deleted");
}

#[tokio::test]
async fn a_payment_names_a_customer_that_exists() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = |id| [("amount", "2000"), ("currency", "usd"), ("customer", id)];

    let path = "/v1/payment_intents";
    let error = api.post(path, &form("cus_none")).await;
    let error = error.refused(400, "resource_missing");
    assert_eq!(error["param"], "customer");

    let (id, other) = (customer(&api).await, customer(&api).await);
    let intent = api.post(path, &form(&id)).await.ok();
    assert_eq!(intent["customer"], *id);
    let listed = api.get(&format!("{path}?customer={id}")).await.ok();
    assert_eq!(listed["data"], json!([intent]));
    let path = format!("{path}/{}", text(&intent, "id"));
    let moved = api.post(&path, &[("customer", &other)]).await;
    assert_eq!(
        (moved.status, &moved.body["error"]["param"]),
        (400, &json!("customer"))
    );
}

#[tokio::test]
async fn a_customer_is_searched_by_a_pair_of_metadata_alone() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let id = customer(&api).await;
    api.post("/v1/customers", &[("metadata[tier]", "silver")])
        .await
        .ok();
    let search = async |query: &str| {
        let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
        api.get(&format!("/v1/customers/search?query={query}"))
            .await
    };

    let found = search("metadata['tier']:'gold'").await.ok();
    assert_eq!(found["object"], "search_result");
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["id"], *id);
    let none = search("metadata['tier']:'tin'").await.ok();
    assert_eq!(none["data"], json!([]));
    api.delete(&format!("/v1/customers/{id}")).await.ok();
    let gone = search("metadata['tier']:'gold'").await.ok();
    assert_eq!(gone["data"], json!([]));
    let other = search("email:'ada@example.com'").await;
    assert_eq!(
        (other.status, &other.body["error"]["param"]),
        (400, &json!("query"))
    );
}

#[tokio::test]
async fn unknown_and_mistyped_parameters_of_a_customer_are_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let error = api.post("/v1/customers", &[("nickname", "ada")]).await;
    assert_eq!(error.refused(400, "parameter_unknown")["param"], "nickname");
    let error = api.post("/v1/customers", &[("address", "London")]).await;
    assert_eq!(
        (error.status, &error.body["error"]["param"]),
        (400, &json!("address"))
    );
    assert!(stripe.events().is_empty());
}
