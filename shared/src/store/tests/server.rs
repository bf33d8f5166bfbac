//! What only Postgres has: its schema, its roles, its round trips and its connections.

use std::time::{Duration, Instant};

use testing::{Log, pass, until};
use tokio::io::AsyncWriteExt as _;

use super::{
    flights::Flights,
    place::{DIRECT, Home, connect, new_database, server, sql},
    *,
};
use crate::cause::causes;

/// The address of a new and empty database.
async fn empty() -> String {
    format!("{}/{}", server(DIRECT), new_database().await)
}

/// A database behind a relay, and its home.
async fn behind_a_relay() -> (Flights, Home) {
    let url = empty().await;
    Home::at(url.clone()).migrate().await;
    let (address, database) = url.rsplit_once('/').unwrap();
    let port = address.rsplit_once(':').unwrap().1;
    let relay = Flights::to(port.parse().unwrap()).await;
    let home = Home::at(format!("postgres://farebox@{}/{database}", relay.address));
    (relay, home)
}

async fn open_at(url: &str) -> Result<Store, StoreError> {
    open(&Home::at(url.to_owned()).config(&[])).await
}

fn event(value: &Value) -> Event {
    Event::parse(value.to_string().as_bytes()).unwrap()
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_payments_event_takes_two_round_trips_and_an_order_one() {
    let (relay, home) = behind_a_relay().await;
    let it = Fixture::at(home).await;
    relay.round_trips();

    it.store
        .put_order(put("o_1", "ada", 1500, Some("k")), NOW)
        .await
        .unwrap();
    assert_eq!(relay.round_trips(), 2, "an order is created");

    let order = it.order().await;
    relay.round_trips();
    let begun = Instant::now();
    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    let taken = begun.elapsed();
    assert_eq!(relay.round_trips(), 2, "an event");
    // Two flights of each round trip.
    assert!(taken >= 4 * super::flights::DELAY, "{taken:?}");

    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Duplicate
    );
    assert_eq!(relay.round_trips(), 1, "an event that came before");
    it.status().await;
    assert_eq!(relay.round_trips(), 1, "a reading of an order");
    let due = it.due().await;
    assert_eq!((relay.round_trips(), due.len()), (1, 1), "a lease");
    let id = &due[0].message.id;
    let error = "410".to_owned();
    let outcomes = [
        (id.clone(), DeliveryOutcome::Delivered),
        ("msg_2".to_owned(), DeliveryOutcome::DeadLettered { error }),
    ];
    it.store.record_deliveries(&outcomes, NOW).await.unwrap();
    assert_eq!(relay.round_trips(), 1, "two deliveries");
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn work_whose_answers_got_lost_has_one_effect() {
    let (relay, home) = behind_a_relay().await;
    let it = Fixture::at(home).await;
    let new = |id: &str| put(id, "ada", 1500, Some(id));

    for (nth, id) in [(1, "o_1"), (2, "o_2")] {
        relay.lose_answer(nth);
        let PutOrderOutcome::Order(order) = it.open(new(id)).await else {
            panic!("refused")
        };
        assert_eq!(order.id().as_str(), id);
    }
    let order = it.order().await;
    let id = order.id().clone();
    relay.lose_answer(2);
    let updated = it.store.update_payment(&id, intent("pi_1"), NOW).await;
    assert_eq!(updated.unwrap().unwrap().intent(), Some("pi_1"));

    relay.lose_answer(1);
    let paid = it.accept(&succeeded(&order, "evt_1")).await;
    assert_eq!(paid, Accepted::Applied, "the read");
    relay.lose_answer(2);
    let warned = it.accept(&other("evt_2", "customer.created")).await;
    assert!(
        matches!(warned, Accepted::Applied | Accepted::Duplicate),
        "the transaction: {warned:?}"
    );
    relay.lose_answer(2);
    let again = it.accept(&succeeded(&order, "evt_3")).await;
    assert!(
        matches!(
            again,
            Accepted::Applied | Accepted::Duplicate | Accepted::Ignored
        ),
        "{again:?}"
    );
    assert_eq!(it.status().await, Status::Paid);
    let mut due = it.due().await;
    due.retain(|due| due.message.kind == "order.paid");
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(it.store.lease_due(NOW + 61, 60, 10).await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn statements_behind_a_begin_that_failed_change_nothing() {
    let (relay, home) = behind_a_relay().await;
    let it = Fixture::at(home).await;
    let order = it.order().await;
    relay.spoil_begin(true);

    let paid = of_deployment(&it.store, &succeeded(&order, "evt_1"));
    let working = it.store.accept(event(&paid), NOW);
    let worked = tokio::time::timeout(Duration::from_millis(500), working).await;
    assert!(worked.is_err(), "it is repeated: {worked:?}");

    assert_eq!(it.status().await, Status::Created);
    relay.spoil_begin(false);
    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    assert_eq!(it.due().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_connection_that_ended_or_died_without_a_word_is_replaced() {
    let (relay, home) = behind_a_relay().await;
    let it = Fixture::at(home).await;
    it.order().await;
    relay.opened();

    relay.cut();
    it.status().await;
    assert_eq!(relay.opened(), 1, "the server closed it");
    relay.swallow();
    it.status().await;
    // The other one asks the server to end what it was doing.
    assert!(relay.opened() >= 1, "it is silent");
    it.status().await;
    assert_eq!(relay.opened(), 0, "the new one is kept");
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_connection_that_died_while_its_process_was_frozen_is_noticed_before_its_use() {
    let (relay, home) = behind_a_relay().await;
    let it = Fixture::at(home).await;
    it.order().await;
    relay.opened();
    relay.swallow();
    pass(Duration::from_secs(11)).await;
    let begun = Instant::now();

    it.status().await;

    assert!(relay.opened() >= 1);
    // Far less than an attempt may take: only the check waited.
    assert!(begun.elapsed().as_millis() < 1900, "{:?}", begun.elapsed());
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_connection_that_idles_is_closed_and_the_next_work_opens_another() {
    let (relay, home) = behind_a_relay().await;
    let it = Fixture::at(home).await;
    it.order().await;
    relay.opened();

    pass(Duration::from_secs(120)).await;
    until("the connection is closed", async || relay.open() == 0).await;
    it.status().await;
    assert_eq!(relay.opened(), 1);
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let begun = Instant::now();

    let failure = open_at(&format!("postgres://u:hunter2@{address}/d")).await;

    let failure = failure.unwrap_err();
    let text = format!("{failure} {failure:?}");
    assert!(text.contains("did not answer"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_server_that_answered_once_is_reported_with_that_answer_when_no_time_is_left() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let opening = tokio::spawn(async move {
        let url = format!("postgres://u:hunter2@{address}/d?sslmode=require");
        open_at(&url).await.map(drop)
    });
    let (mut first, _) = server.accept().await.unwrap();
    // It has no TLS (https://www.postgresql.org/docs/current/protocol-flow.html).
    first.write_all(b"N").await.unwrap();

    // Later attempts are never answered.
    let failure = opening.await.unwrap().unwrap_err();
    let text = format!("{failure} {}", causes(&failure));
    assert!(text.contains("does not support TLS"), "{text}");
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn processes_that_migrate_at_once_do_it_once() {
    let url = empty().await;
    let migrate = || async {
        let config = Home::at(url.clone()).config(&[]);
        let migrated = Store::migrate(&config.store, &config.secrets).await;
        migrated.unwrap().unwrap()
    };
    let all = futures_util::future::join_all((0..8).map(|_| migrate())).await;

    let done = all.iter().filter(|migrated| migrated.from == 0);
    assert_eq!(done.count(), 1, "{all:?}");
    assert!(all.iter().all(|migrated| migrated.to > 0), "{all:?}");
    open_at(&url).await.unwrap();
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_function_that_meets_no_schema_or_an_older_one_names_the_command() {
    let url = empty().await;
    let said = open_at(&url).await.unwrap_err().to_string();
    assert!(said.contains("farebox migrate"), "{said}");

    Home::at(url.clone()).migrate().await;
    sql(&url, "UPDATE farebox.meta SET schema = 0").await;
    let said = open_at(&url).await.unwrap_err().to_string();
    assert!(
        said.contains("older") && said.contains("farebox migrate"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn an_older_function_runs_on_a_newer_schema_that_allows_it() {
    let url = empty().await;
    Home::at(url.clone()).migrate().await;
    sql(&url, "UPDATE farebox.meta SET schema = 99").await;
    open_at(&url).await.unwrap();

    sql(&url, "UPDATE farebox.meta SET usable_since = 99").await;
    let refused = open_at(&url).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NewerSchema { .. }),
        "{refused}"
    );
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_role_with_the_documented_rights_alone_runs_the_functions() {
    let url = empty().await;
    Home::at(url.clone()).migrate().await;
    let role = format!("functions_{:x}", fastrand::u64(..));
    sql(&url, &format!("CREATE ROLE {role} LOGIN")).await;
    let as_role = url.replace("farebox@", &format!("{role}@"));
    let denied = open_at(&as_role).await.unwrap_err().to_string();
    assert!(denied.contains("denies"), "{denied}");

    let page = include_str!("../../../../docs/postgres.md");
    let granted = page.split("```sql").nth(1).unwrap().split("```").next();
    sql(&url, &granted.unwrap().replace("functions", &role)).await;

    let it = Fixture::at(Home::at(as_role.clone())).await;
    let order = it.order().await;
    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    let mut unknown = succeeded(&order, "evt_2");
    unknown["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_none");
    unknown["data"]["object"]["id"] = json!("pi_none");
    assert_eq!(it.accept(&unknown).await, Accepted::Quarantined);
    assert!(it.store.release("evt_2").await.unwrap());
    let due = it.due().await;
    let id = &due[0].message.id;
    let delivered = it
        .store
        .record_delivery(id, DeliveryOutcome::Delivered, NOW);
    delivered.await.unwrap();
    it.store.set_cursor(RECONCILE, "x").await.unwrap();
    assert!(it.store.admit_refresh(order.id(), NOW).await.unwrap());
    let ada = CallerId::parse("ada").unwrap();
    it.store.reserve_customer(&ada, None, NOW).await.unwrap();
    assert!(it.store.forget_expired(NOW + 2 * REMEMBERED).await.unwrap());

    let more = it.home.config(&[]);
    let migrated = Store::migrate(&more.store, &more.secrets).await.unwrap();
    assert_eq!(
        migrated.unwrap().from,
        migrated.unwrap().to,
        "nothing to do"
    );
    let client = connect(&as_role).await;
    let altered = client
        .batch_execute("CREATE TABLE farebox.more (id text)")
        .await;
    assert!(altered.is_err(), "the role may not change tables");
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_database_whose_defaults_are_weaker_still_makes_an_answer_durable() {
    let url = empty().await;
    Home::at(url.clone()).migrate().await;
    let database = url.rsplit_once('/').unwrap().1;
    sql(
        &url,
        &format!(
            "ALTER DATABASE {database} SET synchronous_commit = off;
             ALTER DATABASE {database} SET default_transaction_isolation = serializable;
             CREATE TABLE farebox.seen (durable text, isolation text);
             CREATE FUNCTION farebox.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO farebox.seen VALUES (current_setting('synchronous_commit'),
                     current_setting('transaction_isolation'));
                 RETURN NEW; END $$;
             CREATE TRIGGER look AFTER INSERT ON farebox.events
                 FOR EACH ROW EXECUTE FUNCTION farebox.look();"
        ),
    )
    .await;
    let it = Fixture::at(Home::at(url.clone())).await;
    it.accept(&other("evt_1", "customer.created")).await;

    let client = connect(&url).await;
    let seen = client
        .query_one("SELECT * FROM farebox.seen", &[])
        .await
        .unwrap();
    let seen: (String, String) = (seen.get(0), seen.get(1));
    assert_eq!(seen, ("on".to_owned(), "read committed".to_owned()));
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_row_that_a_stopped_process_locks_is_waited_for_in_bounds() {
    let url = empty().await;
    let home = Home::at(url.clone());
    home.migrate().await;
    let it = Fixture::at(home).await;
    let order = it.order().await;
    let stopped = connect(&url).await;
    let lock = "BEGIN; SELECT FROM farebox.orders WHERE id = 'o_1' FOR UPDATE";
    stopped.batch_execute(lock).await.unwrap();
    let begun = Instant::now();

    let paid = event(&succeeded(&order, "evt_1"));
    let failure = it.store.accept(paid, NOW).await.unwrap_err();

    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    assert!(matches!(failure, StoreError::Postgres(_)), "{failure}");
    drop(stopped);
    until("the lock goes with its connection", async || {
        it.accept(&succeeded(&order, "evt_1")).await != Accepted::Ignored
    })
    .await;
    assert_eq!(it.status().await, Status::Paid);
    assert_eq!(it.due().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn lists_use_their_indexes() {
    let url = empty().await;
    Home::at(url.clone()).migrate().await;
    let client = connect(&url).await;
    client
        .batch_execute(
            "INSERT INTO farebox.orders
             SELECT 'o_' || n, 1, 'c_' || n % 100, 'paid', '{}', n, n, NULL
             FROM generate_series(1, 20000) AS n;
             ANALYZE farebox.orders",
        )
        .await
        .unwrap();
    for (query, values, index) in [
        (postgres::LIST_ALL, "0, 20000, '~', 10", "orders_by_age"),
        (
            postgres::LIST_OF_OWNER,
            "0, 20000, '~', 10, 'c_1'",
            "orders_by_owner",
        ),
    ] {
        let types = "bigint, bigint, text, bigint, text";
        let types: Vec<&str> = types.split(", ").take(values.split(", ").count()).collect();
        let prepare = format!("PREPARE list ({}) AS {query}", types.join(", "));
        client.batch_execute(&prepare).await.unwrap();
        let plan = client
            .simple_query(&format!("EXPLAIN EXECUTE list ({values})"))
            .await;
        let plan = format!("{:?}", plan.unwrap());
        client.batch_execute("DEALLOCATE list").await.unwrap();
        assert!(plan.contains(index) && !plan.contains("Sort"), "{plan}");
    }
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn nothing_of_the_url_is_logged_when_the_server_refuses() {
    let (log, _listening) = Log::start();
    let url = empty().await.replace("farebox@", "nobody:hunter2@");
    let failure = open_at(&url).await.unwrap_err();
    let text = format!("{failure} {failure:?} {}", crate::cause::causes(&failure));
    assert!(text.contains("refuses"), "{text}");
    assert!(
        !text.contains("hunter2") && !log.text().contains("hunter2"),
        "{text}"
    );
}
