//! The API key is rolled in Secrets Manager, or cannot be read.

use std::time::Duration;

use create_intent::FUNCTION;
use create_intent::service;
use serde_json::json;
use testing::{Outage, SecretsManager, Shop, TestServer, pass};

use crate::mugs;

const MINUTE: Duration = Duration::from_secs(60);

async fn api() -> (TestServer, SecretsManager) {
    let mut shop = Shop::open().await;
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    (TestServer::over(shop, service).await, manager)
}

fn roll(manager: &SecretsManager) {
    let mut bundle = Shop::bundle();
    bundle["STRIPE_SECRET_KEY"] = json!("rk_test_next");
    manager.put(&bundle);
}

#[tokio::test]
async fn a_key_that_came_since_is_used_for_the_same_operation() {
    let (api, manager) = api().await;
    let _ = api.post("k1", &mugs(1)).await.expect(200);
    let before = api.shop.stripe.requests().len();
    roll(&manager);
    api.shop.stripe.expire_key(Shop::SECRET_KEY);

    let _ = api.post("k2", &mugs(1)).await.expect(200);

    assert_eq!(manager.readings(), 2);
    assert_eq!(api.shop.stripe.payment_intents().len(), 2);
    let sent = &api.shop.stripe.requests()[before..];
    let [refused, repeated] = sent else {
        panic!("not exactly two requests: {sent:?}")
    };
    assert_eq!((refused.status, repeated.status), (Some(401), Some(200)));
    assert!(refused.idempotency_key.is_some());
    assert_eq!(refused.idempotency_key, repeated.idempotency_key);
}

#[tokio::test]
async fn a_key_that_was_not_replaced_is_503_and_makes_one_reading_in_ten_seconds() {
    let (api, manager) = api().await;
    let _ = api.post("k1", &mugs(1)).await.expect(200);
    api.shop.stripe.expire_key(Shop::SECRET_KEY);
    let before = api.shop.stripe.requests().len();

    for _ in 0..5 {
        assert_eq!(api.post("k2", &mugs(1)).await.code(503), "unavailable");
    }

    assert_eq!(manager.readings(), 2);
    let tried = api.shop.stripe.requests().len() - before;
    assert_eq!(tried, 5, "with no other key it is not tried again");
    roll(&manager);
    pass(Duration::from_secs(10)).await;
    let _ = api.post("k2", &mugs(1)).await.expect(200);
}

#[tokio::test]
async fn payments_go_on_through_an_outage_and_are_503_when_it_is_too_long() {
    let (api, manager) = api().await;
    let _ = api.post("k1", &mugs(1)).await.expect(200);
    manager.fail(Outage::Failing);

    pass(19 * MINUTE).await;
    let _ = api.post("k2", &mugs(1)).await.expect(200);
    pass(2 * MINUTE).await;
    let token = api.shop.token("ada");
    let call = api.client.request().bearer(&token).key("k3");
    let refused = call.post(&mugs(1)).await;

    assert_eq!(refused.headers["retry-after"], "2");
    assert!(!refused.body.to_string().contains(SecretsManager::ID));
    assert_eq!(refused.code(503), "unavailable");
    manager.recover();
    pass(Duration::from_secs(6)).await;
    let _ = api.post("k3", &mugs(1)).await.expect(200);
}
