//! `farebox backup`: copies that are taken while servers write, and their restore.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Output,
};

use futures_util::{StreamExt as _, stream};
use hyper::{Method, body::Bytes};
use serde_json::Value;
use shared::env::need;
use testing::{Client, Process, Shop};

/// The real program.
const FAREBOX: &str = env!("CARGO_BIN_EXE_farebox");

/// Runs `farebox backup FILE` over `shop`, with `database` in place of its own.
async fn backup_of(shop: &Shop, database: &str, file: &Path) -> Output {
    let mut command = shop.command(FAREBOX);
    let command_line = command.current_dir(shop.folder()).arg("backup").arg(file);
    command_line.env(need::DATABASE_URL, database);
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.unwrap().expect("the program runs")
}

async fn backup(shop: &Shop, file: &Path) -> Output {
    backup_of(shop, &shop.environment()[need::DATABASE_URL], file).await
}

/// The output of a failed run.
#[track_caller]
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The rows of `query`, of one column.
fn rows(file: &Path, query: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut query = connection.prepare(query).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The orders that each part of the copy in `file` counts as paid.
fn paid(file: &Path, order_of: &BTreeMap<String, String>) -> BTreeSet<String> {
    assert_eq!(rows(file, "PRAGMA integrity_check"), ["ok"]);
    let orders = rows(file, "SELECT id FROM orders WHERE status = 'paid'");
    let messages = rows(
        file,
        "SELECT body ->> '$.data.orderId' FROM outbox WHERE type = 'order.paid' ORDER BY 1",
    );
    let events = rows(
        file,
        "SELECT id FROM events WHERE type = 'payment_intent.succeeded'",
    );
    let claimed = events.iter().map(|event| order_of[event].clone());
    let orders: BTreeSet<String> = orders.into_iter().collect();
    assert!(
        orders.iter().eq(&messages),
        "{orders:?} have one message each: {messages:?}"
    );
    assert_eq!(orders, claimed.collect(), "the events are claimed");
    orders
}

/// The reports of the payments of all orders: from the event's id to the order.
fn reports(shop: &Shop) -> BTreeMap<String, String> {
    let events = shop.stripe.events().into_iter();
    let reports = events.filter(|event| event["type"] == "payment_intent.succeeded");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let order = |event: &Value| text(&event["data"]["object"]["metadata"]["farebox_order"]);
    reports
        .map(|event| (text(&event["id"]), order(&event)))
        .collect()
}

/// Delivers `events` to the servers, eight at a time, each event to both.
async fn deliver(shop: &Shop, servers: &[Client], events: &[Value]) {
    let deliveries = servers
        .iter()
        .flat_map(|server| events.iter().map(move |event| (server, event)));
    let deliveries = deliveries.map(|(server, event)| async move {
        let event = Bytes::from(event.to_string());
        let call = server.request().path("/api/webhooks/stripe");
        let call = call.header("stripe-signature", &shop.sign(&event));
        let _ = call.send(Method::POST, event).await.expect(200);
    });
    stream::iter(deliveries)
        .buffer_unordered(8)
        .collect::<()>()
        .await;
}

#[tokio::test]
async fn copies_that_are_taken_in_a_storm_of_events_are_consistent_and_complete() {
    const ORDERS: usize = 60;
    let shop = Shop::open().await;
    let serve =
        |shop: &Shop| Process::start_with(FAREBOX, &["serve", "--bind", "127.0.0.1:0"], shop);
    let servers = [serve(&shop), serve(&shop)];
    let clients = servers
        .each_ref()
        .map(|server| Client::at(server.address()));
    for n in 0..ORDERS {
        let intent = shop.open_order(&format!("o_{n}")).await;
        shop.stripe.confirm(&intent, "pm_card_visa").await.unwrap();
    }
    let order_of = reports(&shop);
    let mut events = shop.stripe.events();
    fastrand::shuffle(&mut events);

    let mut copies: Vec<PathBuf> = Vec::new();
    let mut before = BTreeSet::new();
    for wave in events.chunks(events.len() / 6) {
        let copy = shop.folder().join(format!("copy-{}.sqlite", copies.len()));
        let (output, ()) = tokio::join!(backup(&shop, &copy), deliver(&shop, &clients, wave));
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        let expected = format!("wrote {}: {ORDERS} orders, ", copy.display());
        assert!(said.starts_with(&expected), "{said}");

        let found = paid(&copy, &order_of);
        assert!(
            found.is_superset(&before),
            "{before:?} were accepted before"
        );
        let accepted = wave
            .iter()
            .filter_map(|event| order_of.get(event["id"].as_str()?));
        before.extend(accepted.cloned());
        copies.push(copy);
    }
    assert_eq!(before.len(), ORDERS);

    // The first copy is the oldest: Stripe sends it the events that it lacks.
    for copy in [copies.first().unwrap(), copies.last().unwrap()] {
        let restored = shop.open_restored(copy).await;
        assert_eq!(
            restored.store.deployment().unwrap(),
            shop.store.deployment().unwrap()
        );
        let server = serve(&restored);
        deliver(&restored, &[Client::at(server.address())], &events).await;
        for n in 0..ORDERS {
            assert_eq!(restored.status(&format!("o_{n}")).await, "paid", "o_{n}");
        }
        assert!(server.terminate(), "it stops well");
        assert_eq!(paid(copy, &order_of).len(), ORDERS);
    }
}

#[tokio::test]
async fn a_copy_is_its_owners_alone_and_never_overwrites() {
    let shop = Shop::open().await;
    shop.paid_order("o_1", 1500, "usd").await;
    let copy = shop.folder().join("copy.sqlite");

    let first = backup(&shop, &copy).await;
    assert!(first.status.success(), "{first:?}");
    let mode = fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(&copy).unwrap();
    let said = String::from_utf8(first.stdout).unwrap();
    let expected = format!(
        "wrote {}: 1 orders, {} bytes\n",
        copy.display(),
        bytes.len()
    );
    assert_eq!(said, expected);
    shop.paid_order("o_2", 1500, "usd").await;
    let again = failure(&backup(&shop, &copy).await);

    assert!(again.contains("copy.sqlite: File exists"), "{again}");
    assert_eq!(fs::read(&copy).unwrap(), bytes);
    let left: Vec<_> = fs::read_dir(shop.folder())
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().contains("unfinished")),
        "{left:?}"
    );
}

#[tokio::test]
async fn what_cannot_be_copied_leaves_no_file() {
    let shop = Shop::open().await;
    let copy = shop.folder().join("copy.sqlite");
    fs::write(
        shop.folder().join("notes.txt"),
        "no database of any kind, but long enough",
    )
    .unwrap();
    drop(rusqlite::Connection::open(shop.folder().join("other.sqlite")).unwrap());
    for (database, what) in [
        ("sqlite:missing.sqlite", "unable to open database file"),
        ("sqlite:notes.txt", "file is not a database"),
        ("sqlite:other.sqlite", "no such table: orders"),
    ] {
        let said = failure(&backup_of(&shop, database, &copy).await);
        assert!(said.contains(what), "{database}: {said}");
        assert!(!copy.exists(), "{database}");
        assert!(!shop.folder().join("missing.sqlite").exists());
    }
}
