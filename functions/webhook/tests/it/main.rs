//! `webhook` over a real socket, with events that a sandbox of Stripe signed.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod answers;
mod attempts;
mod disputes;
mod effects;
mod eventbridge;
mod lambda;
mod processes;
mod rotation;
mod start;
mod thin;

use hyper::{Method, body::Bytes};
use serde_json::{Value, json};
use shared::{order::Status, store::OutboxMessage};
use testing::{Answer, Client, Shop};
use webhook::service;

/// The function, as Stripe meets it.
struct Api {
    shop: Shop,
    client: Client,
}

impl Api {
    async fn start() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let app = shop.app();
        let client = Client::of(service(app)).await;
        Self { shop, client }
    }

    /// Delivers `event`, signed now.
    async fn deliver(&self, event: &Value) -> Answer {
        self.deliver_bytes(event.to_string().into_bytes()).await
    }

    async fn deliver_bytes(&self, body: Vec<u8>) -> Answer {
        let now = u64::try_from(self.shop.clock.now()).unwrap();
        let signature = sandbox::sign(&body, Shop::WEBHOOK_SECRET, now);
        self.send(&signature, body).await
    }

    /// Delivers `body` with whatever is in `signature`.
    async fn send(&self, signature: &str, body: Vec<u8>) -> Answer {
        let call = self.client.request().header("stripe-signature", signature);
        call.send(Method::POST, Bytes::from(body)).await
    }

    async fn status(&self, id: &str) -> Status {
        self.shop.order(id).await.status()
    }
}

/// Opens an order of 15.00; gives its intent's id.
async fn order(shop: &Shop, id: &str) -> String {
    shop.open_order(id).await
}

/// Opens the order `id` and pays it; gives the event that tells of it, which was not delivered.
async fn paid(shop: &Shop, id: &str) -> Value {
    let intent = order(shop, id).await;
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

/// What is in the outbox.
async fn outbox(shop: &Shop) -> Vec<OutboxMessage> {
    shop.store.lease_due(i64::MAX / 2, 1, 10_000).await.unwrap()
}

/// The types of the messages in the outbox.
async fn told(shop: &Shop) -> Vec<String> {
    outbox(shop)
        .await
        .into_iter()
        .map(|letter| letter.message.kind)
        .collect()
}
