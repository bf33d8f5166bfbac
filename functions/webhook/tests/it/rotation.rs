//! Keys are rolled in Secrets Manager while payments and events come in: nothing fails and nothing
//! is lost, and forged events cannot drive the readings.

use std::time::Duration;

use futures_util::{StreamExt as _, future::join_all};
use serde_json::{Value, json};
use shared::stripe::Stripe;
use testing::{Answer, Client, Log, NOW, Outage, SecretsManager, Shop, TestServer, pass};
use webhook::FUNCTION;
use webhook::service;

use crate::{deliver, foreign, paid, send};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// `webhook` with its keys in Secrets Manager, at a fixed time of day.
async fn start() -> (TestServer, SecretsManager) {
    let mut shop = Shop::open().await.at_fixed_time();
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    (TestServer::over(shop, service).await, manager)
}

/// The keys of a shop, but for those in `changes`.
fn bundle(changes: &Value) -> Value {
    let mut bundle = Shop::bundle();
    for (name, value) in changes.as_object().unwrap() {
        bundle[name] = value.clone();
    }
    bundle
}

/// Delivers an event that `secret` signed.
async fn deliver_by(api: &TestServer, secret: &str, event: &Value) -> Answer {
    let body = event.to_string().into_bytes();
    let signature = sandbox::sign(&body, secret, NOW.unsigned_abs());
    send(api, &signature, body).await
}

#[tokio::test]
async fn an_event_under_a_secret_that_came_since_is_taken_at_once() {
    let (api, manager) = start().await;
    let event = |id: &str| foreign(id, "customer.created");
    let _ = deliver(&api, &event("evt_1")).await.expect(200);
    manager.put(&bundle(&json!({ "STRIPE_WEBHOOK_SECRET": "whsec_next" })));

    let _ = deliver_by(&api, "whsec_next", &event("evt_2"))
        .await
        .expect(200);

    assert_eq!(manager.readings(), 2);
    let old = deliver(&api, &event("evt_3")).await;
    assert_eq!(old.code(400), "bad_signature", "the old one counts no more");
}

#[tokio::test]
async fn a_flood_of_forged_events_makes_one_reading_in_ten_seconds() {
    let (api, manager) = start().await;
    let _ = deliver(&api, &foreign("evt_1", "a.b")).await.expect(200);
    let event = foreign("evt_2", "a.b");
    let flood = || join_all((0..200).map(|_| deliver_by(&api, "whsec_forged", &event)));

    for answer in flood().await {
        assert_eq!(answer.code(400), "bad_signature");
    }
    pass(5 * SECOND).await;
    flood().await;
    assert_eq!(
        manager.readings(),
        2,
        "the first one, and one for the flood"
    );
    pass(6 * SECOND).await;
    flood().await;
    assert_eq!(manager.readings(), 3);
}

#[tokio::test]
async fn what_is_malformed_or_stale_makes_no_reading() {
    let (api, manager) = start().await;
    let _ = deliver(&api, &foreign("evt_1", "a.b")).await.expect(200);
    let body = foreign("evt_2", "a.b").to_string().into_bytes();
    let at = |time: i64| sandbox::sign(&body, "whsec_forged", time.unsigned_abs());
    for signature in ["", "t=1", "bad_header", &at(NOW - 301), &at(NOW + 301)] {
        let answer = send(&api, signature, body.clone()).await;
        assert_eq!(answer.code(400), "bad_signature");
    }
    assert_eq!(manager.readings(), 1, "the first one");
}

#[tokio::test]
async fn events_are_taken_through_an_outage_and_503_when_it_is_too_long() {
    let (api, manager) = start().await;
    let paid = paid(&api.shop, "o_1").await;
    let _ = deliver(&api, &foreign("evt_1", "a.b")).await.expect(200);
    manager.fail(Outage::Failing);
    pass(19 * MINUTE).await;

    let _ = deliver(&api, &paid).await.expect(200);
    assert_eq!(api.shop.status("o_1").await, "paid");

    pass(2 * MINUTE).await;
    let late = foreign("evt_2", "a.b");
    assert_eq!(deliver(&api, &late).await.code(503), "unavailable");
    manager.recover();
    pass(6 * SECOND).await;
    let _ = deliver(&api, &late).await.expect(200);
}

