//! Concurrent writes between a read of the table and the write that depends on it, and a stale
//! index.

use super::{
    relay::{Fault, Relay},
    *,
};

/// A database behind a relay that answers its `nth` transaction by `fault`.
async fn relayed(
    nth: usize,
    fault: impl Fn() -> Fault + Send + Sync + 'static,
) -> (Relay, Fixture) {
    let mine = move |operation: &str, at| operation == "TransactWriteItems" && at == nth;
    let (relay, home) =
        Relay::before_a_table(move |operation, at| mine(operation, at).then(&fault)).await;
    (relay, fixture(home).await)
}

async fn fixture(home: place::Home) -> Fixture {
    let config = home.config(&[("FAREBOX_NOTIFY_EVENTS", "customer.*")]);
    let store = open(&config).await.unwrap();
    Fixture {
        home,
        config,
        store,
    }
}

/// The number of items in each transaction since the last call.
fn transactions(relay: &Relay) -> Vec<usize> {
    let log = relay.log();
    let sizes = log
        .iter()
        .filter_map(|one| one.asked["TransactItems"].as_array());
    sizes.map(Vec::len).collect()
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_order_that_changed_meanwhile_is_read_again() {
    let unmet = || Fault::canceled(&["None", "ConditionalCheckFailed", "None"]);
    let (relay, it) = relayed(2, unmet).await;
    let order = it.order().await;

    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    let log = relay.log();
    let reads = log.iter().filter(|one| one.operation == "BatchGetItem");
    assert_eq!(reads.count(), 3, "for the order, and twice for the event");
    assert_eq!(it.status().await, Status::Paid);
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_event_that_another_process_claimed_before_the_write_is_a_duplicate() {
    let unmet = || {
        Fault::canceled(&[
            "ConditionalCheckFailed",
            "ConditionalCheckFailed",
            "ConditionalCheckFailed",
        ])
    };
    let (relay, it) = relayed(2, unmet).await;
    let order = it.order().await;

    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Duplicate
    );
    assert_eq!(transactions(&relay), [1, 2, 3]);
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_event_that_another_process_claimed_after_the_read_is_a_duplicate() {
    let (_relay, home) = Relay::before_a_table(|operation, nth| {
        let nothing = json!({ "Responses": {}, "UnprocessedKeys": {} });
        (operation == "BatchGetItem" && nth == 1).then_some(Fault::Answer(200, nothing))
    })
    .await;
    let it = fixture(home).await;
    // Nothing but the claim is written under a condition.
    let odd = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "data": { "object": { "id": 7 } } });

    assert_eq!(it.accept(&odd).await, Accepted::Quarantined);
    assert_eq!(it.accept_at(&odd, NOW + 1).await, Accepted::Duplicate);
    assert_eq!(it.store.quarantined().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_message_that_is_already_in_the_outbox_does_not_block_its_event() {
    let unmet = || Fault::canceled(&["None", "None", "ConditionalCheckFailed"]);
    let (relay, it) = relayed(2, unmet).await;
    let order = it.order().await;

    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    assert_eq!(transactions(&relay), [1, 2, 3, 2], "without the message");
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_intent_that_another_order_got_meanwhile_is_not_taken_from_it() {
    let unmet = || Fault::canceled(&["None", "ConditionalCheckFailed"]);
    let (_relay, it) = relayed(1, unmet).await;
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };

    let failure = it
        .store
        .update_payment(order.id(), intent("pi_1"), NOW)
        .await;
    assert!(
        matches!(failure, Err(StoreError::IntentTaken)),
        "{failure:?}"
    );
}

fn event(id: &str) -> Event {
    let event = other(id, "customer.created").to_string();
    Event::parse(event.as_bytes()).unwrap()
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn stale_entries_of_the_index_are_skipped() {
    let key = format!("outbox#{}", Message::of_event(&event("evt_1"), NOW).id);
    let (_relay, home) = Relay::before_a_table(move |operation, _| {
        let entry = |queue| {
            json!({ "pk": { "S": key }, "queue": { "S": queue },
                "due_at": { "N": NOW.to_string() } })
        };
        let items = json!({ "Items": [entry("due")] });
        (operation == "Query").then_some(Fault::Answer(200, items))
    })
    .await;
    let it = fixture(home).await;
    it.store.accept(event("evt_1"), NOW).await.unwrap();

    let leased = it.due().await;
    assert_eq!(leased.len(), 1);
    assert!(it.due().await.is_empty(), "it is leased");
    let id = &leased[0].message.id;
    it.store
        .record_delivery(id, DeliveryOutcome::Delivered, NOW)
        .await
        .unwrap();
    let later = it.store.lease_due(NOW + 99, 60, 10).await.unwrap();
    assert!(later.is_empty(), "it was delivered");
    assert!(it.store.dead_letters().await.unwrap().is_empty());
    assert_eq!(it.store.redrive(None, NOW).await.unwrap(), 0);
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn messages_leased_before_a_failure_are_returned() {
    let (_relay, home) = Relay::before_a_table(|operation, nth| {
        (operation == "UpdateItem" && nth == 1).then(|| Fault::error(400, "AccessDeniedException"))
    })
    .await;
    let it = fixture(home).await;
    for id in ["evt_1", "evt_2", "evt_3"] {
        it.store.accept(event(id), NOW).await.unwrap();
    }

    assert_eq!(it.due().await.len(), 2);
    assert_eq!(it.due().await.len(), 1, "the rest comes with the next look");
}
