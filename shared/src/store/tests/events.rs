//! The effects of events on the database.

use super::*;

on_every_backend!(
    an_event_is_remembered_for_forty_days,
    an_event_that_is_quarantined_again_leaves_both_records,
    a_refund_that_names_no_order_finds_it_by_its_intent,
    an_intent_that_its_event_stored_is_the_orders_own,
    a_payment_changes_the_order_and_notifies_the_site_once,
    each_charge_that_failed_is_counted_once,
    a_closed_intent_is_found_by_its_id_alone,
    an_event_that_contradicts_its_order_is_quarantined_and_changes_nothing,
    an_event_that_does_not_parse_is_quarantined,
    a_payment_for_an_order_that_is_not_in_the_database_is_quarantined,
    an_intent_that_names_no_order_is_ignored,
    an_order_is_paid_by_its_intent_whose_metadata_was_emptied,
    an_intent_pays_its_own_order_when_its_metadata_names_another,
    a_failed_intent_does_not_keep_another_from_paying,
    a_released_event_is_applied_at_its_next_delivery,
    an_event_is_forwarded_once_and_unchanged,
    a_forwarded_event_of_an_order_adds_to_the_orders_own_messages,
);

async fn a_payment_changes_the_order_and_notifies_the_site_once(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;

    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Duplicate
    );
    assert_eq!(
        it.accept(&succeeded(&order, "evt_2")).await,
        Accepted::Applied
    );

    assert_eq!(it.status().await, Status::Paid);
    let [queued] = &it.due().await[..] else {
        panic!("one message")
    };
    assert_eq!(queued.message.kind, "order.paid");
    let body: Value = serde_json::from_str(&queued.message.body).unwrap();
    assert_eq!(body["data"]["orderId"], "o_1");
    assert_eq!(body["data"]["customer"], "ada");
    assert_eq!(body["data"]["amount"], 1500);
    assert_eq!(body["data"]["version"], 3, "created, has its intent, paid");
}

async fn each_charge_that_failed_is_counted_once(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let failed = |event: &str, charge: &str, at: i64| {
        let mut failed = succeeded(&order, event);
        failed["type"] = json!("payment_intent.payment_failed");
        failed["created"] = json!(NOW + at);
        let intent = &mut failed["data"]["object"];
        intent["status"] = json!("requires_payment_method");
        intent["last_payment_error"] = json!({ "code": "card_declined", "charge": charge });
        failed
    };

    let deliveries = [
        ("evt_3", "ch_3", 30),
        ("evt_1", "ch_1", 10),
        ("evt_1", "ch_1", 10),
        // The same charge, through another endpoint.
        ("evt_4", "ch_3", 30),
        ("evt_2", "ch_2", 20),
    ];
    for (event, charge, at) in deliveries {
        it.accept(&failed(event, charge, at)).await;
    }

    let order = it.store.order(order.id()).await.unwrap().unwrap();
    let times: Vec<i64> = order.failed_charges().collect();
    assert_eq!(times, [NOW + 10, NOW + 20, NOW + 30]);
    assert_eq!(order.status(), Status::Failed);
}

async fn a_closed_intent_is_found_by_its_id_alone(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let closed = PaymentUpdate::Closed("pi_1".to_owned());
    for update in [closed, intent("pi_2")] {
        it.store
            .update_payment(order.id(), update, NOW)
            .await
            .unwrap();
    }
    let mut late = failed(&order, "evt_1", "pi_1");
    let object = &mut late["data"]["object"];
    object["metadata"] = json!({});
    object["last_payment_error"]["charge"] = json!("ch_1");

    assert!(it.store.knows_intent("pi_1").await.unwrap());
    assert_eq!(it.accept(&late).await, Accepted::Applied);

    let order = it.store.order(order.id()).await.unwrap().unwrap();
    assert_eq!(order.failed_charges().count(), 1);
    assert_eq!(order.intent(), Some("pi_2"));
}

