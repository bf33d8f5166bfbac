//! The outbox: a message leaves it only after its delivery.

use super::*;

on_every_backend!(
    a_message_leased_by_its_id_is_not_leased_again_before_the_lease_ends,
    a_new_message_of_a_clock_that_is_ahead_is_leased_by_its_id,
    only_a_due_message_is_leased_by_its_id,
    due_messages_are_leased_the_oldest_first,
    dead_letters_are_listed_the_oldest_first_and_all_redriven,
    a_delivered_message_is_not_sent_again,
    a_jobs_cursor_is_stored,
    a_leased_message_is_due_again_when_its_lease_ends,
    a_message_leaves_the_outbox_only_when_it_was_delivered,
    deliveries_with_different_outcomes_are_recorded_together,
    a_late_failure_changes_no_message_that_left_the_queue,
    the_time_of_the_oldest_undelivered_message_is_known,
    due_messages_and_dead_letters_are_counted,
    a_count_ends_at_a_hundred,
    an_accepted_event_names_the_messages_that_it_appended,
    a_hundred_messages_are_appended_together_and_each_once,
    a_message_with_usage_is_read_as_it_was_written,
);

pub(super) fn usage(n: usize) -> MeterEvent {
    MeterEvent {
        meter: "requests".to_owned(),
        customer: CallerId::parse("ada").unwrap(),
        stripe_customer: "cus_1".to_owned(),
        value: n.to_string(),
        identifier: format!("use-{n}"),
        timestamp: NOW,
    }
}

async fn a_hundred_messages_are_appended_together_and_each_once(place: Place) {
    let it = Fixture::new(place).await;
    let messages: Vec<Message> = (0..100)
        .map(|n| Message::of_usage(&usage(n), NOW))
        .collect();
    it.store.append_messages(&messages[..3], NOW).await.unwrap();
    let delivered = &messages[0].id;
    let leased = it.store.lease(delivered, NOW, 60).await.unwrap();
    assert_eq!(leased.unwrap().message, messages[0]);
    it.store
        .record_delivery(delivered, DeliveryOutcome::Delivered, NOW)
        .await
        .unwrap();

    it.store.append_messages(&messages, NOW + 1).await.unwrap();
    it.store.append_messages(&messages, NOW + 2).await.unwrap();

    let due = it.store.lease_due(NOW + 9, 3_600, 200).await.unwrap();
    let mut due: Vec<String> = due.into_iter().map(|queued| queued.message.id).collect();
    due.sort();
    let mut expected: Vec<String> = messages[1..].iter().map(|one| one.id.clone()).collect();
    expected.sort();
    assert_eq!(due, expected, "all but the one that was delivered");
}

async fn a_message_with_usage_is_read_as_it_was_written(place: Place) {
    let it = Fixture::new(place).await;
    let message = Message::of_usage(&usage(7), NOW);
    it.store.append_messages(&[message], NOW).await.unwrap();
    it.accept(&other("evt_1", "customer.created")).await;

    let due = it.due().await;

    let read: Vec<_> = due.iter().map(|queued| queued.message.usage()).collect();
    assert!(read.contains(&Some(usage(7))), "{read:?}");
    assert!(read.contains(&None), "an event is no usage");
}

async fn an_accepted_event_names_the_messages_that_it_appended(place: Place) {
    let it = Fixture::new(place).await;
    let event = other("evt_1", "customer.created").to_string();
    let event = Event::parse(event.as_bytes()).unwrap();

    let first = it.store.accept(event.clone(), NOW).await.unwrap();
    let again = it.store.accept(event, NOW).await.unwrap();

    let due = it.due().await.into_iter();
    let ids: Vec<String> = due.map(|queued| queued.message.id).collect();
    assert_eq!((first.messages, ids.len()), (ids, 1));
    assert!(again.messages.is_empty(), "a duplicate appends nothing");
}

async fn the_time_of_the_oldest_undelivered_message_is_known(place: Place) {
    let it = Fixture::new(place).await;
    assert_eq!(it.store.oldest_undelivered().await.unwrap(), None);
    for (n, event) in (0..).zip(["evt_1", "evt_2", "evt_3"]) {
        let event = other(event, "customer.created").to_string();
        let event = Event::parse(event.as_bytes()).unwrap();
        it.store.accept(event, NOW + n).await.unwrap();
    }
    let due = it.store.lease_due(NOW + 9, 3_600, 1).await.unwrap();
    let oldest = &due[0].message.id;

    let under_way = it.store.oldest_undelivered().await.unwrap();
    assert_eq!(under_way, Some(NOW), "a lease delivers nothing");
    let delivered = DeliveryOutcome::Delivered;
    it.store
        .record_delivery(oldest, delivered, NOW + 9)
        .await
        .unwrap();
    assert_eq!(it.store.oldest_undelivered().await.unwrap(), Some(NOW + 1));
}

