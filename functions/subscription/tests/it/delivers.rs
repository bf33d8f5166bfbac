//! On Vercel a change notifies the site within its request, and nothing depends on that.

use serde_json::json;
use testing::{Endpoint, Shop};

use super::Saas;

/// The function as on Vercel, and the site's endpoint.
async fn open() -> (Saas, Endpoint) {
    open_where(true).await
}

async fn open_where(delivers_in_requests: bool) -> (Saas, Endpoint) {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let changes = [("FAREBOX_NOTIFY_URL", endpoint.url())];
    let mut shop = Shop::open_with(&changes).await;
    shop.config.delivers_in_requests = delivers_in_requests;
    (Saas::over(shop).await, endpoint)
}

/// The types of what the site received, sorted.
fn received(endpoint: &Endpoint) -> Vec<String> {
    let received = endpoint.received().into_iter();
    let kinds = received.map(|one| one.body["type"].as_str().unwrap().to_owned());
    let mut kinds: Vec<String> = kinds.collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn the_site_knows_of_a_change_before_the_caller_has_the_answer() {
    let (saas, endpoint) = open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let up = json!({ "id": id, "change": { "price": "pro" } });

    let _ = saas.change("ada", "1", &up).await.expect(200);

    // The first three were due since she subscribed.
    let all = [
        "entitlements.changed",
        "invoice.paid",
        "subscription.started",
        "entitlements.changed",
        "invoice.paid",
        "subscription.changed",
    ];
    let mut all = all.map(str::to_owned);
    all.sort();
    assert_eq!(received(&endpoint), all);
    let _ = saas.change("ada", "1", &up).await.expect(200);
    assert_eq!(received(&endpoint), all, "sent again, it delivers nothing");
    assert!(saas.shop().outbox().await.is_empty());
}

#[tokio::test]
async fn a_refresh_delivers_what_it_finds_and_a_plain_read_nothing() {
    let (saas, endpoint) = open().await;
    let _ = saas.subscribe("ada", &saas.basic).await;

    let _ = saas.read("ada", "").await.expect(200);
    assert!(endpoint.received().is_empty());
    let _ = saas.read("ada", "refresh=true").await.expect(200);

    assert!(received(&endpoint).contains(&"subscription.started".to_owned()));
    assert!(saas.shop().outbox().await.is_empty());
}

#[tokio::test]
async fn a_site_that_nobody_reaches_changes_no_answer() {
    let (saas, endpoint) = open().await;
    drop(endpoint);
    let id = saas.subscribed("ada", &saas.basic).await;
    let up = json!({ "id": id, "change": { "price": "pro" } });

    let answer = saas.change("ada", "1", &up).await.expect(200).body;

    assert_eq!(answer["subscription"]["items"][0]["lookupKey"], "pro");
    let waiting = saas.shop().notifications().await;
    assert!(
        waiting.contains(&"subscription.changed".to_owned()),
        "{waiting:?}"
    );
}

#[tokio::test]
async fn elsewhere_a_change_delivers_nothing() {
    let (saas, endpoint) = open_where(false).await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let up = json!({ "id": id, "change": { "price": "pro" } });

    let _ = saas.change("ada", "1", &up).await.expect(200);

    assert!(endpoint.received().is_empty());
}
