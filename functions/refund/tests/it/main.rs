//! `refund` over a real socket, with a sandbox of Stripe and a database on a file behind it: what
//! it [`answers`], what roles let it do ([`limits`]), how Stripe fails ([`faults`]) and keeps its
//! failures ([`kept`]), what cannot go back to where it came from ([`elsewhere`]), and several real
//! [`processes`].
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod answers;
mod elsewhere;
mod faults;
mod kept;
mod limits;
mod processes;

use refund::service;
use serde_json::{Value, json};
use testing::{Answer, Client, Shop};

/// The function, as a caller meets it.
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

    /// With the paid order `o_1` of 15.00.
    async fn with_order() -> Self {
        let api = Self::start().await;
        api.shop.paid_order("o_1", 1500, "usd").await;
        api
    }

    /// Fay, who may refund everything, sends `body` as the operation `key`.
    async fn post(&self, key: &str, body: &Value) -> Answer {
        self.post_as("admin", key, body).await
    }

    /// Fay sends `body` with one role.
    async fn post_as(&self, role: &str, key: &str, body: &Value) -> Answer {
        let token = self.shop.token_of("fay", &[role]);
        let call = self.client.request().bearer(&token);
        call.key(key).post(body).await
    }

    /// Fay refunds so much of `o_1`.
    async fn refund(&self, key: &str, amount: i64) -> Answer {
        let body = json!({ "orderId": "o_1", "amount": amount });
        self.post(key, &body).await
    }

    /// The amounts of Stripe's refunds, in ascending order.
    fn refunds(&self) -> Vec<i64> {
        amounts(&self.shop)
    }

    async fn left(&self) -> i64 {
        self.shop.order("o_1").await.left_to_refund()
    }
}

/// The amounts of Stripe's refunds, in ascending order.
fn amounts(shop: &Shop) -> Vec<i64> {
    let refunds = shop.stripe.refunds();
    let amounts = refunds.iter().map(|one| one["amount"].as_i64().unwrap());
    let mut amounts: Vec<i64> = amounts.collect();
    amounts.sort_unstable();
    amounts
}

/// All of what is left of `o_1`.
fn rest() -> Value {
    json!({ "orderId": "o_1" })
}
