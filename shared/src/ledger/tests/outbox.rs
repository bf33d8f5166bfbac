//! The outbox: a message leaves it only when it was delivered.

use super::*;

#[tokio::test]
async fn a_message_that_is_taken_comes_back_when_its_lease_ends() {
    let it = Fixture::new().await;
    it.accept(&other("evt_1", "customer.created")).await;

    let taken = it.ledger.take_due(NOW, 60, 10).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(
        it.ledger
            .take_due(NOW + 59, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let again = it.ledger.take_due(NOW + 60, 60, 10).await.unwrap();
    assert_eq!(again[0].message, taken[0].message);
    assert_eq!(again[0].attempts, 1);
}

#[tokio::test]
async fn a_message_leaves_the_outbox_only_when_it_was_delivered() {
    let it = Fixture::new().await;
    it.accept(&other("evt_1", "customer.created")).await;
    let id = it.due().await[0].message.id.clone();

    let again = Settled::Again {
        due_at: NOW + 5,
        error: "500".to_owned(),
    };
    it.ledger.settle(&id, again, NOW).await.unwrap();
    assert!(
        it.ledger
            .take_due(NOW + 4, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(it.ledger.take_due(NOW + 5, 60, 10).await.unwrap().len(), 1);

    let parked = Settled::Parked {
        error: "500".to_owned(),
    };
    it.ledger.settle(&id, parked, NOW).await.unwrap();
    assert!(
        it.ledger
            .take_due(NOW + 9_999, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        it.ledger.parked().await.unwrap()[0].error.as_deref(),
        Some("500")
    );

    assert_eq!(it.ledger.redrive(Some("msg_other"), NOW).await.unwrap(), 0);
    assert_eq!(it.ledger.redrive(Some(&id), NOW).await.unwrap(), 1);
    assert_eq!(it.due().await.len(), 1);
    it.ledger
        .settle(&id, Settled::Delivered, NOW)
        .await
        .unwrap();
    assert!(
        it.ledger
            .take_due(NOW + 9_999, 60, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(it.ledger.parked().await.unwrap().is_empty());
}
