//! `refresh=true`: looks at Stripe before the answer.

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::json;
use testing::Shop;

use super::Saas;

#[tokio::test]
async fn a_refresh_finds_a_subscription_of_which_no_event_arrived() {
    let saas = Saas::open().await;
    let id = saas.subscribe("ada", &saas.pro).await;
    let before = saas.read("ada", "").await.expect(200).body;
    assert_eq!(before["subscriptions"], json!([]));

    let answer = saas.read("ada", "refresh=true").await.expect(200).body;

    assert_eq!(answer["subscriptions"][0]["id"], json!(id));
    assert_eq!(answer["active"], true);
    let notified = saas.shop().notifications().await;
    assert!(
        notified.contains(&"subscription.started".to_owned()),
        "{notified:?}"
    );
}

#[tokio::test]
async fn a_refresh_sees_a_change_and_an_end_of_which_no_event_arrived() {
    let saas = Saas::over(Shop::open().await.at_fixed_time()).await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let stripe = &saas.shop().stripe;
    stripe
        .change_subscription(&id, json!({ "cancel_at_period_end": "true" }))
        .unwrap();

    let changed = saas.read("ada", "refresh=true").await.expect(200).body;
    stripe.cancel_subscription(&id).unwrap();
    saas.shop().clock.advance(2);
    let ended = saas.read("ada", "refresh=true&view=access").await;

    assert_eq!(changed["subscriptions"][0]["cancelAtPeriodEnd"], true);
    assert_eq!(ended.expect(200).body["active"], false);
}

#[tokio::test]
async fn farebox_looks_once_in_two_seconds_for_each_caller() {
    let saas = Saas::over(Shop::open().await.at_fixed_time()).await;
    saas.subscribed("ada", &saas.pro).await;
    let asked = saas.asked();
    let _ = saas.read("ada", "refresh=true").await.expect(200);
    let of_one = saas.asked() - asked;
    assert!(of_one > 0);

    let more = (0..4).map(|_| saas.read("ada", "refresh=true"));
    for answer in join_all(more).await {
        assert_eq!(answer.expect(200).body["active"], true);
    }
    assert_eq!(saas.asked() - asked, of_one);
    saas.shop().clock.advance(2);
    let _ = saas.read("ada", "refresh=true").await.expect(200);
    assert_eq!(saas.asked() - asked, 2 * of_one);
}

#[tokio::test]
async fn without_an_answer_of_stripe_the_copies_are_returned_with_their_age() {
    let saas = Saas::over(Shop::open().await.at_fixed_time()).await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let written_at = saas.shop().clock.now();
    saas.shop().clock.advance(3600);
    saas.shop().stripe.inject(Fault::error().times(1000));

    let answer = saas.read("ada", "refresh=true").await.expect(200).body;

    assert_eq!(answer["subscriptions"][0]["id"], json!(id));
    assert_eq!(answer["subscriptions"][0]["checkedAt"], json!(written_at));
    assert_eq!(answer["checkedAt"], json!(written_at));
    saas.shop().stripe.clear_faults();
    saas.shop().clock.advance(2);
    let answer = saas.read("ada", "refresh=true").await.expect(200).body;
    let now = saas.shop().clock.now();
    assert_eq!(answer["subscriptions"][0]["checkedAt"], json!(now));
    assert_eq!(answer["checkedAt"], json!(now));
}
