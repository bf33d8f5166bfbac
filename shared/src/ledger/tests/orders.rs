//! Orders and the operations that open them.

use super::*;

#[tokio::test]
async fn one_operation_opens_one_order_and_other_contents_are_refused() {
    let it = Fixture::new().await;
    let first = it.open(opening("o_1", "ada", 1500, Some("key"))).await;

    assert_eq!(
        it.open(opening("o_1", "ada", 1500, Some("key"))).await,
        first
    );
    let reused = it.open(opening("o_1", "ada", 9900, Some("key"))).await;
    assert_eq!(reused, Opened::Refused(Refusal::KeyReused));
    let Opened::Order(changed) = it.open(opening("o_1", "ada", 9900, Some("key-2"))).await else {
        panic!("refused")
    };
    assert_eq!(changed.revision().contents.amount().minor_units(), 9900);
}

#[tokio::test]
async fn another_callers_order_is_not_there() {
    let it = Fixture::new().await;
    it.order().await;

    let theirs = it.open(opening("o_1", "bob", 1500, None)).await;
    assert_eq!(theirs, Opened::Refused(Refusal::NotFound));
    let mut missing = opening("o_2", "ada", 1500, None);
    missing.must_exist = true;
    assert_eq!(it.open(missing).await, Opened::Refused(Refusal::NotFound));
}

#[tokio::test]
async fn an_intent_is_noted_once() {
    let it = Fixture::new().await;
    let order = it.order().await;

    let again = it
        .ledger
        .attach_intent(order.id(), "pi_2", NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.intent(), Some("pi_1"));
}