async fn an_event_that_contradicts_its_order_is_quarantined_and_changes_nothing(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let mut cheap = succeeded(&order, "evt_1");
    cheap["data"]["object"]["amount"] = json!(1);

    assert_eq!(it.accept(&cheap).await, Accepted::Quarantined);
    assert_eq!(it.accept(&cheap).await, Accepted::Duplicate);

    assert_eq!(it.status().await, Status::Created);
    assert!(it.due().await.is_empty());
    let [quarantined] = &it.store.quarantined().await.unwrap()[..] else {
        panic!("one event")
    };
    assert_eq!(quarantined.event_id, "evt_1");
    assert!(
        quarantined.reason.contains("amount"),
        "{}",
        quarantined.reason
    );
}

async fn an_event_that_does_not_parse_is_quarantined(place: Place) {
    let it = Fixture::new(place).await;
    let odd = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "data": { "object": { "id": 7 } } });

    assert_eq!(it.accept(&odd).await, Accepted::Quarantined);
    assert_eq!(it.store.quarantined().await.unwrap().len(), 1);
}

async fn a_payment_for_an_order_that_is_not_in_the_database_is_quarantined(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let elsewhere = Fixture::new(place).await;

    assert_eq!(
        elsewhere.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Quarantined
    );
}

async fn an_intent_that_names_no_order_is_ignored(place: Place) {
    let it = Fixture::new(place).await;
    let mut foreign = succeeded(&it.order().await, "evt_1");
    foreign["data"]["object"]["metadata"] = json!({});
    foreign["data"]["object"]["id"] = json!("pi_of_another_shop");

    assert_eq!(it.accept(&foreign).await, Accepted::Ignored);
    assert_eq!(
        it.accept(&other("evt_2", "product.created")).await,
        Accepted::Ignored
    );
}

async fn an_order_is_paid_by_its_intent_whose_metadata_was_emptied(place: Place) {
    let it = Fixture::new(place).await;
    let mut emptied = succeeded(&it.order().await, "evt_1");
    emptied["data"]["object"]["metadata"] = json!({});

    assert_eq!(it.accept(&emptied).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Paid);
    assert!(it.store.quarantined().await.unwrap().is_empty());
    assert_eq!(it.due().await.len(), 1);
}

async fn an_intent_pays_its_own_order_when_its_metadata_names_another(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    // The same owner and the same contents, so that nothing else differs.
    let PutOrderOutcome::Order(other) = it.open(put("o_2", "ada", 1500, None)).await else {
        panic!()
    };
    let mut moved = succeeded(&order, "evt_1");
    moved["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_2");

    assert_eq!(it.accept(&moved).await, Accepted::Applied);

    assert_eq!(it.status().await, Status::Paid);
    let other = it.store.order(other.id()).await.unwrap().unwrap();
    assert_eq!(other.status(), Status::Created);
}

/// A failed attempt on `intent`, as an event of an intent that is not the order's own.
fn failed(order: &Order, event: &str, intent: &str) -> Value {
    let mut failed = succeeded(order, event);
    failed["type"] = json!("payment_intent.payment_failed");
    let object = &mut failed["data"]["object"];
    (object["id"], object["status"]) = (json!(intent), json!("requires_payment_method"));
    object["last_payment_error"] = json!({ "code": "card_declined" });
    failed
}

async fn a_failed_intent_does_not_keep_another_from_paying(place: Place) {
    let it = Fixture::new(place).await;
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };
    it.accept(&failed(&order, "evt_1", "pi_2")).await;
    let paid = succeeded(&order, "evt_2");

    assert_eq!(it.accept(&paid).await, Accepted::Applied);

    assert_eq!(it.status().await, Status::Paid);
    let mut second = succeeded(&order, "evt_3");
    second["data"]["object"]["id"] = json!("pi_2");
    assert_eq!(it.accept(&second).await, Accepted::Quarantined);
    let refund = json!({
        "id": "evt_4", "object": "event", "type": "refund.created", "created": NOW,
        "livemode": false, "data": { "object": {
            "id": "re_1", "amount": 1500, "currency": "usd", "status": "succeeded",
            "payment_intent": "pi_1",
        } },
    });
    assert_eq!(it.accept(&refund).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Refunded);
}

