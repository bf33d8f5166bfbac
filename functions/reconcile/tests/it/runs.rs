//! Runs that end early, fail, or meet each other; and events that are not as they should be.

use reconcile::{ReconcileError, Reconciler, RunLimits};
use sandbox::{Activity, Fault, Sandbox};
use serde_json::{Value, json};
use shared::{App, event::LISTED, store::Store};
use testing::{NOW, Shop};

use crate::{app, assert_all_paid_once, cursor, notifications, pay, shop, small};

#[tokio::test]
async fn a_run_that_ends_early_is_gone_on_with_until_nothing_is_left() {
    const ORDERS: usize = 24;
    let shop = shop().await;
    pay(&shop, ORDERS).await;
    let app = app(&shop).with_limits(small(2));

    let mut runs = 0;
    let mut events = 0;
    loop {
        let report = app.catch_up().await.unwrap();
        assert!(
            report.pages <= 3,
            "two of orders and one of subscriptions: {report:?}"
        );
        (runs, events) = (runs + 1, events + report.events);
        if report.complete {
            break;
        }
    }

    assert!(runs > 2, "{runs} runs");
    let made = shop.stripe.events().into_iter();
    let made = made.filter(|event| LISTED.contains(&event["type"].as_str().unwrap()));
    assert_eq!(events, made.count(), "each is listed in one run");
    assert_all_paid_once(&shop, ORDERS).await;
}

#[tokio::test]
async fn a_run_without_time_takes_a_few_events_all_the_same() {
    let shop = shop().await;
    pay(&shop, 40).await;
    let limits = RunLimits {
        page: 20,
        time: std::time::Duration::from_millis(1),
        ..RunLimits::default()
    };
    shop.stripe.inject(
        Fault::latency(std::time::Duration::from_millis(5))
            .on("GET", "/v1/events")
            .times(0),
    );

    let mut runs = 0;
    while !app(&shop)
        .with_limits(limits)
        .catch_up()
        .await
        .unwrap()
        .complete
    {
        runs += 1;
        assert!(runs < 30, "every run comes further");
    }

    assert!(runs > 1, "{runs}");
    assert_all_paid_once(&shop, 40).await;
}

/// Waits until Stripe was asked for events `times` times.
async fn listed(stripe: &Sandbox, times: usize) {
    let mut observed = stripe.observe();
    let mut seen = 0;
    while seen < times {
        if let Activity::Request(request) = observed.recv().await.unwrap() {
            seen += usize::from(request.path == "/v1/events");
        }
    }
}

#[tokio::test]
async fn a_run_that_is_killed_between_pages_loses_nothing() {
    const ORDERS: usize = 24;
    let shop = shop().await;
    pay(&shop, ORDERS).await;

    for pages in [1, 2, 1, 3] {
        let app = app(&shop).with_limits(RunLimits {
            page: 2,
            ..RunLimits::default()
        });
        tokio::select! {
            biased;
            () = listed(&shop.stripe, pages) => {}
            report = app.catch_up() => panic!("it was too fast: {report:?}"),
        }
    }
    let report = app(&shop).catch_up().await.unwrap();

    assert!(report.complete && report.applied > 0, "{report:?}");
    assert_all_paid_once(&shop, ORDERS).await;
}

#[tokio::test]
async fn while_stripe_fails_the_cursor_stays_where_it_was() {
    let shop = shop().await;
    pay(&shop, 6).await;
    let app = app(&shop).with_limits(small(1));
    assert!(!app.catch_up().await.unwrap().complete);
    let before = cursor(&shop).await;

    for fault in [Fault::error(), Fault::truncated(), Fault::unauthorized()] {
        shop.stripe.inject(fault.on("GET", "/v1/events").times(0));
        let failed = app.catch_up().await.unwrap_err();
        assert!(matches!(failed, ReconcileError::Stripe(_)), "{failed:?}");
        assert_eq!(cursor(&shop).await, before);
        shop.stripe.clear_faults();
    }
    shop.stripe
        .inject(Fault::restricted().on("GET", "/v1/events"));
    let failed = app.catch_up().await.unwrap_err();
    assert!(failed.to_string().contains("read Events"), "{failed}");

    while !app.catch_up().await.unwrap().complete {}
    assert_all_paid_once(&shop, 6).await;
}

