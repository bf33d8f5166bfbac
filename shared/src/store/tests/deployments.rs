//! Several deployments on one Stripe account: each database has an id of its own, and ignores the
//! objects of others.

use super::{sharing::by_many, *};
use crate::checkout::{AddedParts, DueToday};
use crate::order::Session;

on_every_backend!(
    concurrent_processes_that_open_a_new_database_find_one_id,
    a_database_of_an_earlier_version_gets_an_id_once,
    a_process_that_knows_no_mode_makes_no_id,
    events_of_another_deployments_objects_change_nothing,
    an_object_with_a_stored_id_counts_whatever_deployment_its_metadata_names,
    a_stored_session_pays_its_order_whatever_deployment_its_metadata_names,
    a_database_that_always_had_an_id_pays_no_order_by_metadata_without_a_deployment,
    a_database_of_an_earlier_version_accepts_metadata_without_a_deployment,
    a_refund_is_reserved_under_the_deployments_id,
);

async fn concurrent_processes_that_open_a_new_database_find_one_id(place: Place) {
    let home = place.make().await;
    let config = home.config(&[]);
    let opened = (0..8).map(|_| {
        let config = config.clone();
        tokio::spawn(async move { open(&config).await.unwrap() })
    });
    let mut found = Vec::new();
    for put in opened.collect::<Vec<_>>() {
        found.push(put.await.unwrap().deployment().unwrap().clone());
    }

    assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
    assert!(!found[0].has_unnamed());
    let elsewhere = Fixture::new(place).await;
    assert_ne!(elsewhere.store.deployment().unwrap().id(), found[0].id());
}

async fn a_database_of_an_earlier_version_gets_an_id_once(place: Place) {
    let it = Fixture::new(place).await;
    let before = it.store.deployment().unwrap().clone();
    it.home.forget_deployment().await;

    let found = by_many(&it, 8, |_, store| async move {
        store.deployment().unwrap().clone()
    })
    .await;

    assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
    assert!(found[0].has_unnamed());
    assert_ne!(found[0].id(), before.id());
}

async fn a_process_that_knows_no_mode_makes_no_id(place: Place) {
    let home = place.make().await;
    let without_keys = home.config(&[("STRIPE_SECRET_KEY", "")]);
    let store = open(&without_keys).await.unwrap();
    let none = store.deployment();
    assert!(matches!(none, Err(StoreError::NoDeployment)), "{none:?}");

    let made = open(&home.config(&[])).await.unwrap();
    let found = open(&without_keys).await.unwrap();
    assert_eq!(found.deployment().unwrap(), made.deployment().unwrap());
}

/// `event`, whose object names `deployment`, or none.
fn named(mut event: Value, deployment: Option<&str>) -> Value {
    let object = &mut event["data"]["object"];
    match deployment {
        Some(deployment) => object["metadata"][Deployment::KEY] = json!(deployment),
        None => {
            _ = object["metadata"]
                .as_object_mut()
                .map(|all| all.remove(Deployment::KEY))
        }
    }
    event
}

/// All events about the order `o_1` of another deployment.
fn events_of_another(order: &Order) -> Vec<Value> {
    let paid = succeeded(order, "evt_paid");
    let mut created = succeeded(order, "evt_created");
    created["type"] = json!("payment_intent.created");
    created["data"]["object"]["status"] = json!("requires_payment_method");
    let mut unknown = succeeded(order, "evt_unknown");
    unknown["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_9");
    let mut completed = succeeded(order, "evt_session");
    completed["type"] = json!("checkout.session.completed");
    let session = &mut completed["data"]["object"];
    session["id"] = json!("cs_9");
    session["payment_status"] = json!("paid");
    session["payment_intent"] = json!("pi_9");
    let of_intent = |id: &str, kind: &str, object: Value| {
        let mut event = other(id, kind);
        event["data"]["object"] = object;
        event
    };
    let refund = json!({ "id": "re_9", "amount": 1, "currency": "usd", "status": "succeeded",
        "payment_intent": "pi_9" });
    let charge = json!({ "id": "ch_9", "amount": 1500, "amount_refunded": 1, "currency": "usd",
        "payment_intent": "pi_9" });
    vec![
        paid,
        created,
        unknown,
        completed,
        of_intent("evt_refund", "refund.created", refund),
        of_intent("evt_charge", "charge.refunded", charge),
        of_intent("evt_odd", "payment_intent.succeeded", json!({ "id": 7 })),
        of_intent("evt_customer", "customer.created", json!({ "id": "cus_9" })),
    ]
}

async fn events_of_another_deployments_objects_change_nothing(place: Place) {
    let it = Fixture::forwarding(place, "*").await;
    // The order does not have its intent yet.
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };
    for event in events_of_another(&order) {
        let event = named(event, Some("dep_another"));
        for _ in 0..2 {
            let accepted = it.accept_as_it_is(&event, NOW).await;
            assert_eq!(accepted, Accepted::OtherDeployment, "{event}");
        }
    }

    assert_eq!(it.store.order(order.id()).await.unwrap(), Some(*order));
    assert!(it.store.quarantined().await.unwrap().is_empty());
    assert!(it.due().await.is_empty());
}