#[tokio::test]
async fn what_a_flood_delays_is_taken_when_stripe_sends_it_again() {
    let (api, manager) = start().await;
    let event = foreign("evt_1", "a.b");
    let _ = deliver_by(&api, "whsec_forged", &event).await.code(400);
    manager.put(&bundle(&json!({ "STRIPE_WEBHOOK_SECRET": "whsec_next" })));

    let first = deliver_by(&api, "whsec_next", &event).await;
    assert_eq!(first.code(400), "bad_signature");
    pass(10 * SECOND).await;

    let _ = deliver_by(&api, "whsec_next", &event).await.expect(200);
}

/// The two functions of a payment, each with the keys that it needs, and Stripe, which delivers by
/// itself.
struct Load {
    api: TestServer,
    payments: Client,
    manager: SecretsManager,
}

impl Load {
    async fn start() -> Self {
        // All shoppers are one caller.
        let mut shop = Shop::open_with(&[("FAREBOX_LIMIT_CALLER", "off")]).await;
        let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
        let config = shop.config_of(create_intent::FUNCTION.settings);
        let stripe = Stripe::new(&config.stripe, config.secrets.clone());
        let (store, clock) = (shop.store.clone(), shop.clock.clone());
        let app = shared::App::new(&config, stripe, store, clock);
        let payments = Client::of(create_intent::service(app)).await;
        let api = TestServer::over(shop, service).await;
        api.shop.subscribe(&api.client);
        Self {
            api,
            payments,
            manager,
        }
    }

    /// A shopper pays; gives the order's id.
    async fn pay(&self, shopper: usize) -> String {
        let token = self.api.shop.token("ada");
        let body = json!({ "items": [{ "price": "mug", "quantity": 1 }] });
        let call = self.payments.request().bearer(&token);
        let answer = call.key(&format!("k{shopper}")).post(&body).await;
        let started = answer.expect(200).body;
        let secret = started["clientSecret"].as_str().unwrap();
        let intent = secret.split("_secret_").next().unwrap();
        let stripe = &self.api.shop.stripe;
        stripe.confirm(intent, "pm_card_visa").await.unwrap();
        started["orderId"].as_str().unwrap().to_owned()
    }

    /// The webhook's secret is rolled: from here on Stripe signs by the next one alone.
    fn roll_webhook_secret(&self) {
        let next = json!({ "STRIPE_WEBHOOK_SECRET": "whsec_next" });
        self.manager.put(&bundle(&next));
        self.api.shop.stripe.set_webhook_secrets(&["whsec_next"]);
    }

    /// The API key is rolled: from here on Stripe does not take the old one.
    fn roll_api_key(&self) {
        let next = json!({
            "STRIPE_WEBHOOK_SECRET": "whsec_next", "STRIPE_SECRET_KEY": "rk_test_next",
        });
        self.manager.put(&bundle(&next));
        self.api.shop.stripe.expire_key(Shop::SECRET_KEY);
    }
}

#[tokio::test]
async fn nothing_fails_and_nothing_is_lost_while_both_keys_are_rolled_under_load() {
    const SHOPPERS: usize = 90;
    let (log, _guard) = Log::start();
    let load = Load::start().await;

    let shoppers = futures_util::stream::iter(0..SHOPPERS).map(|shopper| {
        match shopper {
            30 => load.roll_webhook_secret(),
            60 => load.roll_api_key(),
            _ => {}
        }
        load.pay(shopper)
    });
    let orders: Vec<String> = shoppers.buffer_unordered(8).collect().await;
    load.api.shop.stripe.delivered_all().await;

    for order in &orders {
        assert_eq!(load.api.shop.status(order).await, "paid");
    }
    assert_eq!(load.api.shop.outbox().await.len(), SHOPPERS);
    let refused = |r: &sandbox::RecordedRequest| r.status == Some(401);
    assert!(load.api.shop.stripe.requests().iter().any(refused));
    let readings = load.manager.readings();
    assert_eq!(
        readings, 5,
        "each function at its start and for the API key, the webhook also for its own"
    );
    let (text, answers) = (log.text(), load.api.shop.stripe.deliveries());
    assert!(answers.iter().all(|delivery| delivery.status == Some(200)));
    for secret in [
        Shop::SECRET_KEY,
        Shop::WEBHOOK_SECRET,
        Shop::SITE_KEY,
        "rk_test_",
        "whsec_",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}
