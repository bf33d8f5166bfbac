//! Stripe is down, loses answers, or refuses; the site's endpoint is another matter.

use sandbox::Fault;
use serde_json::json;
use shared::Clock;
use testing::{Endpoint, NOW, Shop};

use crate::{EVENTS, METERS, Metered, event, statuses};

/// A shop whose clock a test moves.
async fn later() -> Metered {
    let mut shop = Shop::open().await;
    shop.clock = Clock::fixed(Clock::default().now());
    Metered::over(shop).await
}

#[tokio::test]
async fn usage_waits_in_the_outbox_while_stripe_is_down_and_is_counted_once_after() {
    let it = later().await;
    for (method, path) in [("POST", EVENTS), ("GET", METERS)] {
        let down = Fault::bad_gateway().on(method, path).times(0);
        it.shop().stripe.inject(down);
    }

    let answer = it.report(&json!([event("ada", 3, "a-1")])).await;

    assert_eq!(statuses(&answer.expect(200)), ["accepted"]);
    assert_eq!(it.of_ada(), 0.0);
    it.shop().clock.advance(60);
    let report = it.notify().await;
    assert_eq!((report.delivered, report.delayed), (0, 1), "{report:?}");
    it.shop().stripe.clear_faults();
    it.shop().clock.advance(3_600);
    let report = it.notify().await;
    assert_eq!(report.delivered, 1, "{report:?}");
    assert_eq!(it.of_ada(), 3.0);
}

#[tokio::test]
async fn an_answer_that_gets_lost_counts_nothing_twice() {
    let it = later().await;
    it.shop()
        .stripe
        .inject(Fault::lost_answer().on("POST", EVENTS).times(0));
    let batch = json!([event("ada", 3, "a-1")]);
    let answer = it.report(&batch).await.expect(200);
    assert_eq!(statuses(&answer), ["accepted"]);
    assert_eq!(it.of_ada(), 3.0, "Stripe has it");

    it.shop().stripe.clear_faults();
    it.shop().stripe.forget_idempotency_keys();
    it.shop().clock.advance(3_600);
    let report = it.notify().await;

    assert_eq!(
        (report.delivered, it.of_ada()),
        (1, 3.0),
        "Stripe knows the identifier: {report:?}"
    );
}

#[tokio::test]
async fn usage_goes_to_stripe_and_never_to_the_sites_endpoint() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let changes = [("FAREBOX_NOTIFY_URL", endpoint.url())];
    let mut shop = Shop::open_with(&changes).await;
    shop.clock = Clock::fixed(Clock::default().now());
    let it = Metered::over(shop).await;
    it.shop()
        .stripe
        .inject(Fault::bad_gateway().on("POST", EVENTS).times(0));
    let _ = it.report(&json!([event("ada", 3, "a-1")])).await;
    it.shop().stripe.clear_faults();

    it.shop().clock.advance(3_600);
    let report = it.notify().await;

    assert_eq!((report.delivered, it.of_ada()), (1, 3.0), "{report:?}");
    assert!(endpoint.received().is_empty());
}

#[tokio::test]
async fn a_meter_that_is_deactivated_later_makes_a_dead_letter_in_the_end() {
    let it = later().await;
    it.shop()
        .stripe
        .inject(Fault::bad_gateway().on("POST", EVENTS).times(0));
    let _ = it.report(&json!([event("ada", 3, "a-1")])).await;
    it.shop().stripe.clear_faults();
    let meter = it.meter.clone();
    let _ = it.shop().stripe.deactivate_meter(&meter).unwrap();

    for _ in 0..100 {
        it.shop().clock.advance(6 * 3_600);
        let _ = it.notify().await;
    }

    let dead = it.shop().store.dead_letters().await.unwrap();
    let [dead] = dead.as_slice() else {
        panic!("not one dead letter: {dead:?}")
    };
    let error = dead.error.clone().unwrap();
    assert!(error.contains("Stripe did not take the usage"), "{error}");
    assert_eq!(it.of_ada(), 0.0);
}

#[tokio::test]
async fn a_key_that_reads_no_meters_reports_usage_all_the_same() {
    let it = Metered::open().await;
    let refused = Fault::restricted().on("GET", METERS).times(0);
    it.shop().stripe.inject(refused);

    let answer = it.report(&json!([event("ada", 3, "a-1")])).await;

    assert_eq!(statuses(&answer.expect(200)), ["delivered"]);
    assert_eq!(it.of_ada(), 3.0);
}

#[tokio::test]
async fn two_shops_on_one_account_may_use_the_same_identifier() {
    let one = Metered::open().await;
    let other = one.shop().open_beside().await;
    let theirs = other.subscriber("eve", None, "pm_card_visa").await;
    let api = testing::TestServer::over(other, usage::service).await;
    let batch = |caller: &str| json!({ "events": [event(caller, 3, "a-1")] });

    let mine = one.api.as_role("site", "server").post(&batch("ada")).await;
    let other = api.as_role("site", "server").post(&batch("eve")).await;

    assert_eq!(statuses(&mine.expect(200)), ["delivered"]);
    assert_eq!(statuses(&other.expect(200)), ["delivered"]);
    assert_eq!(one.of_ada(), 3.0);
    assert_eq!(one.shop().stripe.usage(&one.meter, &theirs), 3.0);
}

#[tokio::test]
async fn while_the_database_fails_nothing_is_sent() {
    let shop = Shop::open().await.at_fixed_time();
    assert_eq!(shop.clock.now(), NOW);
    let it = Metered::over(shop).await;
    let file = rusqlite::Connection::open(it.shop().folder().join("farebox.sqlite")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER broken BEFORE INSERT ON outbox WHEN NEW.body LIKE '%a-2%'
         BEGIN SELECT RAISE(ABORT, 'broken'); END",
    )
    .unwrap();

    let batch = json!([event("ada", 3, "a-1"), event("ada", 3, "a-2")]);
    let _ = it.report(&batch).await.expect(503);

    assert_eq!(it.sent(), 0);
    assert!(it.shop().outbox().await.is_empty(), "all or none");
}