async fn an_object_with_a_stored_id_counts_whatever_deployment_its_metadata_names(place: Place) {
    for deployment in [Some("dep_another"), None] {
        let it = Fixture::new(place).await;
        let order = it.order().await;
        let paid = named(succeeded(&order, "evt_1"), deployment);
        assert_eq!(it.accept_as_it_is(&paid, NOW).await, Accepted::Applied);
        assert_eq!(it.status().await, Status::Paid);

        let mut refund = other("evt_2", "refund.created");
        refund["data"]["object"] = json!({ "id": "re_1", "amount": 1500, "currency": "usd",
            "status": "succeeded", "payment_intent": "pi_1" });
        let refund = named(refund, deployment);
        assert_eq!(it.accept_as_it_is(&refund, NOW).await, Accepted::Applied);
        assert_eq!(it.status().await, Status::Refunded);
    }
}

/// The order `o_1` with an open Checkout Session, and the event that this session is paid.
async fn with_session(it: &Fixture) -> (Order, Value) {
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };
    let session = Session {
        id: "cs_1".to_owned(),
        contents: order.revision().digest.clone(),
        returns: String::new(),
        allows: AddedParts::default(),
        due: DueToday::All,
    };
    let updated = it
        .store
        .update_payment(
            order.id(),
            PaymentUpdate::Session(session, 0, order.owner().clone()),
            NOW,
        )
        .await;
    let order = updated.unwrap().unwrap();
    let mut completed = succeeded(&order, "evt_session");
    completed["type"] = json!("checkout.session.completed");
    let session = &mut completed["data"]["object"];
    session["id"] = json!("cs_1");
    session["status"] = json!("complete");
    session["payment_status"] = json!("paid");
    session["amount_total"] = json!(1500);
    session["payment_intent"] = json!("pi_1");
    session["metadata"][IntentKeys::PAGE] = json!("0");
    (order, completed)
}

async fn a_stored_session_pays_its_order_whatever_deployment_its_metadata_names(place: Place) {
    for deployment in [Some("dep_another"), None] {
        let it = Fixture::new(place).await;
        let (_, completed) = with_session(&it).await;
        let completed = named(completed, deployment);
        assert_eq!(it.accept_as_it_is(&completed, NOW).await, Accepted::Applied);
        assert_eq!(it.status().await, Status::Paid);
    }
}

async fn a_database_that_always_had_an_id_pays_no_order_by_metadata_without_a_deployment(
    place: Place,
) {
    let it = Fixture::new(place).await;
    let PutOrderOutcome::Order(order) = it.open(put("o_1", "ada", 1500, None)).await else {
        panic!("refused")
    };
    let mut created = named(succeeded(&order, "evt_1"), None);
    created["data"]["object"]["status"] = json!("processing");
    let mut unknown = named(succeeded(&order, "evt_2"), None);
    unknown["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_9");
    for event in [created, unknown] {
        let accepted = it.accept_as_it_is(&event, NOW).await;
        assert_eq!(accepted, Accepted::OtherDeployment, "{event}");
    }
    // Money moved in the name of an existing order: an operator has to look.
    let paid = named(succeeded(&order, "evt_3"), None);
    assert_eq!(it.accept_as_it_is(&paid, NOW).await, Accepted::Quarantined);

    assert_eq!(it.status().await, Status::Created);
    assert_eq!(it.store.quarantined().await.unwrap().len(), 1);
}

async fn a_database_of_an_earlier_version_accepts_metadata_without_a_deployment(place: Place) {
    let mut it = Fixture::new(place).await;
    let (order, _) = with_session(&it).await;
    it.home.forget_deployment().await;
    it.store = open(&it.config).await.unwrap();

    // The Checkout Session created its intent itself, which the order does not have yet.
    let mut paid = named(succeeded(&order, "evt_1"), None);
    paid["data"]["object"]["metadata"][IntentKeys::PAGE] = json!("0");
    assert_eq!(it.accept_as_it_is(&paid, NOW).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Paid);
    // An order that a restored backup lacks.
    let mut lost = named(succeeded(&order, "evt_2"), None);
    lost["data"]["object"]["id"] = json!("pi_2");
    lost["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_9");
    assert_eq!(it.accept_as_it_is(&lost, NOW).await, Accepted::Quarantined);
    let mut anothers = named(lost, Some("dep_another"));
    anothers["id"] = json!("evt_3");
    let accepted = it.accept_as_it_is(&anothers, NOW).await;
    assert_eq!(accepted, Accepted::OtherDeployment);
}

async fn a_refund_is_reserved_under_the_deployments_id(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let request = it.reserved("k1", 500).await;
    let id = it.store.deployment().unwrap().id();
    assert_eq!(request.deployment(), Some(id));
}
