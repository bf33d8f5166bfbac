//! Every decision leaves exactly one record, and no record says who a person is.

use serde_json::{Value, json};
use testing::{Answer, Issuer, Log, NOW, SigningKey};

use crate::{open, open_with, read};

/// The records of what `call` did, and its answer.
async fn records(call: impl Future<Output = Answer>) -> (Vec<Value>, Answer) {
    let (log, guard) = Log::start();
    let answer = call.await;
    drop(guard);
    let text = log.text();
    for personal in [
        "ada@shop.example",
        "eve@shop.example",
        "shop.example/secret",
    ] {
        assert!(!text.contains(personal), "{text}");
    }
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let is_record = |line: &Value| line["audit"] == true;
    (lines.filter(is_record).collect(), answer)
}

/// The one record of what `call` did: who, roles, action, object, allowed, why.
async fn record(call: impl Future<Output = Answer>) -> Value {
    let (records, answer) = records(call).await;
    let [record] = &records[..] else {
        panic!("not exactly one record: {records:#?}")
    };
    let request_id = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(record["span"]["request.id"], request_id);
    let names = ["who", "roles", "action", "object", "allowed", "why"];
    names.iter().map(|name| record[name].clone()).collect()
}

fn alias(caller: &str) -> String {
    shared::access::CallerId::parse(caller).unwrap().alias()
}

#[tokio::test]
async fn each_decision_leaves_one_record_with_its_reason() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    let shop = &api.shop;
    let (ada, eve) = (alias("ada"), alias("eve@shop.example"));
    let read = |token: String, id: &'static str| {
        let client = &api.client;
        async move { client.request().bearer(&token).path(id).get().await }
    };

    let own = read(shop.token("ada"), "/?id=o_1");
    let expected = json!([ada, "guest", "order:read", "o_1", true, "owner"]);
    assert_eq!(record(own).await, expected);

    let staff = read(
        shop.token_of("eve@shop.example", &["support", "finance"]),
        "/?id=o_1",
    );
    let expected = json!([eve, "finance,support", "order:read", "o_1", true, "any"]);
    assert_eq!(record(staff).await, expected);

    let foreign = read(shop.token("eve@shop.example"), "/?id=o_1");
    let expected = json!([eve, "guest", "order:read", "o_1", false, "not_owner"]);
    assert_eq!(record(foreign).await, expected);

    let missing = read(shop.token("ada"), "/?id=o_9");
    let expected = json!([ada, "guest", "order:read", "o_9", false, "not_there"]);
    assert_eq!(record(missing).await, expected);

    let malformed = read(shop.token("ada"), "/?id=ada@shop.example");
    let expected = json!([ada, "guest", "order:read", "none", true, "role"]);
    assert_eq!(record(malformed).await, expected);
}

#[tokio::test]
async fn a_role_without_the_permission_leaves_one_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roles.json");
    std::fs::write(&path, r#"{ "guest": {} }"#).unwrap();
    let api = open_with(&[("FAREBOX_ROLES", path.to_str().unwrap())]).await;
    api.shop.open_order("o_1").await;

    let expected = json!([
        alias("ada"),
        "guest",
        "order:read",
        "none",
        false,
        "not_permitted"
    ]);
    assert_eq!(record(read(&api, "ada", "/?id=o_1")).await, expected);
}

#[tokio::test]
async fn a_caller_who_is_not_authenticated_leaves_one_record_with_the_reason() {
    let key = SigningKey::p256("k");
    let issuer = Issuer::start(&[&key]).await;
    let api = open_with(&issuer.variables()).await;
    api.shop.open_order("o_1").await;
    let with = |change: Value| {
        let mut claims = Issuer::claims("ada@shop.example", NOW);
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        key.sign(&claims)
    };
    let mut headed = key.header();
    headed["alg"] = "ada@shop.example".into();
    let cases = [
        ("no_token", String::new()),
        ("malformed", "ada@shop.example".to_owned()),
        ("algorithm", key.sign_text(&headed.to_string(), "{}")),
        ("unknown_key", SigningKey::p256("x").sign(&json!({}))),
        ("signature", SigningKey::p256("k").sign(&json!({}))),
        (
            "audience",
            with(json!({ "aud": "https://shop.example/secret" })),
        ),
        (
            "issuer",
            with(json!({ "iss": "https://shop.example/secret" })),
        ),
        ("expired", with(json!({ "exp": "ada@shop.example" }))),
        ("not_yet_valid", with(json!({ "nbf": NOW + 99 }))),
        (
            "subject",
            with(json!({ "sub": "ada@shop.example".repeat(9) })),
        ),
    ];
    for (why, token) in cases {
        let call = async {
            let request = api.client.request().path("/?id=o_1");
            match token.is_empty() {
                true => request.get().await,
                false => request.bearer(&token).get().await,
            }
        };
        let expected = json!(["unknown", "", "order:read", "none", false, why]);
        assert_eq!(record(call).await, expected);
    }
}
