//! The records of callers' operations on subscriptions.

use super::*;
use crate::{ids::CallerId, store::IdempotencyRecord};

on_every_backend!(
    an_operation_is_recorded_once_with_its_first_plan,
    concurrent_records_of_one_key_agree_on_one_plan,
);

/// The operation of `ada` under `key`.
fn operation(key: &str, request: &str) -> IdempotencyRecord {
    let ada = CallerId::parse("ada").unwrap();
    IdempotencyRecord::new(&ada, key, &[request])
}

async fn an_operation_is_recorded_once_with_its_first_plan(place: Place) {
    let it = Fixture::new(place).await;
    let (first, other) = (operation("k", "upgrade"), operation("k", "cancel"));
    assert_eq!(it.store.recorded_operation(&first.key).await.unwrap(), None);

    let made = it
        .store
        .record_operation(&first, "{\"a\":1}")
        .await
        .unwrap();
    let again = it
        .store
        .record_operation(&first, "{\"a\":2}")
        .await
        .unwrap();
    let reused = it
        .store
        .record_operation(&other, "{\"b\":1}")
        .await
        .unwrap();
    let found = it.store.recorded_operation(&first.key).await.unwrap();

    assert_eq!((&*made.plan, &made.digest), ("{\"a\":1}", &first.digest));
    assert_eq!([&again, &reused], [&made, &made], "the first one counts");
    assert_eq!(found, Some(made));
    let apart = operation("l", "cancel");
    let apart = it.store.record_operation(&apart, "{}").await.unwrap();
    assert_eq!(apart.plan, "{}");
}

async fn concurrent_records_of_one_key_agree_on_one_plan(place: Place) {
    let it = Fixture::new(place).await;
    let one = operation("k", "upgrade");
    let plans: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let all = plans
        .iter()
        .map(|plan| it.store.record_operation(&one, plan));

    let all = futures_util::future::join_all(all).await.into_iter();
    let all: Vec<String> = all.map(|record| record.unwrap().plan).collect();

    assert!(all.iter().all(|plan| *plan == all[0]), "{all:?}");
    let found = it.store.recorded_operation(&one.key).await.unwrap();
    assert_eq!(found.unwrap().plan, all[0]);
}
