//! SQLite's alone: the file.

use super::*;

fn path(it: &Fixture) -> &std::path::Path {
    let Some(DatabaseUrl::Sqlite(path)) = &it.config.store.location else {
        panic!("a file")
    };
    path
}

#[tokio::test]
async fn a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let it = Fixture::new(Place::Sqlite).await;
    let mode = std::fs::metadata(path(&it)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_connections_that_open_a_new_file_at_once_agree() {
    let it = Fixture::new(Place::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = it.config.clone();
    config.store.location = Some(DatabaseUrl::Sqlite(folder.path().join("new.sqlite")));
    let opened = (0..8).map(|_| {
        let config = config.clone();
        tokio::spawn(async move { open(&config).await })
    });

    let mut stores = Vec::new();
    for put in opened.collect::<Vec<_>>() {
        stores.push(put.await.unwrap().unwrap());
    }
    let deployment = stores[0].deployment().unwrap();
    for store in &stores {
        assert_eq!(store.deployment().unwrap(), deployment, "one file, one id");
    }
    // All others find what one writes.
    let asked = put("o_1", "ada", 1500, None);
    let opened = stores[0].put_order(asked, NOW).await.unwrap();
    let PutOrderOutcome::Order(order) = opened else {
        panic!("refused")
    };
    for store in &stores {
        assert_eq!(
            store.order(order.id()).await.unwrap().as_ref(),
            Some(&*order)
        );
    }
}

/// Turns a file into one of schema 6, whose tables and states had other names.
const FORMER_NAMES: &str = "
    ALTER TABLE idempotency_records RENAME TO operations;
    ALTER TABLE cursors RENAME TO marks;
    DROP INDEX rate_limits_by_age;
    ALTER TABLE rate_limits RENAME TO admissions;
    CREATE INDEX admissions_by_age ON admissions (expires_at);
    DROP INDEX outbox_due;
    DROP INDEX outbox_delivered;
    DROP INDEX outbox_dead_lettered;
    ALTER TABLE outbox RENAME TO outbox_now;
    CREATE TABLE outbox (
        seq          INTEGER PRIMARY KEY AUTOINCREMENT,
        id           TEXT NOT NULL UNIQUE,
        type         TEXT NOT NULL,
        body         TEXT NOT NULL,
        state        TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'parked')),
        created_at   INTEGER NOT NULL,
        due_at       INTEGER NOT NULL,
        attempts     INTEGER NOT NULL DEFAULT 0,
        delivered_at INTEGER,
        error        TEXT
    ) STRICT;
    INSERT INTO outbox
        SELECT seq, id, type, body, iif(state = 'dead_lettered', 'parked', state), created_at,
               due_at, attempts, delivered_at, error
        FROM outbox_now;
    DROP TABLE outbox_now;
    CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE state = 'due';
    CREATE INDEX outbox_delivered ON outbox (delivered_at) WHERE state = 'delivered';
    CREATE INDEX outbox_parked ON outbox (seq) WHERE state = 'parked';
    PRAGMA user_version = 6;";

#[tokio::test]
async fn what_a_file_of_the_former_names_holds_is_found() {
    let it = Fixture::new(Place::Sqlite).await;
    let order = it.order().await;
    it.accept(&succeeded(&order, "evt_1")).await;
    let [message] = it
        .store
        .lease_due(NOW, 0, 1)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    let id = message.message.id.as_str();
    let dead_lettered = DeliveryOutcome::DeadLettered {
        error: "500".to_owned(),
    };
    it.store
        .record_delivery(id, dead_lettered, NOW)
        .await
        .unwrap();
    it.store.set_cursor("events", "evt_1").await.unwrap();
    let before = rusqlite::Connection::open(path(&it)).unwrap();
    before.execute_batch(FORMER_NAMES).unwrap();

    let store = open(&it.config).await.unwrap();

    let [kept] = store.dead_letters().await.unwrap().try_into().unwrap();
    assert_eq!(kept.message, message.message);
    assert_eq!(
        store.cursor("events").await.unwrap().as_deref(),
        Some("evt_1")
    );
    assert_eq!(store.deployment().unwrap(), it.store.deployment().unwrap());
    assert_eq!(store.redrive(None, NOW).await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let it = Fixture::new(Place::Sqlite).await;
    let newer = rusqlite::Connection::open(path(&it)).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();

    let refused = open(&it.config).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NewerSchema { found: 99, .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn orders_of_a_file_that_was_made_before_they_were_listed_are_listed() {
    let it = Fixture::new(Place::Sqlite).await;
    it.order().await;
    let before = rusqlite::Connection::open(path(&it)).unwrap();
    before.execute_batch(FORMER_NAMES).unwrap();
    let undo = "DROP INDEX orders_by_owner; DROP TABLE customers; DROP TABLE intents;
        PRAGMA user_version = 4;";
    before.execute_batch(undo).unwrap();

    let store = open(&it.config).await.unwrap();

    let ada = CallerId::parse("ada").unwrap();
    let orders = store.orders_of(&ada).await.unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!(store.customer_of(&ada).await.unwrap(), None);
}

#[tokio::test]
async fn intents_of_a_file_that_was_made_before_closed_ones_were_kept_are_known() {
    let it = Fixture::new(Place::Sqlite).await;
    let order = it.order().await;
    let closed = PaymentUpdate::Closed("pi_1".to_owned());
    for note in [closed, intent("pi_2")] {
        it.store
            .update_payment(order.id(), note, NOW)
            .await
            .unwrap();
    }
    let before = rusqlite::Connection::open(path(&it)).unwrap();
    before.execute_batch(FORMER_NAMES).unwrap();
    let undo = "DROP TABLE intents; PRAGMA user_version = 5;";
    before.execute_batch(undo).unwrap();

    let store = open(&it.config).await.unwrap();

    for known in ["pi_1", "pi_2"] {
        assert!(store.knows_intent(known).await.unwrap(), "{known}");
    }
    assert!(!store.knows_intent("pi_3").await.unwrap());
}

#[tokio::test]
async fn a_callers_orders_are_found_by_the_index() {
    let it = Fixture::new(Place::Sqlite).await;
    let connection = rusqlite::Connection::open(path(&it)).unwrap();
    let plan: String = connection
        .query_row(
            "EXPLAIN QUERY PLAN SELECT body, version FROM orders WHERE body ->> '$.owner' = 'ada'
             ORDER BY body ->> '$.created_at' DESC, id DESC LIMIT 50",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("USING INDEX orders_by_owner"), "{plan}");
}