async fn a_leased_message_is_due_again_when_its_lease_ends(place: Place) {
    let it = Fixture::new(place).await;
    it.accept(&other("evt_1", "customer.created")).await;

    let leased = it.store.lease_due(NOW, 60, 10).await.unwrap();
    assert_eq!(leased.len(), 1);
    assert!(
        it.store
            .lease_due(NOW + 59, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let again = it.store.lease_due(NOW + 60, 60, 10).await.unwrap();
    assert_eq!(again[0].message, leased[0].message);
    assert_eq!(again[0].attempts, 1);
}

async fn a_message_leaves_the_outbox_only_when_it_was_delivered(place: Place) {
    let it = Fixture::new(place).await;
    it.accept(&other("evt_1", "customer.created")).await;
    let id = it.due().await[0].message.id.clone();

    let again = DeliveryOutcome::Again {
        due_at: NOW + 5,
        error: "500".to_owned(),
    };
    it.store.record_delivery(&id, again, NOW).await.unwrap();
    assert!(
        it.store
            .lease_due(NOW + 4, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(it.store.lease_due(NOW + 5, 60, 10).await.unwrap().len(), 1);

    let dead_lettered = DeliveryOutcome::DeadLettered {
        error: "500".to_owned(),
    };
    it.store
        .record_delivery(&id, dead_lettered, NOW)
        .await
        .unwrap();
    assert!(
        it.store
            .lease_due(NOW + 9_999, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        it.store.dead_letters().await.unwrap()[0].error.as_deref(),
        Some("500")
    );

    assert_eq!(it.store.redrive(Some("msg_other"), NOW).await.unwrap(), 0);
    assert_eq!(it.store.redrive(Some(&id), NOW).await.unwrap(), 1);
    assert_eq!(it.due().await.len(), 1);
    it.store
        .record_delivery(&id, DeliveryOutcome::Delivered, NOW)
        .await
        .unwrap();
    assert!(
        it.store
            .lease_due(NOW + 9_999, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(it.store.dead_letters().await.unwrap().is_empty());
}

async fn deliveries_with_different_outcomes_are_recorded_together(place: Place) {
    let it = Fixture::new(place).await;
    for n in 0..5 {
        let event = event(&format!("evt_{n}"));
        it.store.accept(event, NOW + n).await.unwrap();
    }
    let leased = it.store.lease_due(NOW + 9, 60, 10).await.unwrap();
    let id = |n: usize| leased[n].message.id.clone();

    let outcomes = [
        (id(0), DeliveryOutcome::Delivered),
        (id(1), again(NOW + 20, "503")),
        ("msg_unknown".to_owned(), DeliveryOutcome::Delivered),
        (id(2), DeliveryOutcome::Delivered),
        (id(3), dead_lettered("4\u{0}10")),
    ];
    it.store.record_deliveries(&[], NOW + 9).await.unwrap();
    it.store
        .record_deliveries(&outcomes, NOW + 9)
        .await
        .unwrap();

    let retried = it.store.lease_due(NOW + 20, 60, 10).await.unwrap();
    assert_eq!(id_of(&retried), [id(1)]);
    assert_eq!(retried[0].error.as_deref(), Some("503"));
    let parked = it.store.dead_letters().await.unwrap();
    assert_eq!(id_of(&parked), [id(3)]);
    assert!(parked[0].error.as_deref().unwrap().ends_with("10"));
    let unrecorded = it.store.lease_due(NOW + 69, 60, 10).await.unwrap();
    assert_eq!(id_of(&unrecorded), [id(4)], "its lease ended");
    let later = it.store.lease_due(NOW + 999, 60, 10).await.unwrap();
    assert_eq!(later.len(), 2, "the delivered ones are gone: {later:?}");
}

async fn a_late_failure_changes_no_message_that_left_the_queue(place: Place) {
    let it = Fixture::new(place).await;
    let parked = message(&it).await;
    it.store.accept(event("evt_2"), NOW).await.unwrap();
    let delivered = Message::of_event(&event("evt_2"), NOW).id;
    let outcomes = [
        (parked.clone(), dead_lettered("410")),
        (delivered.clone(), DeliveryOutcome::Delivered),
    ];
    it.store.record_deliveries(&outcomes, NOW).await.unwrap();

    let late = [
        (delivered, again(NOW, "500")),
        (parked.clone(), again(NOW, "500")),
    ];
    it.store.record_deliveries(&late, NOW + 1).await.unwrap();

    assert!(
        it.store
            .lease_due(NOW + 99, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        id_of(&it.store.dead_letters().await.unwrap()),
        [parked.as_str()]
    );
    let acknowledged = [(parked, DeliveryOutcome::Delivered)];
    it.store
        .record_deliveries(&acknowledged, NOW + 2)
        .await
        .unwrap();
    assert!(it.store.dead_letters().await.unwrap().is_empty());
}

fn again(due_at: i64, error: &str) -> DeliveryOutcome {
    let error = error.to_owned();
    DeliveryOutcome::Again { due_at, error }
}

fn dead_lettered(error: &str) -> DeliveryOutcome {
    let error = error.to_owned();
    DeliveryOutcome::DeadLettered { error }
}

fn id_of(due: &[OutboxMessage]) -> Vec<&str> {
    due.iter().map(|l| l.message.id.as_str()).collect()
}

/// The id of the message that forwards `evt_1`, received at `NOW`.
async fn message(it: &Fixture) -> String {
    it.accept(&other("evt_1", "customer.created")).await;
    Message::of_event(&event("evt_1"), NOW).id
}

fn event(id: &str) -> Event {
    let event = other(id, "customer.created").to_string();
    Event::parse(event.as_bytes()).unwrap()
}

async fn a_message_leased_by_its_id_is_not_leased_again_before_the_lease_ends(place: Place) {
    let it = Fixture::new(place).await;
    let id = message(&it).await;

    let leased = it.store.lease(&id, NOW, 60).await.unwrap().unwrap();
    assert_eq!((leased.attempts, leased.created_at), (0, NOW));
    assert_eq!(it.store.lease(&id, NOW + 59, 60).await.unwrap(), None);
    assert!(it.due().await.is_empty());
    let again = it.store.lease(&id, NOW + 60, 60).await.unwrap().unwrap();
    assert_eq!((again.attempts, again.message), (1, leased.message));
}

async fn a_new_message_of_a_clock_that_is_ahead_is_leased_by_its_id(place: Place) {
    let it = Fixture::new(place).await;
    let id = message(&it).await;

    assert!(it.store.lease(&id, NOW - 2, 60).await.unwrap().is_some());
    assert_eq!(it.store.lease(&id, NOW - 2, 60).await.unwrap(), None);
}

async fn only_a_due_message_is_leased_by_its_id(place: Place) {
    let it = Fixture::new(place).await;
    let id = message(&it).await;
    assert_eq!(it.store.lease("msg_other", NOW, 60).await.unwrap(), None);
    it.store.lease(&id, NOW, 60).await.unwrap().unwrap();

    let error = || "500".to_owned();
    let again = DeliveryOutcome::Again {
        due_at: NOW + 5,
        error: error(),
    };
    it.store.record_delivery(&id, again, NOW).await.unwrap();
    assert_eq!(it.store.lease(&id, NOW + 4, 60).await.unwrap(), None);
    let leased = it.store.lease(&id, NOW + 5, 60).await.unwrap().unwrap();
    assert_eq!(leased.error, Some(error()));
    let dead_lettered = DeliveryOutcome::DeadLettered { error: error() };
    it.store
        .record_delivery(&id, dead_lettered, NOW)
        .await
        .unwrap();
    assert_eq!(it.store.lease(&id, NOW + 99, 60).await.unwrap(), None);
    let delivered = DeliveryOutcome::Delivered;
    it.store.record_delivery(&id, delivered, NOW).await.unwrap();
    assert_eq!(it.store.lease(&id, NOW + 99, 60).await.unwrap(), None);
    assert!(it.store.dead_letters().await.unwrap().is_empty());
}

async fn due_messages_are_leased_the_oldest_first(place: Place) {
    let it = Fixture::new(place).await;
    let mut ids = Vec::new();
    for n in 0..30 {
        let event = event(&format!("evt_{n}"));
        ids.push(Message::of_event(&event, NOW).id);
        it.store.accept(event, NOW + n).await.unwrap();
    }

    let some = it.store.lease_due(NOW + 20, 60, 10).await.unwrap();
    assert_eq!(id_of(&some), ids[..10]);
    let rest = it.store.lease_due(NOW + 28, 60, 100).await.unwrap();
    assert_eq!(id_of(&rest), ids[10..29]);
    assert!(
        it.store
            .lease_due(NOW + 28, 60, 100)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn dead_letters_are_listed_the_oldest_first_and_all_redriven(place: Place) {
    let it = Fixture::new(place).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let event = event(&format!("evt_{n}"));
        ids.push(Message::of_event(&event, NOW).id);
        it.store.accept(event, NOW + n).await.unwrap();
    }
    for id in ids.iter().rev() {
        it.store.lease(id, NOW + 9, 60).await.unwrap().unwrap();
        let dead_lettered = DeliveryOutcome::DeadLettered {
            error: "500".to_owned(),
        };
        it.store
            .record_delivery(id, dead_lettered, NOW + 9)
            .await
            .unwrap();
    }

    assert_eq!(id_of(&it.store.dead_letters().await.unwrap()), ids);
    assert_eq!(it.store.redrive(None, NOW + 9).await.unwrap(), 3);
    assert_eq!(it.store.redrive(None, NOW + 9).await.unwrap(), 0);
    let due = it.store.lease_due(NOW + 9, 60, 10).await.unwrap();
    assert_eq!(due.len(), 3);
    assert!(due.iter().all(|queued| queued.attempts == 0));
}

async fn a_delivered_message_is_not_sent_again(place: Place) {
    let it = Fixture::forwarding(place, "payment_intent.*").await;
    let mut cheap = succeeded(&it.order().await, "evt_1");
    cheap["data"]["object"]["amount"] = json!(1);
    it.accept(&cheap).await;
    let id = it.due().await[0].message.id.clone();
    it.store
        .record_delivery(&id, DeliveryOutcome::Delivered, NOW)
        .await
        .unwrap();

    assert!(it.store.release("evt_1").await.unwrap());
    assert_eq!(it.accept(&cheap).await, Accepted::Quarantined);
    assert!(it.due().await.is_empty());
}

async fn a_jobs_cursor_is_stored(place: Place) {
    let it = Fixture::new(place).await;
    assert_eq!(it.store.cursor("reconcile").await.unwrap(), None);
    for value in ["evt_1", "evt_2"] {
        it.store.set_cursor("reconcile", value).await.unwrap();
        let stored = it.store.cursor("reconcile").await.unwrap();
        assert_eq!(stored.as_deref(), Some(value));
    }
    assert_eq!(it.store.cursor("other").await.unwrap(), None);
}

fn counted(number: u32) -> Count {
    Count {
        number,
        is_capped: false,
    }
}

async fn due_messages_and_dead_letters_are_counted(place: Place) {
    let it = Fixture::new(place).await;
    let size = async |due: u32, dead_lettered: u32| {
        let expected = OutboxSize {
            due: counted(due),
            dead_lettered: counted(dead_lettered),
        };
        assert_eq!(it.store.outbox_size().await.unwrap(), expected);
    };
    size(0, 0).await;
    for event in ["evt_1", "evt_2", "evt_3"] {
        it.accept(&other(event, "customer.created")).await;
    }
    size(3, 0).await;
    let due = it.due().await;
    size(3, 0).await;
    let error = || "500".to_owned();
    let outcomes = [
        DeliveryOutcome::Delivered,
        DeliveryOutcome::DeadLettered { error: error() },
        DeliveryOutcome::Again {
            due_at: NOW + 99,
            error: error(),
        },
    ];
    for (queued, outcome) in due.iter().zip(outcomes) {
        let id = &queued.message.id;
        it.store.record_delivery(id, outcome, NOW).await.unwrap();
    }
    size(1, 1).await;
    it.store.redrive(None, NOW).await.unwrap();
    size(2, 0).await;
}

async fn a_count_ends_at_a_hundred(place: Place) {
    let it = Fixture::new(place).await;
    for n in 0..102 {
        it.accept(&other(&format!("evt_{n}"), "customer.created"))
            .await;
        let due = it.store.outbox_size().await.unwrap().due;
        assert_eq!(due.number, (n + 1).min(100));
        assert_eq!(due.is_capped, n >= 100, "{n}");
    }
}
