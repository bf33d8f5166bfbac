//! Orders and their idempotency records.

use super::*;
use crate::checkout::{AddedParts, DueToday};
use crate::order::{PaymentUpdate, ReviseError, Session};

on_every_backend!(
    an_earlier_operation_is_found_by_its_key,
    an_operation_that_changes_nothing_is_remembered,
    an_intent_pays_one_order,
    an_order_that_grew_too_large_takes_no_new_contents_and_is_paid_all_the_same,
    one_key_opens_one_order_and_refuses_other_contents,
    another_callers_order_is_not_found,
    an_order_that_the_site_signs_for_another_caller_moves_to_them,
    a_token_signed_earlier_moves_no_order_back,
    a_paid_order_stays_its_owners,
    an_order_keeps_its_first_intent,
    an_order_that_a_session_paid_is_found_by_the_sessions_intent,
    of_concurrent_intents_and_sessions_one_is_stored,
    a_session_pays_its_order_with_the_parts_that_it_added_and_names_the_payer,
);

async fn one_key_opens_one_order_and_refuses_other_contents(place: Place) {
    let it = Fixture::new(place).await;
    let first = it.open(put("o_1", "ada", 1500, Some("key"))).await;

    assert_eq!(it.open(put("o_1", "ada", 1500, Some("key"))).await, first);
    let reused = it.open(put("o_1", "ada", 9900, Some("key"))).await;
    assert_eq!(
        reused,
        PutOrderOutcome::Refused(PutOrderRejection::KeyReused)
    );
    let PutOrderOutcome::Order(changed) = it.open(put("o_1", "ada", 9900, Some("key-2"))).await
    else {
        panic!("refused")
    };
    assert_eq!(changed.revision().contents.amount().minor_units(), 9900);
}

async fn another_callers_order_is_not_found(place: Place) {
    let it = Fixture::new(place).await;
    it.order().await;

    let theirs = it.open(put("o_1", "bob", 1500, None)).await;
    assert_eq!(
        theirs,
        PutOrderOutcome::Refused(PutOrderRejection::NotFound)
    );
    let mut missing = put("o_2", "ada", 1500, None);
    missing.must_exist = true;
    assert_eq!(
        it.open(missing).await,
        PutOrderOutcome::Refused(PutOrderRejection::NotFound)
    );
}

async fn an_order_that_the_site_signs_for_another_caller_moves_to_them(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let ada = order.owner().clone();
    let signed = |owner: &str, previous: Option<&CallerId>, key| {
        let mut put = put("o_1", owner, 1500, key);
        put.previous_owner = previous.cloned();
        put
    };
    let stranger = CallerId::parse("stranger").unwrap();
    let not_ada = it.open(signed("bob", Some(&stranger), None)).await;
    assert_eq!(
        not_ada,
        PutOrderOutcome::Refused(PutOrderRejection::NotFound)
    );

    let PutOrderOutcome::Order(moved) = it.open(signed("bob", Some(&ada), Some("key"))).await
    else {
        panic!("refused")
    };

    let bob = moved.owner().clone();
    assert_eq!((bob.as_str(), moved.intent()), ("bob", Some("pi_1")));
    assert!(moved.is_of_previous_owner());
    assert_eq!(it.orders_of("ada").await, []);
    assert_eq!(it.orders_of("bob").await, [*moved.clone()]);
    let not_theirs = it.open(signed("ada", None, None)).await;
    assert_eq!(
        not_theirs,
        PutOrderOutcome::Refused(PutOrderRejection::NotFound)
    );
    let again = it.open(signed("bob", Some(&ada), Some("key"))).await;
    assert_eq!(again, PutOrderOutcome::Order(moved));
    // Stripe's events about the earlier intent name ada.
    let paid = it.accept(&succeeded(&order, "evt_1")).await;
    assert_eq!((paid, it.status().await), (Accepted::Applied, Status::Paid));
}

