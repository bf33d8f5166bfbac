//! What is made from the code is as the code is, and describes every route.

use std::{collections::BTreeMap, fs};

use dev::{interface, routes};
use serde_json::Value;
use testing::Shop;

use crate::layout::workspace;

#[test]
fn what_is_made_from_the_code_is_current() {
    for (name, text) in interface::files() {
        let committed = fs::read_to_string(workspace().join(name)).unwrap();
        assert!(
            committed == text,
            "{name} is old: run `cargo dev interface`"
        );
    }
}

#[tokio::test]
async fn every_route_is_described_at_its_path() {
    let shop = Shop::open().await;
    let routed: BTreeMap<&str, String> = routes::functions(&shop.config, &shop.ledger)
        .into_iter()
        .map(|function| (function.name, function.path.to_owned()))
        .collect();
    let described: BTreeMap<&str, String> = interface::described()
        .into_iter()
        .map(|(name, part)| (name, part.paths.paths.into_keys().collect()))
        .collect();
    assert_eq!(described, routed);
}

#[test]
fn every_operation_says_who_may_call_it_and_how_it_fails() {
    let document: Value = serde_json::from_str(&interface::document()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let scheme = match path.starts_with("/api/webhooks/") {
                true => "stripeSignature",
                false => "callerToken",
            };
            assert!(operation["security"][0][scheme].is_array(), "{path}");
            for status in ["200", "400", "500", "503"] {
                let answer = &operation["responses"][status];
                assert!(
                    answer["headers"]["X-Request-Id"].is_object(),
                    "{path} {status}"
                );
                assert!(
                    answer["content"]["application/json"]["example"].is_object(),
                    "{path} {status}"
                );
            }
            let busy = &operation["responses"]["503"]["headers"];
            assert!(busy["Retry-After"].is_object(), "{path}");
        }
    }
}

#[test]
fn a_body_may_hold_what_is_described_and_nothing_else() {
    let document: Value = serde_json::from_str(&interface::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    for name in ["CreateIntent", "Item", "RefundOrder"] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
}
