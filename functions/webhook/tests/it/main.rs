//! `webhook` over a real socket, with events that a sandbox of Stripe signed.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod answers;
mod attempts;
mod delivers;
mod disputes;
mod effects;
mod eventbridge;
mod lambda;
mod lateness;
mod processes;
mod reversals;
mod rotation;
mod start;
mod subscription_storm;
mod subscriptions;
mod thin;

use hyper::{Method, body::Bytes};
use serde_json::{Value, json};
use testing::{Answer, Shop, TestServer};

/// Delivers `event`, signed now.
async fn deliver(api: &TestServer, event: &Value) -> Answer {
    api.shop.deliver(&api.client, event.to_string()).await
}

/// Sends `body` with `signature`, whatever that is.
async fn send(api: &TestServer, signature: &str, body: Vec<u8>) -> Answer {
    let call = api.client.request().header("stripe-signature", signature);
    call.send(Method::POST, Bytes::from(body)).await
}

/// Opens the order `id` and pays it; returns the event of that, which was not delivered.
async fn paid(shop: &Shop, id: &str) -> Value {
    let intent = shop.open_order(id).await;
    let confirmed = shop.stripe.confirm(&intent, "pm_card_visa").await;
    confirmed.unwrap();
    event(shop, "payment_intent.succeeded")
}

/// The latest event of type `kind` that Stripe made.
fn event(shop: &Shop, kind: &str) -> Value {
    let events = shop.stripe.events();
    let found = events.into_iter().rfind(|event| event["type"] == kind);
    found.unwrap_or_else(|| panic!("there is no {kind}"))
}

/// An event of type `kind` about no order.
fn foreign(id: &str, kind: &str) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "created": 1, "livemode": false,
        "data": { "object": { "id": "cus_1", "object": "customer" } } })
}
