//! Bodies as large as the webhook accepts, which exceed an item of DynamoDB.

use super::*;

on_every_backend!(
    a_large_event_is_forwarded_unchanged,
    a_large_event_that_does_not_parse_is_quarantined_and_forwarded,
);

/// Almost 1 MiB, with characters of several bytes.
fn large() -> String {
    "an event as large as it may be, é€😀 ".repeat(25_000)
}

async fn a_large_event_is_forwarded_unchanged(place: Place) {
    let it = Fixture::new(place).await;
    let mut event = other("evt_1", "customer.created");
    event["data"]["object"]["description"] = json!(large());
    assert_eq!(it.accept(&event).await, Accepted::Applied);

    let queued = it.due().await.remove(0);
    let body: Value = serde_json::from_str(&queued.message.body).unwrap();
    assert!(body["data"] == event, "it is not as it was");
    let id = &queued.message.id;
    let error = "500 ".repeat(1_000);
    let dead_lettered = DeliveryOutcome::DeadLettered { error };
    it.store
        .record_delivery(id, dead_lettered, NOW)
        .await
        .unwrap();
    let dead_letters = it.store.dead_letters().await.unwrap();
    assert!(dead_letters[0].message == queued.message, "kept as it was");
    assert_eq!(it.store.redrive(None, NOW).await.unwrap(), 1);
    let again = it.store.lease(id, NOW, 60).await.unwrap().unwrap();
    assert!(again.message == queued.message, "redriven as it was");
    it.store
        .record_delivery(id, DeliveryOutcome::Delivered, NOW)
        .await
        .unwrap();
    assert!(it.store.lease(id, NOW + 99, 60).await.unwrap().is_none());
}

async fn a_large_event_that_does_not_parse_is_quarantined_and_forwarded(place: Place) {
    let it = Fixture::forwarding(place, "payment_intent.*").await;
    let odd = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "data": { "object": { "id": 7, "amount": large() } } });

    assert_eq!(it.accept(&odd).await, Accepted::Quarantined);
    assert_eq!(it.accept(&odd).await, Accepted::Duplicate);
    assert_eq!(it.store.quarantined().await.unwrap().len(), 1);
    let queued = it.due().await.remove(0);
    let body: Value = serde_json::from_str(&queued.message.body).unwrap();
    assert!(body["data"] == odd, "it is not as it was");
}
