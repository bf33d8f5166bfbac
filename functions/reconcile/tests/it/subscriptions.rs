//! Events of subscriptions that the webhook missed, and the walk through all subscriptions.

use reconcile::{
    RunLimits,
    adopt::{AdoptError, Adopted},
    time_range::TimeRange,
};
use sandbox::Fault;
use serde_json::json;
use shared::event::{LISTED, OF_SUBSCRIPTIONS};
use testing::Shop;

use crate::{app, assert_all_paid_once, notifications, pay, shop, small};

/// Subscribes a caller of this name; returns the subscription's id.
async fn subscribe(shop: &Shop, caller: &str) -> String {
    let customer = shop.subscriber(caller, None, "pm_card_visa").await;
    let plan = shop.plan(&format!("plan_of_{caller}"), 900, "month");
    shop.subscribe_customer(&customer, &plan, &json!({}))
}

/// The status of the copy.
pub(crate) async fn status(shop: &Shop, id: &str) -> Option<String> {
    let copy = shop.store.subscription(id).await.unwrap();
    copy.value.map(|copy| copy.status)
}

/// The requests for one subscription since the sandbox began.
fn looks(shop: &Shop, id: &str) -> usize {
    let path = format!("/v1/subscriptions/{id}");
    let requests = shop.stripe.requests().into_iter();
    requests
        .filter(|request| request.method == "GET" && request.path == path)
        .count()
}

fn cut_to(page: u8, pages: usize) -> RunLimits {
    RunLimits {
        page,
        pages,
        ..RunLimits::default()
    }
}

#[tokio::test]
async fn a_run_heals_the_copy_of_a_subscription_and_notifies_once() {
    let shop = shop().await;
    let id = subscribe(&shop, "ada").await;
    assert_eq!(status(&shop, &id).await, None, "no event was delivered");

    let first = app(&shop).catch_up().await.unwrap();

    assert!(first.complete && first.applied > 0, "{first:?}");
    assert_eq!(status(&shop, &id).await.as_deref(), Some("active"));
    let told = notifications(&shop).await;
    assert_eq!(told["subscription.started"], 1, "{told:?}");

    let _ = shop.stripe.cancel_subscription(&id).unwrap();
    let _ = app(&shop).catch_up().await.unwrap();
    let third = app(&shop).catch_up().await.unwrap();

    assert_eq!(status(&shop, &id).await.as_deref(), Some("canceled"));
    assert_eq!(third.found(), 0, "{third:?}");
    let told = notifications(&shop).await;
    assert_eq!(told["subscription.started"], 1, "{told:?}");
    assert_eq!(told["subscription.ended"], 1, "{told:?}");
}

#[tokio::test]
async fn the_events_of_a_page_cause_one_look_at_each_subscription() {
    let shop = shop().await;
    let (ada, bob) = (subscribe(&shop, "ada").await, subscribe(&shop, "bob").await);
    for _ in 0..10 {
        for value in ["true", "false"] {
            let change = json!({ "cancel_at_period_end": value });
            shop.stripe.change_subscription(&ada, change).unwrap();
        }
    }

    let report = app(&shop).catch_up().await.unwrap();

    assert!(report.events > 20, "{report:?}");
    assert_eq!((looks(&shop, &ada), looks(&shop, &bob)), (1, 1));
    assert_eq!(status(&shop, &ada).await.as_deref(), Some("active"));
}

#[tokio::test]
async fn each_list_goes_on_where_it_was_cut_short() {
    let shop = shop().await;
    pay(&shop, 6).await;
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(subscribe(&shop, &format!("caller_{n}")).await);
    }

    let mut runs = Vec::new();
    loop {
        let limited = app(&shop).with_limits(cut_to(3, 1));
        let report = limited.catch_up().await.unwrap();
        assert!(report.pages <= 2, "a page of each list: {report:?}");
        runs.push(report);
        if report.complete {
            break;
        }
    }

    assert!(runs.len() > 2, "{runs:?}");
    let events: usize = runs.iter().map(|report| report.events).sum();
    let mut made = shop.stripe.events();
    made.retain(|event| {
        let kind = event["type"].as_str().unwrap();
        LISTED.contains(&kind) || OF_SUBSCRIPTIONS.contains(&kind)
    });
    assert!(events >= made.len(), "{events} of {}", made.len());
    for id in &ids {
        assert_eq!(status(&shop, id).await.as_deref(), Some("active"), "{id}");
    }
    for n in 0..6 {
        assert_eq!(shop.status(&format!("o_{n}")).await, "paid", "o_{n}");
    }
    assert_eq!(notifications(&shop).await["subscription.started"], 6);
}