async fn a_token_signed_earlier_moves_no_order_back(place: Place) {
    let it = Fixture::new(place).await;
    let ada = it.order().await.owner().clone();
    let bob = CallerId::parse("bob").unwrap();
    let signed = |minor_units, owner: &CallerId, previous: &CallerId| {
        let mut put = put("o_1", owner.as_str(), minor_units, None);
        put.previous_owner = Some(previous.clone());
        put
    };
    for moved in [signed(1600, &bob, &ada), signed(1700, &ada, &bob)] {
        assert!(matches!(it.open(moved).await, PutOrderOutcome::Order(_)));
    }

    let replayed = it.open(signed(1600, &bob, &ada)).await;

    assert_eq!(
        replayed,
        PutOrderOutcome::Refused(PutOrderRejection::NotFound)
    );
    assert_eq!(it.orders_of("ada").await.len(), 1);
}

async fn a_paid_order_stays_its_owners(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    it.accept(&succeeded(&order, "evt_1")).await;
    let mut signed = put("o_1", "bob", 1500, None);
    signed.previous_owner = Some(order.owner().clone());

    let refused = it.open(signed).await;

    assert_eq!(
        refused,
        PutOrderOutcome::Refused(PutOrderRejection::Revise(ReviseError::Paid))
    );
    let kept = it.store.order(order.id()).await.unwrap().unwrap();
    assert_eq!(kept.owner(), order.owner());
}

async fn an_order_keeps_its_first_intent(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;

    let again = it
        .store
        .update_payment(order.id(), intent("pi_2"), NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.intent(), Some("pi_1"));
}

async fn an_earlier_operation_is_found_by_its_key(place: Place) {
    let it = Fixture::new(place).await;
    let asked = put("o_1", "ada", 1500, Some("key"));
    let operation = asked.operation.clone().unwrap();
    assert_eq!(it.store.replay(&operation).await.unwrap(), None);

    let opened = it.open(asked).await;
    assert_eq!(it.store.replay(&operation).await.unwrap(), Some(opened));
    let reused = put("o_1", "ada", 9900, Some("key")).operation.unwrap();
    assert_eq!(
        it.store.replay(&reused).await.unwrap(),
        Some(PutOrderOutcome::Refused(PutOrderRejection::KeyReused))
    );
}

async fn an_operation_that_changes_nothing_is_remembered(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let asked = put("o_1", "ada", 1500, Some("key"));
    let operation = asked.operation.clone().unwrap();

    assert_eq!(
        it.open(asked).await,
        PutOrderOutcome::Order(Box::new(order.clone()))
    );
    let replayed = it.store.replay(&operation).await.unwrap();
    assert_eq!(replayed, Some(PutOrderOutcome::Order(Box::new(order))));
}

async fn an_intent_pays_one_order(place: Place) {
    let it = Fixture::new(place).await;
    it.order().await;
    let PutOrderOutcome::Order(other) = it.open(put("o_2", "ada", 1500, None)).await else {
        panic!("refused")
    };

    let refused = it
        .store
        .update_payment(other.id(), intent("pi_1"), NOW)
        .await;
    assert!(
        matches!(refused, Err(StoreError::IntentTaken)),
        "{refused:?}"
    );
    let other = it.store.order(other.id()).await.unwrap().unwrap();
    assert_eq!(other.intent(), None);
}

async fn an_order_that_grew_too_large_takes_no_new_contents_and_is_paid_all_the_same(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    let large = |n: i64| {
        let mut put = put("o_1", "ada", 1500, None);
        let value = "\u{1f600}".repeat(500);
        let metadata = (0..45).map(|key| (format!("key_{key}_{n}"), value.clone()));
        put.contents =
            OrderDetails::signed(put.contents.amount(), None, metadata.collect(), NOW + n).unwrap();
        put
    };

    let mut refused = None;
    for n in 1..10 {
        if let PutOrderOutcome::Refused(refusal) = it.open(large(n)).await {
            refused = Some((n, refusal));
            break;
        }
    }

    let too_large = PutOrderRejection::Revise(crate::order::ReviseError::TooManyRevisions);
    assert_eq!(refused, Some((4, too_large)), "four would be 360 KB");
    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    assert_eq!(it.status().await, Status::Paid);
}

/// The update that a Checkout Session, the `n`th, is the order's active payment.
fn session(order: &Order, n: usize) -> PaymentUpdate {
    let session = Session {
        id: format!("cs_{n}"),
        contents: order.revision().digest.clone(),
        returns: "r".to_owned(),
        allows: AddedParts::default(),
        due: DueToday::All,
    };
    PaymentUpdate::Session(session, order.attempt_number(), order.owner().clone())
}