#[tokio::test]
async fn while_the_database_fails_the_cursor_stays_where_it_was() {
    let shop = shop().await;
    pay(&shop, 6).await;
    let file = rusqlite::Connection::open(shop.folder().join("farebox.sqlite")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'broken'); END",
    )
    .unwrap();

    let failed = app(&shop).catch_up().await.unwrap_err();

    assert!(matches!(failed, ReconcileError::Processor(_)), "{failed:?}");
    assert_eq!(cursor(&shop).await, None);
    file.execute_batch("DROP TRIGGER broken").unwrap();
    assert!(app(&shop).catch_up().await.unwrap().complete);
    assert_all_paid_once(&shop, 6).await;
}

#[tokio::test]
async fn two_runs_at_once_take_each_event_once_and_skip_none() {
    const ORDERS: usize = 20;
    let shop = shop().await;
    pay(&shop, ORDERS).await;
    let (stripe, store) = (
        shop.quick_stripe_client(),
        Store::open(
            &shop.config.store,
            shop.config.aws.as_ref(),
            &shop.config.secrets,
        )
        .await,
    );
    let one = app(&shop).with_limits(small(100));
    let two = App::new(&shop.config, stripe, store.unwrap(), shop.clock.clone());
    let two = Reconciler::new(&shop.config, two);

    let (one, two) = tokio::join!(one.catch_up(), two.catch_up());

    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.complete && two.complete, "{one:?} {two:?}");
    assert_all_paid_once(&shop, ORDERS).await;
    let again = app(&shop).catch_up().await.unwrap();
    assert_eq!((again.found(), again.seen), (0, one.applied + two.applied));
}

fn seeded(id: &str, kind: &str, livemode: bool, object: Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "created": NOW, "livemode": livemode,
        "data": { "object": object } })
}

/// A shop of [`NOW`], in which nothing has happened but what a test adds.
async fn quiet() -> Shop {
    let shop = Shop::open().await.at_fixed_time();
    shop.clock.advance(600);
    shop
}

#[tokio::test]
async fn events_of_the_other_mode_change_nothing() {
    let shop = quiet().await;
    let intent = shop.open_order("o_1").await;
    let mut paid = shop.stripe.payment_intent(&intent).unwrap();
    paid["status"] = "succeeded".into();
    paid["amount_received"] = paid["amount"].clone();
    let live = seeded("evt_live", "payment_intent.succeeded", true, paid);
    shop.stripe.add_event(live);

    let report = app(&shop).catch_up().await.unwrap();

    assert_eq!((report.other_mode, report.found()), (1, 0), "{report:?}");
    assert_eq!(shop.status("o_1").await, "created");
    assert!(notifications(&shop).await.is_empty());
}

