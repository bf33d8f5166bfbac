//! `refund` over a real socket, with a sandbox of Stripe and a database on a file behind it: its
//! [`answers`], the [`limits`] of roles, Stripe's [`faults`] and the failures that it keeps under
//! an idempotency key ([`kept`]), payments that cannot be refunded to their source ([`elsewhere`]),
//! [`invoices`] of subscriptions, and several real [`processes`].
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod answers;
mod elsewhere;
mod faults;
mod invoices;
mod kept;
mod limits;
mod processes;

use refund::service;
use serde_json::{Value, json};
use testing::{Answer, Shop, TestServer};

/// The function over a shop with the paid order `o_1` of 15.00.
async fn with_order() -> TestServer {
    let api = TestServer::start(service).await;
    api.shop.paid_order("o_1", 1500, "usd").await;
    api
}

/// Fay, who may refund everything, posts `body` under the idempotency key `key`.
async fn post(api: &TestServer, key: &str, body: &Value) -> Answer {
    post_as(api, "admin", key, body).await
}

/// Fay posts `body` with one role.
async fn post_as(api: &TestServer, role: &str, key: &str, body: &Value) -> Answer {
    api.as_role("fay", role).key(key).post(body).await
}

/// Fay refunds `amount` of `o_1`.
async fn refund_part(api: &TestServer, key: &str, amount: i64) -> Answer {
    let body = json!({ "orderId": "o_1", "amount": amount });
    post(api, key, &body).await
}

/// The part of `o_1` that is neither refunded nor reserved.
async fn left(api: &TestServer) -> i64 {
    api.shop.order("o_1").await.left_to_refund()
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
