//! Parameters: accepted and rejected.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, intent, text};

const INTENTS: &str = "/v1/payment_intents";

#[tokio::test]
async fn an_unknown_parameter_is_named() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let mug = [("amount", "1500"), ("currency", "usd")];
    let cases = [
        ("amout", "amout"),
        (
            "automatic_payment_methods[enable]",
            "automatic_payment_methods[enabled]",
        ),
        (
            "payment_method_data[card][nummer]",
            "payment_method_data[type]",
        ),
    ];
    for (name, at_fault) in cases {
        let form = [mug[0], mug[1], (name, "1")];
        let reply = api.post(INTENTS, &form).await;
        assert_eq!(
            (reply.status, &reply.body["error"]["param"]),
            (400, &json!(at_fault))
        );
    }
    let form = [mug[0], mug[1], ("surprise", "1")];
    api.post(INTENTS, &form)
        .await
        .refused(400, "parameter_unknown");
    assert!(stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn known_parameters_are_accepted() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let form = [
        ("amount", "1500"),
        ("currency", "usd"),
        ("description", "A mug"),
        ("receipt_email", "ada@example.com"),
        ("statement_descriptor_suffix", "MUG"),
        ("shipping[name]", "Ada"),
        ("shipping[address][city]", "London"),
        ("setup_future_usage", "off_session"),
        ("customer", text(&customer, "id")),
        ("capture_method", "automatic"),
        ("payment_method_types[]", "card"),
        (
            "payment_method_options[card][request_three_d_secure]",
            "any",
        ),
        ("return_url", "http://127.0.0.1/return"),
        ("expand[]", "latest_charge"),
    ];

    let intent = api.post(INTENTS, &form).await.ok();

    assert_eq!(intent["description"], "A mug");
    assert_eq!(intent["shipping"]["address"]["city"], "London");
    assert_eq!(intent["payment_method_types"], json!(["card"]));
    assert_eq!(intent["automatic_payment_methods"], json!(null));
}

#[tokio::test]
async fn missing_and_empty_parameters_are_distinguished() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let error = api
        .post(INTENTS, &[("amount", "1500")])
        .await
        .refused(400, "parameter_missing");
    assert_eq!(error["param"], "currency");
    let form = [("amount", ""), ("currency", "usd")];
    api.post(INTENTS, &form)
        .await
        .refused(400, "parameter_invalid_empty");
}

#[tokio::test]
async fn metadata_has_limits() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = intent(&api).await;
    let path = format!("{INTENTS}/{}", text(&intent, "id"));
    let names: Vec<String> = (0..51).map(|n| format!("metadata[{n}]")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();

    let long_key = format!("metadata[{}]", "k".repeat(41));
    let long_value = "v".repeat(501);
    for form in [
        &pairs[..],
        &[(&*long_key, "v")],
        &[("metadata[a]", &*long_value)],
    ] {
        assert_eq!(api.post(&path, form).await.status, 400);
    }
    let full = api.post(&path, &pairs[..50]).await.ok();
    assert_eq!(full["metadata"]["49"], "v");
    assert_eq!(
        api.post(&path, &[("metadata", "")]).await.ok()["metadata"],
        json!({})
    );
}

#[tokio::test]
async fn unknown_urls_and_objects_are_not_found() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    assert_eq!(api.get("/v1/unicorns").await.status, 404);
    assert_eq!(api.get("/").await.status, 404);
    assert_eq!(
        api.send("DELETE", INTENTS, &[], "").await.unwrap().status,
        404
    );
    let error = api
        .get("/v1/payment_intents/pi_none")
        .await
        .refused(404, "resource_missing");
    assert!(text(&error, "message").contains("pi_none"));
    let charge = api.get("/v1/charges/pi_none").await;
    charge.refused(404, "resource_missing");
}

#[tokio::test]
async fn json_is_not_what_this_api_reads() {
    let stripe = Sandbox::start().await;

    let headers = [("content-type", "application/json")];
    let body = r#"{"amount":1500,"currency":"usd"}"#;
    let reply = api(&stripe)
        .send("POST", INTENTS, &headers, body)
        .await
        .unwrap();

    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn requests_and_connections_are_recorded() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    api.post_once("key-1", INTENTS, &[("amount", "1500"), ("currency", "usd")])
        .await
        .ok();
    api.get("/v1/events?limit=1").await.ok();

    let [create, list] = stripe.requests().try_into().expect("exactly two requests");
    assert_eq!(
        (create.method.as_str(), create.path.as_str()),
        ("POST", INTENTS)
    );
    assert_eq!(create.idempotency_key.as_deref(), Some("key-1"));
    assert_eq!(
        create.params,
        json!({ "amount": "1500", "currency": "usd" })
    );
    assert_eq!((create.status, create.connection), (Some(200), 1));
    assert_eq!((list.params, list.connection), (json!({ "limit": "1" }), 1));
    assert_eq!(stripe.connections(), 1);
}

#[tokio::test]
async fn the_version_is_echoed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let plain = api.get("/v1/events").await;
    assert_eq!(plain.header("stripe-version"), Some("2026-09-30.endive"));
    let headers = [("stripe-version", "2024-06-20")];
    let reply = api.send("GET", "/v1/events", &headers, "").await.unwrap();
    assert_eq!(reply.header("stripe-version"), Some("2024-06-20"));
}