async fn an_order_that_a_session_paid_is_found_by_the_sessions_intent(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    for update in [
        PaymentUpdate::Closing("pi_1".to_owned()),
        PaymentUpdate::Closed("pi_1".to_owned()),
    ] {
        it.store
            .update_payment(order.id(), update, NOW)
            .await
            .unwrap();
    }
    let order = it.store.order(order.id()).await.unwrap().unwrap();
    let updated = it
        .store
        .update_payment(order.id(), session(&order, 1), NOW)
        .await;
    assert_eq!(updated.unwrap().unwrap().intent(), None);

    let mut paid = succeeded(&order, "evt_1");
    let of_session = &mut paid["data"]["object"];
    of_session["id"] = json!("pi_of_session");
    of_session["metadata"][IntentKeys::PAGE] = json!("1");
    assert_eq!(it.accept(&paid).await, Accepted::Applied);
    assert!(it.store.knows_intent("pi_of_session").await.unwrap());
    let dispute = json!({
        "id": "evt_2", "object": "event", "type": "charge.dispute.created", "created": NOW,
        "livemode": false, "data": { "object": {
            "id": "dp_1", "status": "needs_response", "payment_intent": "pi_of_session",
        } },
    });
    assert_eq!(it.accept(&dispute).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Disputed);
    assert!(!it.store.knows_intent("pi_other").await.unwrap());
}

async fn of_concurrent_intents_and_sessions_one_is_stored(place: Place) {
    let it = Fixture::new(place).await;
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };
    let updated = sharing::by_many(&it, 16, |n, store| {
        let (id, update) = (order.id().clone(), session(&order, n));
        async move {
            let update = match n % 2 {
                0 => intent(&format!("pi_{n}")),
                _ => update,
            };
            store
                .update_payment(&id, update, NOW)
                .await
                .unwrap()
                .unwrap()
        }
    })
    .await;
    assert!(updated[0].active_payment().is_some());
    assert!(updated.iter().all(|one| *one == updated[0]), "{updated:?}");
}

async fn a_session_pays_its_order_with_the_parts_that_it_added_and_names_the_payer(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.open(put("o_1", "ada", 1500, None)).await;
    let PutOrderOutcome::Order(order) = order else {
        panic!("{order:?}")
    };
    let PaymentUpdate::Session(open, number, owner) = session(&order, 1) else {
        unreachable!()
    };
    let allows = AddedParts {
        discount: true,
        tax: true,
        shipping: true,
    };
    let update = PaymentUpdate::Session(Session { allows, ..open }, number, owner);
    it.store
        .update_payment(order.id(), update, NOW)
        .await
        .unwrap();
    let mut paid = succeeded(&order, "evt_1");
    paid["type"] = json!("checkout.session.completed");
    let session = &mut paid["data"]["object"];
    session["metadata"][IntentKeys::PAGE] = json!("0");
    let metadata = session["metadata"].clone();
    *session = json!({ "id": "cs_1", "payment_intent": "pi_of_session", "status": "complete",
        "payment_status": "paid", "currency": "usd", "metadata": metadata,
        "amount_subtotal": 1500, "amount_total": 1934, "total_details": {
            "amount_discount": 375, "amount_shipping": 500, "amount_tax": 309 },
        "customer_details": { "email": "ada@example.com", "name": "Ada Lovelace" } });
    assert_eq!(it.accept(&paid).await, Accepted::Applied);

    let amounts = json!({ "subtotal": 1500, "discount": 375, "tax": 309, "shipping": 500,
        "total": 1934, "refunded": 0, "refundPending": 0, "disputed": 0 });
    let stored = it.store.order(order.id()).await.unwrap().unwrap();
    assert_eq!(json!(stored.amounts()), amounts);
    let [message] = &it.due().await[..] else {
        panic!("not exactly one")
    };
    let body: Value = serde_json::from_str(&message.message.body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["amounts"]),
        (&json!("order.paid"), &amounts)
    );
    assert_eq!(body["data"]["payer"]["email"], "ada@example.com");
}