#[tokio::test]
async fn events_of_connected_accounts_change_nothing() {
    let shop = quiet().await;
    let intent = shop.open_order("o_1").await;
    let mut paid = shop.stripe.payment_intent(&intent).unwrap();
    paid["status"] = "succeeded".into();
    paid["amount_received"] = paid["amount"].clone();
    let mut theirs = seeded("evt_1", "payment_intent.succeeded", false, paid);
    theirs["account"] = "acct_connected".into();
    shop.stripe.add_event(theirs);

    let report = app(&shop).catch_up().await.unwrap();

    assert_eq!((report.other_account, report.found()), (1, 0), "{report:?}");
    assert_eq!(shop.status("o_1").await, "created");
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_once_and_blocks_nothing() {
    let shop = quiet().await;
    let succeeded = "payment_intent.succeeded";
    let mut modeless = seeded("evt_2", succeeded, false, json!({}));
    modeless["livemode"] = Value::Null;
    let mut timeless = seeded("evt_3", succeeded, false, json!({}));
    timeless["data"] = Value::Null;
    for event in [
        seeded("evt_1", succeeded, false, json!("not an object")),
        modeless,
        timeless,
        seeded("evt_4", "payment_intent.new", false, json!({})),
    ] {
        shop.stripe.add_event(event);
    }
    let limits = RunLimits {
        page: 1,
        ..RunLimits::default()
    };

    let first = app(&shop).with_limits(limits).catch_up().await.unwrap();
    let second = app(&shop).catch_up().await.unwrap();

    assert!(first.complete && second.complete);
    assert_eq!((first.pages, first.quarantined), (4, 3), "{first:?}");
    assert_eq!((second.quarantined, second.seen), (0, 3), "{second:?}");
    assert_eq!(shop.store.quarantined().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_quarantined_event_that_was_released_is_taken_by_the_next_run() {
    let shop = quiet().await;
    let intent = shop.open_order("o_1").await;
    let mut paid = shop.stripe.payment_intent(&intent).unwrap();
    paid["status"] = "succeeded".into();
    paid["amount_received"] = paid["amount"].clone();
    let mut broken = paid.clone();
    broken["amount"] = "broken".into();
    let kind = "payment_intent.succeeded";
    shop.stripe.add_event(seeded("evt_1", kind, false, broken));
    assert_eq!(app(&shop).catch_up().await.unwrap().quarantined, 1);

    shop.stripe.add_event(seeded("evt_1", kind, false, paid));
    assert!(shop.store.release("evt_1").await.unwrap());
    assert_eq!(app(&shop).catch_up().await.unwrap().applied, 1);

    assert_eq!(shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn types_that_are_passed_on_are_asked_for_too() {
    let created = || seeded("evt_1", "customer.created", false, json!({ "id": "cus_1" }));
    let plain = quiet().await;
    plain.stripe.add_event(created());
    assert_eq!(app(&plain).catch_up().await.unwrap().events, 0);

    let subscribed = Shop::open_with(&[("FAREBOX_NOTIFY_EVENTS", "customer.*")]).await;
    let subscribed = subscribed.at_fixed_time();
    subscribed.clock.advance(600);
    subscribed.stripe.add_event(created());
    assert_eq!(app(&subscribed).catch_up().await.unwrap().applied, 1);
    assert_eq!(
        notifications(&subscribed).await["stripe.customer.created"],
        1
    );
}

#[tokio::test]
async fn when_the_cursors_event_is_gone_its_window_is_listed_anew() {
    let shop = shop().await;
    pay(&shop, 3).await;
    let now = shop.clock.now();
    let gone = json!({ "within": { "from": now - 600, "until": now - 60, "after": "evt_gone",
        "newest": null, "oldest": null } });
    shop.store
        .set_cursor("reconcile", &gone.to_string())
        .await
        .unwrap();

    assert!(app(&shop).catch_up().await.unwrap().complete);

    assert_all_paid_once(&shop, 3).await;
}

#[tokio::test]
async fn the_loop_runs_until_it_is_told_to_stop() {
    let shop = shop().await;
    pay(&shop, 6).await;
    let pause = std::time::Duration::from_millis(1);
    // Its first run fails; another follows.
    shop.stripe
        .inject(Fault::unauthorized().on("GET", "/v1/events"));

    let app = app(&shop).with_limits(small(1));
    let stop = async {
        loop {
            listed(&shop.stripe, 1).await;
            let cursor = cursor(&shop).await.unwrap_or_default();
            if cursor.contains("next") {
                return;
            }
        }
    };
    app.run(pause, stop).await;

    assert_all_paid_once(&shop, 6).await;
}
