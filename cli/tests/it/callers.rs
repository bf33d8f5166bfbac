//! Access to `cargo dev` by `Host` and `Origin`, and its handling of large bodies.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};

use crate::process::Dev;

async fn post(dev: &Dev, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}{path}", dev.shop);
    dev.send(Method::POST, &url, headers, "").await
}

#[tokio::test]
async fn a_page_of_another_host_gets_no_token() {
    let dev = Dev::start();
    for path in ["/dev/session", "/dev/reconcile", "/api/create-intent", "/"] {
        let (status, answer) = post(&dev, path, &[("host", "evil.example")]).await;
        assert_eq!(status, 421, "{path}");
        assert_eq!(answer["error"]["code"], "host_not_allowed", "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_calls_nothing() {
    let dev = Dev::start();
    let own = dev.shop.as_str();
    let site = "http://localhost:3000";
    for (path, origin, expected) in [
        ("/dev/session", "https://evil.example", 403),
        ("/dev/session", "null", 403),
        ("/dev/session", site, 403),
        ("/dev/session", own, 200),
        ("/dev/reconcile", "https://evil.example", 403),
        ("/dev/reconcile", own, 200),
        ("/api/create-intent", "https://evil.example", 403),
        // A site on the same machine forwards its browser's requests; these lack a token.
        ("/api/create-intent", site, 401),
    ] {
        let (status, answer) = post(&dev, path, &[("origin", origin)]).await;
        assert_eq!(status, expected, "{path} from {origin}: {answer}");
    }
    let cross_site = [("sec-fetch-site", "cross-site")];
    assert_eq!(post(&dev, "/dev/session", &cross_site).await.0, 403);
    assert_eq!(post(&dev, "/dev/session", &[]).await.0, 200);
}

#[tokio::test]
async fn the_shop_controls_its_sandbox_and_no_other_page_does() {
    let dev = Dev::start();
    let url = format!("{}/_sandbox/webhooks/pause", dev.sandbox);
    for (origin, expected) in [
        (dev.shop.as_str(), 200),
        ("http://localhost:3000", 403),
        ("https://evil.example", 403),
    ] {
        let headers = [("origin", origin)];
        let (status, _) = dev.send(Method::POST, &url, &headers, "").await;
        assert_eq!(status, expected, "{origin}");
    }
}

#[tokio::test]
async fn an_unknown_route_gets_the_list_of_routes() {
    let dev = Dev::start();
    for path in ["/api/creat-intent", "/nowhere", "/dev/nowhere"] {
        let (status, answer) = post(&dev, path, &[]).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (404, &json!("not_found"))
        );
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("/api/create-intent"), "{message}");
        assert!(!message.contains(path), "it repeats nothing: {message}");
    }
}

#[tokio::test]
async fn a_body_of_a_megabyte_delays_nobody() {
    let dev = Dev::start();
    let url = format!("{}/api/webhooks/stripe", dev.shop);
    let body = json!({ "type": "large", "text": "a".repeat(1_000_000) }).to_string();
    let started = Instant::now();

    let (status, _) = dev.send(Method::POST, &url, &[], body).await;

    assert_eq!(status, 400, "it is not signed");
    let rows = Value::from(dev.rows_until(&["large"]).await).to_string();
    assert!(
        rows.contains("bytes exceed the limit"),
        "it says why it shows nothing"
    );
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}
