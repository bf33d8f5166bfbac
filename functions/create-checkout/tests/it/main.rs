//! `create-checkout` over a real socket, with a sandbox of Stripe and a database on a file behind
//! it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod both;
mod currencies;
mod faults;
mod first_invoice;
mod one_subscription;
mod options;
mod payer;
mod payment;
mod refresh;
mod sessions;
mod signed;
mod subscriptions;
mod terms;
mod totals;
mod urls;

use std::ops::Deref;

use create_checkout::service;
use serde_json::{Value, json};
use testing::{Answer, Client, Shop, TestServer};

/// The function, with `create-intent` and the webhook over the same shop.
struct Checkout {
    server: TestServer,
    intents: Client,
    webhook: Client,
}

impl Deref for Checkout {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.server
    }
}

impl Checkout {
    async fn start() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        Self {
            intents: Client::of(create_intent::service(shop.app())).await,
            webhook: Client::of(webhook::service(shop.app())).await,
            server: TestServer::over(shop, service).await,
        }
    }

    /// Ada sends `body` to `create-intent`, which takes no URLs.
    async fn post_intent(&self, key: &str, body: &Value) -> Answer {
        let mut body = body.clone();
        for name in ["successUrl", "cancelUrl"] {
            body.as_object_mut().unwrap().remove(name);
        }
        send(&self.shop, &self.intents, key, &body).await
    }

    /// Delivers all of Stripe's events to the webhook, each once, the oldest first; returns how
    /// many are quarantined.
    async fn deliver_all(&self) -> usize {
        for event in self.shop.stripe.events() {
            let answer = self.shop.deliver(&self.webhook, event.to_string()).await;
            let _ = answer.expect(200);
        }
        self.shop.store.quarantined().await.unwrap().len()
    }

    /// The status of the order in `answer`.
    async fn status(&self, answer: &Answer) -> &'static str {
        self.shop.status(&order_id(answer)).await
    }

    /// Pays `session` with a good card.
    #[track_caller]
    fn pay(&self, session: &str) {
        let paid = self.shop.stripe.pay_session(session, "pm_card_visa");
        paid.unwrap();
    }

    /// The ids of Stripe's sessions with this status.
    fn sessions(&self, status: &str) -> Vec<String> {
        let sessions = self.shop.stripe.checkout_sessions().into_iter();
        sessions
            .filter(|session| session["status"] == status)
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The id of the only open session there is.
    #[track_caller]
    fn only_open(&self) -> String {
        let [open] = &self.sessions("open")[..] else {
            panic!("{:#?}", self.shop.stripe.checkout_sessions())
        };
        open.clone()
    }

    /// The sum of all payments, in minor units.
    fn received(&self) -> i64 {
        let intents = self.shop.stripe.payment_intents().into_iter();
        intents
            .map(|intent| intent["amount_received"].as_i64().unwrap())
            .sum()
    }
}

/// Ada sends `body` to `client` under the idempotency key `key`.
async fn send(shop: &Shop, client: &Client, key: &str, body: &Value) -> Answer {
    let call = client.request().bearer(&shop.token("ada"));
    call.key(key).post(body).await
}

/// A request for some mugs.
fn mugs(quantity: u32) -> Value {
    json!({
        "items": [{ "price": "mug", "quantity": quantity }],
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart?a=b",
    })
}

/// A request that changes the order of `answer` to some mugs.
fn change(answer: &Answer, quantity: u32) -> Value {
    let mut body = mugs(quantity);
    body["orderId"] = order_id(answer).into();
    body
}

fn order_id(answer: &Answer) -> String {
    answer.body["orderId"].as_str().unwrap().to_owned()
}

fn intent_id(answer: &Answer) -> String {
    let secret = answer.body["clientSecret"].as_str().unwrap();
    secret.split("_secret_").next().unwrap().to_owned()
}

/// The id of the session in an answer.
fn session_id(answer: &Answer) -> String {
    let url = answer.body["url"].as_str().unwrap();
    url.rsplit('/').next().unwrap().to_owned()
}
