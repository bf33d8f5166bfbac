//! Many connections on one file, as of several processes.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_connections_that_open_a_new_file_at_once_agree() {
    let it = Fixture::new().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = it.config.clone();
    config.ledger = Some(LedgerLocation::Sqlite(folder.path().join("new.sqlite")));
    let opened = (0..8).map(|_| {
        let config = config.clone();
        tokio::spawn(async move { Ledger::open(&config).await.map(|_| ()) })
    });

    for opening in opened.collect::<Vec<_>>() {
        opening.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_deliveries_of_one_payment_through_many_connections_have_one_effect() {
    let it = Fixture::new().await;
    let order = it.order().await;
    let mut deliveries = Vec::new();
    for n in 0..64 {
        let (config, event) = (
            it.config.clone(),
            succeeded(&order, &format!("evt_{}", n % 2)),
        );
        deliveries.push(tokio::spawn(async move {
            let ledger = Ledger::open(&config).await.unwrap();
            let event = Event::parse(event.to_string().as_bytes()).unwrap();
            ledger.accept(event, NOW).await.unwrap()
        }));
    }
    let mut applied = 0;
    for delivery in deliveries {
        applied += usize::from(delivery.await.unwrap() == Accepted::Applied);
    }

    assert_eq!(applied, 2, "two events, each taken once");
    assert_eq!(it.due().await.len(), 1);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let it = Fixture::new().await;
    let Some(LedgerLocation::Sqlite(path)) = &it.config.ledger else {
        panic!("a file")
    };
    let newer = rusqlite::Connection::open(path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();

    let refused = Ledger::open(&it.config).await.unwrap_err();
    assert!(
        matches!(refused, Failure::NewerSchema { found: 99, .. }),
        "{refused}"
    );
}
