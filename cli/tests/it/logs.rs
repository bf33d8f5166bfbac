//! Logs at the finest level contain no key, token, client secret, signature or e-mail address.

use hyper::Method;
use serde_json::{Value, json};
use testing::Shop;

use crate::{
    payment::{confirm, start},
    process::Dev,
};

/// A request to create-intent that fails in its own way.
struct Refusal {
    headers: Vec<(&'static str, String)>,
    body: Value,
    status: u16,
}

fn refusals(token: &str) -> Vec<Refusal> {
    let bearer = || ("authorization", format!("Bearer {token}"));
    let key = |key: &str| ("idempotency-key", key.to_owned());
    let mugs = |quantity: u32| json!({ "items": [{ "price": "mug", "quantity": quantity }] });
    let case = |headers, body, status| Refusal {
        headers,
        body,
        status,
    };
    vec![
        case(vec![key("k")], mugs(1), 401),
        case(
            vec![("authorization", format!("Bearer {token}x"))],
            mugs(1),
            401,
        ),
        case(
            vec![("authorization", format!("Basic {}", Shop::SECRET_KEY))],
            mugs(1),
            401,
        ),
        case(vec![bearer()], mugs(1), 400),
        case(vec![bearer(), key("k1")], mugs(9), 409),
        case(
            vec![bearer(), key("k2")],
            json!({ "amount": 1, "email": "ada@example.com" }),
            400,
        ),
        case(
            vec![bearer(), key("k3")],
            json!({ "items": Shop::SECRET_KEY }),
            400,
        ),
        case(vec![bearer()], json!({ "order": token }), 400),
        case(
            vec![bearer(), key("k4")],
            json!({ "items": [{ "price": "nowhere", "quantity": 1 }] }),
            400,
        ),
    ]
}

/// Every secret that a log must not contain.
fn secrets(token: &str, started: &Value, signatures: &[String]) -> Vec<String> {
    let keys = [
        Shop::SECRET_KEY,
        Shop::SITE_KEY,
        Shop::WEBHOOK_SECRET,
        Shop::NOTIFY_SECRET,
        "ada@example.com",
        "demo-ada",
        "4242424242424242",
    ];
    let token_parts = token.split('.').skip(1);
    let v1 = signatures
        .iter()
        .filter_map(|signature| signature.split("v1=").nth(1));
    keys.into_iter()
        .chain(token_parts)
        .chain(v1)
        .map(str::to_owned)
        .chain(started["clientSecret"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn no_path_logs_a_secret_or_personal_data() {
    let dev = Dev::start();
    let token = dev.session().await;
    let started = start(&dev, "k1").await;
    let url = format!("{}/api/create-intent", dev.shop);
    for Refusal {
        headers,
        body,
        status,
    } in refusals(&token)
    {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let (answered, answer) = dev
            .send(Method::POST, &url, &headers, body.to_string())
            .await;
        assert_eq!(answered, status, "{body}: {answer}");
    }
    confirm(&dev, &started, "4000000000000002").await;
    confirm(&dev, &started, "4242424242424242").await;
    let signatures = deliver_events(&dev).await;
    orders(&dev, &token).await;
    stripe_fails(&dev, &token).await;
    dev.rows_until(&["order.paid"]).await;

    let (_, said) = dev.stop();
    // Output for people contains the prefixes of keys; a log line is JSON.
    let said: String = said.lines().filter(|line| line.starts_with('{')).collect();

    assert!(
        said.contains("processed an event") && said.contains("called Stripe"),
        "it was logged"
    );
    assert!(
        said.contains("\"request.id\":\"") && said.contains("stripe.request_id"),
        "with ids"
    );
    for secret in secrets(&token, &started, &signatures) {
        assert!(!said.contains(&secret), "{secret} was logged");
    }
    for mark in ["_secret_", "whsec_", "sk_test_", "Bearer ", "v1="] {
        assert!(!said.contains(mark), "{mark} was logged");
    }
}

/// Delivers valid, forged, foreign, unreadable and contradictory events; returns their signatures.
pub(crate) async fn deliver_events(dev: &Dev) -> Vec<String> {
    let url = format!("{}/api/webhooks/stripe", dev.shop);
    let now = u64::try_from(shared::Clock::default().now()).unwrap();
    let event = |kind: &str, object: Value| {
        json!({ "id": format!("evt_{kind}"), "object": "event", "type": kind, "created": 1,
            "livemode": false, "data": { "object": object } })
    };
    let theirs = json!({ "id": "pi_1", "amount": 1, "currency": "usd", "status": "succeeded",
        "metadata": { "farebox_order": "o_unknown" }, "receipt_email": "ada@example.com" });
    let events = [
        event("customer.created", json!({ "email": "ada@example.com" })),
        event("payment_intent.succeeded", theirs),
        event("payment_intent.payment_failed", json!("ada@example.com")),
    ];
    let mut signatures = Vec::new();
    for event in events {
        let body = event.to_string();
        for (secret, status) in [(Shop::WEBHOOK_SECRET, 200), ("whsec_forged", 400)] {
            let signature = sandbox::sign(body.as_bytes(), secret, now);
            let headers = [("stripe-signature", signature.as_str())];
            let (answered, _) = dev.send(Method::POST, &url, &headers, body.clone()).await;
            assert_eq!(answered, status);
            signatures.push(signature);
        }
    }
    signatures
}

/// Reads an order that does not exist, and one without an id.
async fn orders(dev: &Dev, token: &str) {
    let bearer = format!("Bearer {token}");
    for (query, status) in [("?id=o_1", 404), ("?id=ada@example.com", 400), ("", 400)] {
        let url = format!("{}/api/order{query}", dev.shop);
        let (answered, _) = dev
            .send(Method::GET, &url, &[("authorization", &bearer)], "")
            .await;
        assert_eq!(answered, status);
    }
}

/// Stripe rejects the key, quotes it, and then cuts the connection.
async fn stripe_fails(dev: &Dev, token: &str) {
    let bearer = format!("Bearer {token}");
    for (n, kind) in ["unauthorized", "restricted", "bad_gateway"]
        .into_iter()
        .enumerate()
    {
        let fault = json!({ "kind": kind, "method": "POST", "path_prefix": "/v1/payment_intents" });
        let url = format!("{}/_sandbox/faults", dev.sandbox);
        let json = [("content-type", "application/json")];
        let (status, answer) = dev.send(Method::POST, &url, &json, fault.to_string()).await;
        assert_eq!(status, 200, "{answer}");
        let key = format!("fault-{n}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", &key),
        ];
        let body = json!({ "items": [{ "price": "mug", "quantity": 1 }] }).to_string();
        let url = format!("{}/api/create-intent", dev.shop);
        let (status, _) = dev.send(Method::POST, &url, &headers, body).await;
        assert_eq!(status, if kind == "bad_gateway" { 200 } else { 503 });
    }
}
