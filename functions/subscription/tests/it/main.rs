//! `subscription` over a real socket, with a sandbox of Stripe and a database on a file behind it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod changes;
mod delivers;
mod one_product;
mod previews;
mod reads;
mod refresh;

use serde_json::{Value, json};
use shared::subscription::Reason;
use subscription::service;
use testing::{Answer, Shop, TestServer};

/// The function over a shop with the plans `basic` and `pro`, and its subscribers.
struct Saas {
    api: TestServer,
    basic: String,
    pro: String,
}

impl Saas {
    async fn open() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let (basic, pro) = (
            shop.plan("basic", 900, "month"),
            shop.plan("pro", 1900, "month"),
        );
        let api = TestServer::over(shop, service).await;
        Self { api, basic, pro }
    }

    fn shop(&self) -> &Shop {
        &self.api.shop
    }

    /// Subscribes `caller`, whose card is good, to `price` at Stripe; returns the subscription's
    /// id. The database has no copy yet.
    async fn subscribe(&self, caller: &str, price: &str) -> String {
        let customer = self.shop().subscriber(caller, None, "pm_card_visa").await;
        let shop = self.shop();
        shop.subscribe_customer(&customer, price, &json!({}))
    }

    /// Subscribes `caller` to `price`, and stores the copy, as an event would.
    async fn subscribed(&self, caller: &str, price: &str) -> String {
        let id = self.subscribe(caller, price).await;
        self.look(&id).await;
        id
    }

    async fn look(&self, id: &str) {
        let service = self.shop().app().subscriptions;
        let _ = service.look(id, &Reason::Event).await.unwrap();
    }

    /// `caller`, a customer, reads with `query`.
    async fn read(&self, caller: &str, query: &str) -> Answer {
        self.read_as("customer", caller, query).await
    }

    async fn read_as(&self, role: &str, caller: &str, query: &str) -> Answer {
        let path = format!("/?{query}");
        self.api.as_role(caller, role).path(&path).get().await
    }

    /// The number of requests that Stripe received.
    fn asked(&self) -> usize {
        self.shop().stripe.requests().len()
    }
}

/// The message of an error with status 400.
fn message(answer: Answer) -> String {
    let body = answer.expect(400).body;
    text(&body["error"]["message"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
