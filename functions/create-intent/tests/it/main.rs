//! `create-intent` over a real socket, with a sandbox of Stripe and a database on a file behind it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod access;
mod contents;
mod currencies;
mod customers;
mod faults;
mod free;
mod future_usage;
mod items;
mod keys;
mod limits;
mod lines;
mod off_session;
mod operations;
mod payer;
mod saved_methods;
mod signed;
mod signs_in;
mod terms;

use serde_json::{Value, json};
use testing::{Answer, TestServer};

/// Ada sends an order that the site signed, with `changes` to its claims.
async fn post_signed(api: &TestServer, changes: &Value) -> Answer {
    let order = api.shop.order_token("ada", changes);
    let call = api.as_caller("ada");
    call.post(&json!({ "order": order })).await
}

/// The only intent there is.
#[track_caller]
fn only_intent(api: &TestServer) -> Value {
    let intents = api.shop.stripe.payment_intents();
    let [intent] = &intents[..] else {
        panic!("not exactly one intent: {intents:#?}")
    };
    intent.clone()
}

/// The only intent that is not canceled.
#[track_caller]
fn open_intent(api: &TestServer) -> Value {
    let intents = api.shop.stripe.payment_intents().into_iter();
    let open: Vec<Value> = intents.filter(|one| one["status"] != "canceled").collect();
    let [intent] = &open[..] else {
        panic!("not exactly one open intent: {open:#?}")
    };
    intent.clone()
}

/// A request for some mugs.
fn mugs(quantity: u32) -> Value {
    json!({ "items": [{ "price": "mug", "quantity": quantity }] })
}

/// A change of the order with `id` that holds one mug to stickers that cost as much.
fn stickers_for_a_mug(id: &str) -> Value {
    json!({ "orderId": id, "items": [{ "price": "sticker", "quantity": 5 }] })
}

/// The id of the order in an answer.
fn order_id(answer: &Answer) -> String {
    answer.body["orderId"]
        .as_str()
        .expect("an order's id")
        .to_owned()
}

/// The id of the intent in an answer.
fn intent_id(answer: &Answer) -> String {
    let secret = answer.body["clientSecret"]
        .as_str()
        .expect("a client secret");
    secret
        .split("_secret_")
        .next()
        .expect("a first part")
        .to_owned()
}