async fn a_released_event_is_applied_at_its_next_delivery(place: Place) {
    let elsewhere = Fixture::new(place).await;
    let order = elsewhere.order().await;
    let it = Fixture::forwarding(place, "payment_intent.*").await;
    let paid = succeeded(&order, "evt_1");
    assert_eq!(it.accept(&paid).await, Accepted::Quarantined);
    assert_eq!(it.due().await.len(), 1, "it is forwarded all the same");

    // The order is restored, and the event sent again.
    it.order().await;
    assert_eq!(it.accept(&paid).await, Accepted::Duplicate);
    assert!(!it.store.release("evt_2").await.unwrap());
    assert!(it.store.release("evt_1").await.unwrap());

    assert_eq!(it.accept(&paid).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Paid);
    assert_eq!(
        it.store.quarantined().await.unwrap().len(),
        1,
        "the record stays"
    );
}

async fn an_event_is_forwarded_once_and_unchanged(place: Place) {
    let it = Fixture::new(place).await;
    let event = other("evt_1", "customer.created");

    assert_eq!(it.accept(&event).await, Accepted::Applied);
    assert_eq!(it.accept(&event).await, Accepted::Duplicate);

    let [queued] = &it.due().await[..] else {
        panic!("one message")
    };
    assert_eq!(queued.message.kind, "stripe.customer.created");
    let body: Value = serde_json::from_str(&queued.message.body).unwrap();
    assert_eq!(body["data"], event);
}

async fn a_forwarded_event_of_an_order_adds_to_the_orders_own_messages(place: Place) {
    let it = Fixture::forwarding(place, "payment_intent.succeeded").await;
    let order = it.order().await;

    it.accept(&succeeded(&order, "evt_1")).await;

    let mut kinds: Vec<String> = it.due().await.into_iter().map(|l| l.message.kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["order.paid", "stripe.payment_intent.succeeded"]);
}

async fn an_event_is_remembered_for_forty_days(place: Place) {
    let it = Fixture::new(place).await;
    let event = other("evt_1", "customer.created");
    it.accept(&event).await;

    while it.store.forget_expired(NOW + REMEMBERED).await.unwrap() {}
    assert_eq!(
        it.accept_at(&event, NOW + REMEMBERED).await,
        Accepted::Duplicate
    );
    let later = NOW + REMEMBERED + 1;
    while it.store.forget_expired(later).await.unwrap() {}
    assert_eq!(it.accept_at(&event, later).await, Accepted::Applied);
    assert_eq!(
        it.due().await.len(),
        1,
        "the message was not delivered yet, and is in the outbox once"
    );
}

async fn an_event_that_is_quarantined_again_leaves_both_records(place: Place) {
    let it = Fixture::new(place).await;
    let mut cheap = succeeded(&it.order().await, "evt_1");
    cheap["data"]["object"]["amount"] = json!(1);
    it.accept(&cheap).await;
    assert!(it.store.release("evt_1").await.unwrap());

    assert_eq!(it.accept_at(&cheap, NOW + 1).await, Accepted::Quarantined);

    let events = it.store.quarantined().await.unwrap();
    let times: Vec<i64> = events.iter().map(|event| event.at).collect();
    assert_eq!(times, [NOW, NOW + 1]);
    let expected = QuarantineSize {
        quarantined: Count {
            number: 2,
            is_capped: false,
        },
        latest: Some(NOW + 1),
    };
    assert_eq!(it.store.quarantine_size().await.unwrap(), expected);
}

async fn a_refund_that_names_no_order_finds_it_by_its_intent(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    it.accept(&succeeded(&order, "evt_1")).await;
    let refund = json!({
        "id": "evt_2", "object": "event", "type": "refund.created", "created": NOW,
        "livemode": false, "data": { "object": {
            "id": "re_1", "amount": 1500, "currency": "usd", "status": "succeeded",
            "payment_intent": "pi_1",
        } },
    });

    assert_eq!(it.accept(&refund).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Refunded);
}

async fn an_intent_that_its_event_stored_is_the_orders_own(place: Place) {
    let it = Fixture::new(place).await;
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };
    it.accept(&succeeded(&order, "evt_1")).await;

    let updated = it
        .store
        .update_payment(order.id(), intent("pi_2"), NOW)
        .await;
    assert_eq!(updated.unwrap().unwrap().intent(), Some("pi_1"));
    // Found by the intent, since this metadata names another order.
    let mut moved = succeeded(&order, "evt_2");
    moved["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_2");
    assert_eq!(it.accept(&moved).await, Accepted::Applied);
    assert_eq!(it.due().await.len(), 1, "paid once");
}
