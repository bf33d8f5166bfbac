//! SQLite's alone: the file.

use super::*;
use crate::store::sqlite::{LIST_ALL, LIST_OF_OWNER, MIGRATIONS};

fn path(it: &Fixture) -> &std::path::Path {
    let Some(DatabaseUrl::Sqlite(path)) = &it.config.store.location else {
        panic!("a file")
    };
    path
}

#[tokio::test]
async fn a_new_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let it = Fixture::new(Place::Sqlite).await;
    let mode = std::fs::metadata(path(&it)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_open_a_new_file_at_once_share_its_id_and_its_orders() {
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

#[tokio::test]
async fn a_file_is_opened_while_another_process_writes_to_it() {
    let it = Fixture::new(Place::Sqlite).await;
    let writer = rusqlite::Connection::open(path(&it)).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();

    let store = open(&it.config).await.unwrap();

    assert_eq!(store.deployment().unwrap(), it.store.deployment().unwrap());
}

/// Opens a file of an earlier `version` of the schema, whose tables hold what those of `it` do.
async fn opened_from(it: &Fixture, version: u8) -> Store {
    let earlier = path(it).with_extension("earlier");
    let file = rusqlite::Connection::open(&earlier).unwrap();
    file.execute_batch(&MIGRATIONS[..usize::from(version)].concat())
        .unwrap();
    file.pragma_update(None, "user_version", version).unwrap();
    file.execute("ATTACH ?1 AS now", [path(it).to_str()])
        .unwrap();
    let rows = "
        INSERT INTO orders
            SELECT id, version, intent, status, body, updated_at FROM now.orders;
        INSERT INTO marks SELECT * FROM now.cursors;
        INSERT INTO outbox
            SELECT seq, id, type, body, iif(state = 'dead_lettered', 'parked', state), created_at,
                   due_at, attempts, delivered_at, error
            FROM now.outbox;";
    file.execute_batch(rows).unwrap();
    drop(file);

    let mut config = it.config.clone();
    config.store.location = Some(DatabaseUrl::Sqlite(earlier));
    open(&config).await.unwrap()
}

#[tokio::test]
async fn the_contents_of_a_file_with_the_former_names_are_found() {
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

    let store = opened_from(&it, 6).await;

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

    let store = opened_from(&it, 4).await;

    let ada = CallerId::parse("ada").unwrap();
    let newest = OrderRange::newest(9);
    for list in [
        store.orders_of(&ada, &newest).await.unwrap(),
        store.all_orders(&newest).await.unwrap(),
    ] {
        assert_eq!(list.orders.len(), 1);
    }
    assert_eq!(store.customer_of(&ada).await.unwrap(), None);
}

#[tokio::test]
async fn intents_of_a_file_that_was_made_before_closed_ones_were_kept_are_known() {
    let it = Fixture::new(Place::Sqlite).await;
    let order = it.order().await;
    let closed = PaymentUpdate::Closed("pi_1".to_owned());
    for update in [closed, intent("pi_2")] {
        it.store
            .update_payment(order.id(), update, NOW)
            .await
            .unwrap();
    }

    let store = opened_from(&it, 5).await;

    for known in ["pi_1", "pi_2"] {
        assert!(store.knows_intent(known).await.unwrap(), "{known}");
    }
    assert!(!store.knows_intent("pi_3").await.unwrap());
}

#[tokio::test]
async fn lists_are_read_in_the_order_of_an_index() {
    let it = Fixture::new(Place::Sqlite).await;
    let connection = rusqlite::Connection::open(path(&it)).unwrap();
    for (query, values, index) in [
        (LIST_ALL, 4, "orders_by_age (<expr>>? AND <expr><?)"),
        (
            LIST_OF_OWNER,
            5,
            "orders_by_owner (<expr>=? AND <expr>>? AND <expr><?)",
        ),
    ] {
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
            .unwrap();
        let values = rusqlite::params_from_iter(vec![1; values]);
        let steps = plan.query_map(values, |row| row.get(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert_eq!(steps, [format!("SEARCH orders USING INDEX {index}")]);
    }
}
