//! The real program under Lambda's runtime interface.

use serde_json::{Value, json};
use testing::{LambdaRuntime, Shop};

use crate::{age, assert_all_paid_once, cursor, pay};

async fn invoke(shop: &Shop, event: Value) -> Result<Value, Value> {
    let runtime = LambdaRuntime::start(env!("CARGO_BIN_EXE_reconcile"), shop.environment()).await;
    runtime.invoke(event).await
}

#[tokio::test]
async fn the_schedules_event_runs_it_and_the_report_is_answered() {
    let shop = Shop::open().await;
    pay(&shop, 3).await;
    age(&shop, 300);
    let runtime = LambdaRuntime::start(env!("CARGO_BIN_EXE_reconcile"), shop.environment()).await;
    let scheduled = json!({ "version": "0", "id": "1", "detail-type": "Scheduled Event",
        "source": "aws.events", "time": "2026-11-21T10:00:00Z", "resources": [], "detail": {} });

    let first = runtime.invoke(scheduled.clone()).await.unwrap();
    let second = runtime.invoke(scheduled).await.unwrap();

    assert_eq!(first["complete"], true, "{first}");
    assert!(first["applied"].as_u64().unwrap() >= 3, "{first}");
    assert_eq!(second["applied"], 0, "{second}");
    assert_all_paid_once(&shop, 3).await;
}

#[tokio::test]
async fn a_time_range_is_taken_and_does_not_move_the_cursor() {
    let shop = Shop::open().await;
    pay(&shop, 2).await;
    age(&shop, 300);
    let since = shared::Clock::default().now() - 3_600;

    let report = invoke(&shop, json!({ "since": since })).await.unwrap();

    assert_eq!(report["complete"], true, "{report}");
    assert_all_paid_once(&shop, 2).await;
    assert_eq!(cursor(&shop).await, None);
}

#[tokio::test]
async fn a_failure_is_a_failed_invocation_and_the_next_one_works() {
    let shop = Shop::open().await;
    pay(&shop, 1).await;
    age(&shop, 300);
    let unauthorized = sandbox::Fault::unauthorized();
    shop.stripe.inject(unauthorized.on("GET", "/v1/events"));
    let runtime = LambdaRuntime::start(env!("CARGO_BIN_EXE_reconcile"), shop.environment()).await;

    let failed = runtime.invoke(json!({})).await.unwrap_err();
    assert_eq!(failed["errorMessage"], "Stripe did not list its events");
    let mistyped = runtime.invoke(json!({ "since": "tuesday" })).await;
    let mistyped = mistyped.unwrap_err()["errorMessage"].to_string();
    assert!(mistyped.contains("`since` must be a time"), "{mistyped}");

    assert_eq!(runtime.invoke(json!({})).await.unwrap()["complete"], true);
    assert_all_paid_once(&shop, 1).await;
}
