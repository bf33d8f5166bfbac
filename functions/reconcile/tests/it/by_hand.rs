//! A time range that an operator names.

use reconcile::{RunLimits, time_range::TimeRange};

use crate::{age, app, assert_all_paid_once, cursor, pay, shop, small};

#[tokio::test]
async fn a_time_range_is_taken_and_the_cursor_stays() {
    let shop = shop().await;
    pay(&shop, 3).await;
    age(&shop, 5 * 24 * 60 * 60);
    assert_eq!(app(&shop).catch_up().await.unwrap().events, 0, "too old");
    let before = cursor(&shop).await;
    let now = shop.clock.now();
    let days = |days: i64| now - days * 24 * 60 * 60;
    let process = async |since, until| {
        let range = TimeRange { since, until };
        app(&shop).process(range).await.unwrap()
    };

    let other = process(days(4), now).await;
    assert_eq!((other.events, other.complete), (0, true));
    let report = process(days(6), days(4)).await;

    assert!(report.complete && report.rest.is_none(), "{report:?}");
    assert_all_paid_once(&shop, 3).await;
    assert_eq!(cursor(&shop).await, before);
    assert_eq!(process(days(6), now).await.found(), 0);
}

#[tokio::test]
async fn the_rest_of_a_time_range_is_reported_and_can_be_taken() {
    let shop = shop().await;
    pay(&shop, 16).await;
    // Events of one second are listed again with the rest: give each its own.
    for (n, mut event) in shop.stripe.events().into_iter().enumerate() {
        let created = event["created"].as_i64().unwrap();
        event["created"] = (created - 1_000 + i64::try_from(n).unwrap()).into();
        shop.stripe.add_event(event);
    }
    let now = shop.clock.now();
    let mut range = TimeRange {
        since: now - 3_600,
        until: now,
    };

    let app = app(&shop).with_limits(RunLimits { lag: 0, ..small(1) });
    let mut runs = 0;
    while let Some(rest) = app.process(range).await.unwrap().rest {
        assert!(rest.until < range.until, "{rest:?} of {range:?}");
        (range, runs) = (rest, runs + 1);
    }

    assert!(runs > 1, "{runs}");
    assert_eq!(cursor(&shop).await, None);
    assert_eq!(shop.status("o_0").await, "paid");
    assert_all_paid_once(&shop, 16).await;
}
