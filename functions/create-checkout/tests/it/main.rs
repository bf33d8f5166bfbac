//! `create-checkout` over a real socket, with a sandbox of Stripe and a database on a file behind
//! it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod both;
mod faults;
mod pages;
mod payment;
mod urls;

use create_checkout::service;
use serde_json::{Value, json};
use testing::{Answer, Client, Shop};

/// The function, and the other one that starts payments, as a caller meets them.
struct Api {
    shop: Shop,
    client: Client,
    intents: Client,
    webhook: Client,
}

impl Api {
    async fn start() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let parts = || {
            (
                shop.impatient_stripe(),
                shop.store.clone(),
                shop.clock.clone(),
            )
        };
        let (stripe, store, clock) = parts();
        let intents = shared::App::new(&shop.config, stripe, store, clock);
        let (stripe, store, clock) = parts();
        let webhook = shared::App::new(&shop.config, stripe, store, clock);
        let client = Self::client(&shop).await;
        Self {
            client,
            intents: Client::of(create_intent::service(intents)).await,
            webhook: Client::of(webhook::service(webhook)).await,
            shop,
        }
    }

    /// Another process of the same function.
    async fn client(shop: &Shop) -> Client {
        let (stripe, store) = (shop.impatient_stripe(), shop.store.clone());
        let app = shared::App::new(&shop.config, stripe, store, shop.clock.clone());
        Client::of(service(app)).await
    }

    /// Ada sends `body` as the operation `key`.
    async fn post(&self, key: &str, body: &Value) -> Answer {
        Self::send(&self.shop, &self.client, key, body).await
    }

    /// Ada sends `body` to `create-intent`, which takes no URLs.
    async fn post_intent(&self, key: &str, body: &Value) -> Answer {
        let mut body = body.clone();
        for name in ["successUrl", "cancelUrl"] {
            body.as_object_mut().unwrap().remove(name);
        }
        Self::send(&self.shop, &self.intents, key, &body).await
    }

    async fn send(shop: &Shop, client: &Client, key: &str, body: &Value) -> Answer {
        let token = shop.token("ada");
        client.request().bearer(&token).key(key).post(body).await
    }

    /// Sends all of Stripe's events to the webhook, as they are now, each once, the newest first;
    /// says how many were set aside.
    async fn hear_all(&self) -> usize {
        for event in self.shop.stripe.events() {
            let body = event.to_string();
            let now = u64::try_from(self.shop.clock.now()).unwrap();
            let signature = sandbox::sign(body.as_bytes(), Shop::WEBHOOK_SECRET, now);
            let call = self.webhook.request();
            let call = call.header("stripe-signature", &signature);
            let answer = call.send(hyper::Method::POST, body.into()).await;
            let _ = answer.expect(200);
        }
        self.shop.store.quarantined().await.unwrap().len()
    }

    /// The types of what the site is told.
    async fn told(&self) -> Vec<String> {
        let letters = self.shop.store.lease_due(i64::MAX / 2, 60, 100).await;
        let letters = letters.unwrap().into_iter();
        letters.map(|letter| letter.message.kind).collect()
    }

    async fn status(&self, answer: &Answer) -> &'static str {
        self.shop.order(&order_id(answer)).await.status().as_str()
    }

    /// Sessions at Stripe with this status.
    fn sessions(&self, status: &str) -> Vec<String> {
        let sessions = self.shop.stripe.checkout_sessions().into_iter();
        sessions
            .filter(|session| session["status"] == status)
            .map(|session| session["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The only open session there is.
    #[track_caller]
    fn only_open(&self) -> String {
        let [open] = &self.sessions("open")[..] else {
            panic!("{:#?}", self.shop.stripe.checkout_sessions())
        };
        open.clone()
    }

    /// What was taken in all, in minor units.
    fn taken(&self) -> i64 {
        let intents = self.shop.stripe.payment_intents().into_iter();
        intents
            .map(|intent| intent["amount_received"].as_i64().unwrap())
            .sum()
    }
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

/// The id of the page in an answer.
fn page_id(answer: &Answer) -> String {
    let url = answer.body["url"].as_str().unwrap();
    url.rsplit('/').next().unwrap().to_owned()
}