#[tokio::test]
async fn a_time_range_that_is_cut_short_names_the_rest_of_both_lists() {
    let shop = shop().await;
    pay(&shop, 2).await;
    let mut ids = Vec::new();
    for n in 0..8 {
        ids.push(subscribe(&shop, &format!("caller_{n}")).await);
    }
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

    let limited = app(&shop).with_limits(RunLimits { lag: 0, ..small(1) });
    let mut runs = 0;
    while let Some(rest) = limited.process(range).await.unwrap().rest {
        assert!(rest.until < range.until, "{rest:?} of {range:?}");
        (range, runs) = (rest, runs + 1);
    }

    assert!(runs > 1, "{runs}");
    for id in &ids {
        assert_eq!(status(&shop, id).await.as_deref(), Some("active"), "{id}");
    }
    assert_eq!(shop.status("o_0").await, "paid");
}

#[tokio::test]
async fn what_fails_in_one_list_does_not_keep_a_run_from_the_other() {
    let shop = shop().await;
    pay(&shop, 2).await;
    let id = subscribe(&shop, "ada").await;
    let failing = || Fault::error().on("GET", "/v1/subscriptions").times(0);
    shop.stripe.inject(failing());

    let failed = app(&shop).catch_up().await.unwrap_err();

    assert!(failed.to_string().contains("subscription"), "{failed}");
    for n in 0..2 {
        assert_eq!(shop.status(&format!("o_{n}")).await, "paid", "o_{n}");
    }
    shop.stripe.clear_faults();
    let healed = app(&shop).catch_up().await.unwrap();
    assert!(healed.complete, "{healed:?}");
    assert_eq!(status(&shop, &id).await.as_deref(), Some("active"));
}

#[tokio::test]
async fn a_key_that_reads_no_subscriptions_reconciles_orders_all_the_same() {
    let shop = shop().await;
    pay(&shop, 2).await;
    let id = subscribe(&shop, "ada").await;
    let refused = || Fault::restricted().on("GET", "/v1/subscriptions").times(0);
    shop.stripe.inject(refused());

    let report = app(&shop).catch_up().await.unwrap();

    assert!(report.complete, "{report:?}");
    assert_all_paid_once(&shop, 2).await;
    assert_eq!(status(&shop, &id).await, None);
    shop.stripe.clear_faults();
    let _ = app(&shop).catch_up().await.unwrap();
    assert_eq!(
        status(&shop, &id).await.as_deref(),
        Some("active"),
        "once the key may read them, nothing was skipped"
    );
}

#[tokio::test]
async fn a_walk_adopts_what_existed_before_and_heals_what_the_copy_has_wrong() {
    let shop = shop().await;
    let (ada, bob) = (subscribe(&shop, "ada").await, subscribe(&shop, "bob").await);
    let nobody = shop.stripe.create_customer(json!({})).unwrap();
    let nobody = nobody["id"].as_str().unwrap().to_owned();
    shop.pay_by(&nobody, "pm_card_visa");
    let plan = shop.plan("elsewhere", 900, "month");
    let foreign = shop.subscribe_customer(&nobody, &plan, &json!({}));
    let walk = async || app(&shop).adopter().adopt(None).await.unwrap();

    let first = walk().await;
    let _ = shop.stripe.cancel_subscription(&bob).unwrap();
    let second = walk().await;
    let third = walk().await;

    let expected = |changed| Adopted {
        looked: 3,
        changed,
        not_ours: 1,
        failed: 0,
    };
    assert_eq!(first, expected(2));
    assert_eq!(second, expected(1));
    assert_eq!(third, expected(0));
    assert_eq!(status(&shop, &ada).await.as_deref(), Some("active"));
    assert_eq!(status(&shop, &bob).await.as_deref(), Some("canceled"));
    assert_eq!(status(&shop, &foreign).await, None);
}

#[tokio::test]
async fn a_look_that_fails_is_counted_and_keeps_a_walk_from_no_other() {
    let shop = shop().await;
    let (ada, bob) = (subscribe(&shop, "ada").await, subscribe(&shop, "bob").await);
    let of_bob = format!("/v1/subscriptions/{bob}");
    let failing = Fault::error().on("GET", &of_bob).times(0);
    shop.stripe.inject(failing);

    let adopted = app(&shop).adopter().adopt(None).await.unwrap();

    assert_eq!((adopted.looked, adopted.failed), (2, 1), "{adopted:?}");
    assert_eq!(status(&shop, &ada).await.as_deref(), Some("active"));
    let failed = adopted.if_complete().unwrap_err();
    assert!(matches!(failed, AdoptError::Failed(1)), "{failed:?}");

    shop.stripe.clear_faults();
    shop.stripe
        .inject(Fault::restricted().on("GET", "/v1/subscriptions"));
    let refused = app(&shop).adopter().adopt(None).await.unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("read Subscriptions"), "{said}");
}
