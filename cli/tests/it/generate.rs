//! Generated files are current, and describe every route.

use std::fs;

use farebox::{functions::ROUTED, generate};
use serde_json::Value;

use crate::layout::workspace;

#[test]
fn generated_files_are_current() {
    for (name, text) in generate::files().unwrap() {
        let committed = fs::read_to_string(workspace().join(name)).unwrap();
        assert!(committed == text, "{name} is old: run `cargo dev generate`");
    }
}

#[test]
fn every_route_is_described_at_its_path() {
    for one in ROUTED {
        let path = one.function.path().unwrap();
        let described = (one.openapi)();
        let paths: Vec<&String> = described.paths.paths.keys().collect();
        assert_eq!(paths, [path], "{}", one.function.name);
        let item = &described.paths.paths[path];
        let operations = one.function.operations();
        for method in operations.iter().map(|operation| operation.method) {
            let operation = match method {
                "GET" => &item.get,
                "POST" => &item.post,
                other => panic!("{other}"),
            };
            assert!(operation.is_some(), "{}: {method}", one.function.name);
        }
        let described = [&item.get, &item.post].into_iter().flatten();
        assert_eq!(described.count(), operations.len(), "{}", one.function.name);
    }
}

#[test]
fn every_operation_says_who_may_call_it_and_how_it_fails() {
    let document: Value = serde_json::from_str(&generate::document()).unwrap();
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
fn a_body_with_an_undescribed_field_is_not_valid() {
    let document: Value = serde_json::from_str(&generate::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    for name in [
        "CreateCheckout",
        "CreateIntent",
        "Item",
        "OpenPortal",
        "RefundOrder",
    ] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
}
