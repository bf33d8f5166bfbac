//! Postgres that is killed, replaced by its replica, full, or asks who calls: servers of the tests'
//! own.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use testing::{Postgres, SecretsManager, until};

use super::{place::Home, *};

/// The orders of a storm.
const ORDERS: usize = 120;
/// The senders of a storm.
const SENDERS: usize = 8;

/// A server with a migrated database `shop`.
async fn with_tables(server: &Postgres) {
    server.sql("postgres", "CREATE DATABASE shop").await;
    Home::at(server.url("shop")).migrate().await;
}

/// The event that the `nth` order is paid, by an intent of its own.
fn payment(store: &Store, order: &Order, nth: usize) -> Value {
    let mut paid = succeeded(order, &format!("evt_{nth}"));
    paid["data"]["object"]["id"] = json!(format!("pi_{nth}"));
    of_deployment(store, &paid)
}

/// Payments of many orders, sent by several senders, each until it is acknowledged, as Stripe does.
struct Storm {
    acknowledged: Arc<AtomicUsize>,
    senders: Vec<tokio::task::JoinHandle<()>>,
}

impl Storm {
    /// Opens the orders, then begins to send.
    async fn begin(config: &Config) -> Self {
        let store = open(config).await.unwrap();
        let mut payments = Vec::new();
        for nth in 0..ORDERS {
            let put = put(&format!("o_{nth}"), "ada", 1500, None);
            let PutOrderOutcome::Order(order) = store.put_order(put, NOW).await.unwrap() else {
                panic!("refused")
            };
            let paid = payment(&store, &order, nth);
            // Stripe delivers an event twice now and then.
            payments.extend([paid.clone(), paid]);
        }
        let acknowledged = Arc::<AtomicUsize>::default();
        let payments = Arc::new(Mutex::new(payments));
        let senders = (0..SENDERS).map(|_| {
            let (store, payments) = (store.clone(), Arc::clone(&payments));
            let acknowledged = Arc::clone(&acknowledged);
            tokio::spawn(async move {
                let next = || payments.lock().unwrap().pop();
                while let Some(payment) = next() {
                    let parse = || Event::parse(payment.to_string().as_bytes()).unwrap();
                    while store.accept(parse(), NOW).await.is_err() {}
                    acknowledged.fetch_add(1, SeqCst);
                }
            })
        });
        let senders = senders.collect();
        Self {
            acknowledged,
            senders,
        }
    }

    /// Waits until `count` deliveries were acknowledged.
    async fn acknowledged(&self, count: usize) {
        until("deliveries are acknowledged", async || {
            self.acknowledged.load(SeqCst) >= count
        })
        .await;
    }

    /// Waits for the rest, then checks that each order is paid and notified once.
    async fn end(self, config: &Config) {
        for sender in self.senders {
            sender.await.unwrap();
        }
        check(&open(config).await.unwrap(), ORDERS).await;
    }
}

/// Checks that `orders` are paid, and notified once each.
async fn check(store: &Store, orders: usize) {
    for nth in 0..orders {
        let id = OrderId::parse(&format!("o_{nth}")).unwrap();
        let order = store.order(&id).await.unwrap().unwrap();
        assert_eq!(order.status(), Status::Paid, "o_{nth}");
    }
    let due = store.lease_due(NOW, 60, 1_000).await.unwrap();
    let mut named: Vec<String> = due.iter().filter_map(|due| due.message.order()).collect();
    named.sort_unstable();
    let all = named.len();
    named.dedup();
    assert_eq!(
        (named.len(), all),
        (orders, orders),
        "one message for each order"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn payments_survive_a_server_that_is_killed_in_a_storm() {
    let mut server = Postgres::start(&[]).await;
    with_tables(&server).await;
    let config = Home::at(server.url("shop")).config(&[]);
    let storm = Storm::begin(&config).await;
    for nth in 1..=3 {
        storm.acknowledged(nth * ORDERS / 3).await;
        server.kill();
        server.restart().await;
    }
    storm.end(&config).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn payments_survive_the_promotion_of_a_replica_in_a_storm() {
    let mut primary = Postgres::start(&[]).await;
    with_tables(&primary).await;
    let replica = primary.replica().await;
    primary
        .sql(
            "postgres",
            "ALTER SYSTEM SET synchronous_standby_names = 'replica'",
        )
        .await;
    primary.sql("postgres", "SELECT pg_reload_conf()").await;
    let (one, other) = (primary.port(), replica.port());
    let both = format!("postgres://farebox@127.0.0.1:{one},127.0.0.1:{other}/shop");
    let config = Home::at(both).config(&[]);
    let storm = Storm::begin(&config).await;
    storm.acknowledged(ORDERS / 2).await;

    primary.kill();
    replica.promote();
    replica
        .sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names")
        .await;
    replica.sql("postgres", "SELECT pg_reload_conf()").await;

    storm.end(&config).await;
    let alone = Home::at(replica.url("shop")).config(&[]);
    let store = open(&alone).await.unwrap();
    assert!(store.outbox_size().await.unwrap().due.is_capped);
}

/// Stores what does not compress.
const FILL: &str = "INSERT INTO farebox.cursors
     SELECT gen_random_uuid(), string_agg(md5(random()::text), '') FROM generate_series(1, 4000)";

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_payment_that_no_replica_has_is_not_acknowledged() {
    let server = Postgres::start(&[]).await;
    with_tables(&server).await;
    let it = Fixture::at(Home::at(server.url("shop"))).await;
    let order = it.order().await;
    server
        .sql(
            "postgres",
            "ALTER SYSTEM SET synchronous_standby_names = 'gone'",
        )
        .await;
    server.sql("postgres", "SELECT pg_reload_conf()").await;
    // The server applies it a moment later.
    until("a commit waits for the replica", async || {
        it.store.set_cursor("probe", "").await.is_err()
    })
    .await;
    let paid = of_deployment(&it.store, &succeeded(&order, "evt_1"));
    let paid = || Event::parse(paid.to_string().as_bytes()).unwrap();

    let waited = it.store.accept(paid(), NOW).await;

    assert!(waited.is_err(), "{waited:?}");
    assert_eq!(it.status().await, Status::Created);
    server
        .sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names")
        .await;
    server.sql("postgres", "SELECT pg_reload_conf()").await;
    it.store.accept(paid(), NOW).await.unwrap();
    assert_eq!(it.status().await, Status::Paid);
    assert_eq!(it.due().await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn work_at_a_standby_is_done_once_it_is_the_primary() {
    let primary = Postgres::start(&[]).await;
    with_tables(&primary).await;
    let first = Fixture::at(Home::at(primary.url("shop"))).await;
    let order = first.order().await;
    let replica = primary.replica().await;
    let it = Fixture::at(Home::at(replica.url("shop"))).await;
    assert_eq!(it.status().await, Status::Created);

    let paid = succeeded(&order, "evt_1");
    let (accepted, ()) = tokio::join!(it.accept(&paid), async {
        replica.promote();
    });

    assert_eq!(accepted, Accepted::Applied);
    assert_eq!(it.status().await, Status::Paid);
}

/// A small disk, which is unmounted when dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(megabytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "farebox"])
            .arg(folder.path())
            .status();
        assert!(
            mounted.unwrap().success(),
            "the test needs the right to mount"
        );
        Self(folder)
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Leaves no room.
    fn fill(&self) {
        let zeros = std::fs::File::open("/dev/zero").unwrap();
        let mut filler = std::fs::File::create(self.filler()).unwrap();
        let full = std::io::copy(&mut &zeros, &mut filler);
        assert!(full.is_err(), "the disk is full");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .args(["--lazy"])
            .arg(self.0.path())
            .status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let disk = Disk::of(192);
    let mut server = Postgres::start_in(disk.0.path(), &["max_wal_size=32MB"]).await;
    with_tables(&server).await;
    let event = |nth: usize| {
        let event = other(&format!("evt_{nth}"), "customer.created");
        Event::parse(event.to_string().as_bytes()).unwrap()
    };
    let home = Home::at(server.url("shop"));
    let config = home.config(&[("FAREBOX_NOTIFY_EVENTS", "customer.*")]);
    let store = open(&config).await.unwrap();
    disk.fill();

    let mut acknowledged = Vec::new();
    let mut refused = None;
    for nth in 0..2_000 {
        match store.accept(event(nth), NOW).await {
            Ok(_) => acknowledged.push(nth),
            Err(failure) => {
                refused = Some((nth, failure));
                break;
            }
        }
        let connected = tokio_postgres::connect(&server.url("shop"), tokio_postgres::NoTls).await;
        if let Ok((client, connection)) = connected {
            tokio::spawn(connection);
            let _ = client.batch_execute(FILL).await;
        }
    }
    let (nth, failure) = refused.expect("the disk is full");
    assert!(matches!(failure, StoreError::Postgres(_)), "{failure}");

    std::fs::remove_file(disk.filler()).unwrap();
    server.restart().await;
    let again = store.accept(event(nth), NOW).await.unwrap();
    assert_eq!(again.accepted, Accepted::Applied, "evt_{nth}");
    for nth in acknowledged {
        let again = store.accept(event(nth), NOW).await.unwrap();
        assert_eq!(again.accepted, Accepted::Duplicate, "evt_{nth}");
    }
}

/// An authority of the test's, and its certificate of a server.
struct Authority {
    root: String,
    certificate: String,
    key: String,
}

impl Authority {
    /// With a certificate of the server `name`.
    fn of(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        Self {
            root: issuer.pem(),
            certificate: params.signed_by(&key, &issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// Makes `server` use it.
    async fn install(&self, server: &Postgres) {
        let certificate = server.file("server.crt", &self.certificate);
        let key = server.file("server.key", &self.key);
        for (name, value) in [("ssl_cert_file", &certificate), ("ssl_key_file", &key)] {
            let set = format!("ALTER SYSTEM SET {name} = '{}'", value.display());
            server.sql("postgres", &set).await;
        }
        server.sql("postgres", "ALTER SYSTEM SET ssl = on").await;
        server.sql("postgres", "SELECT pg_reload_conf()").await;
    }
}

/// A file with the certificate of an authority.
fn roots(folder: &Path, authority: &Authority) -> String {
    let file = folder.join(format!("{:x}.pem", fastrand::u64(..)));
    std::fs::write(&file, &authority.root).unwrap();
    file.display().to_string()
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_servers_certificate_is_checked_as_the_url_asks() {
    let server = Postgres::start_with_passwords(&[]).await;
    with_tables(&server).await;
    let authority = Authority::of("localhost");
    authority.install(&server).await;
    server
        .sql(
            "shop",
            "CREATE ROLE ada LOGIN PASSWORD 'p@ss w:rd' SUPERUSER",
        )
        .await;
    let folder = tempfile::tempdir().unwrap();
    let right = roots(folder.path(), &authority);
    let wrong = roots(folder.path(), &Authority::of("localhost"));
    let open = async |host: &str, query: String| {
        let port = server.port();
        let url = format!("postgres://ada:p%40ss%20w%3Ard@{host}:{port}/shop?{query}");
        let opened = super::open(&Home::at(url).config(&[])).await;
        opened.map_err(|failure| format!("{failure} {}", crate::cause::causes(&failure)))
    };

    for (host, query) in [
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={right}"),
        ),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={right}&channel_binding=require"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={right}"),
        ),
        ("127.0.0.1", "sslmode=no-verify".to_owned()),
        ("127.0.0.1", "sslmode=disable".to_owned()),
    ] {
        let opened = open(host, query.clone()).await;
        assert!(opened.is_ok(), "{host} {query}: {opened:?}");
    }
    for (host, query, fault) in [
        ("localhost", "sslmode=require".to_owned(), "certificate"),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={wrong}"),
            "certificate",
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={wrong}"),
            "certificate",
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={right}"),
            "certificate",
        ),
        (
            "localhost",
            "sslmode=require&sslrootcert=/none.pem".to_owned(),
            "/none.pem",
        ),
        (
            "localhost",
            "sslmode=disable&channel_binding=require".to_owned(),
            "channel binding",
        ),
    ] {
        let refused = open(host, query.clone()).await.unwrap_err();
        assert!(refused.contains(fault), "{host} {query}: {refused}");
        assert!(!refused.contains("w:rd"), "{refused}");
    }
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_password_in_the_secret_follows_its_rotation() {
    let server = Postgres::start_with_passwords(&[]).await;
    with_tables(&server).await;
    let role = "CREATE ROLE ada LOGIN SUPERUSER PASSWORD 'first'";
    server.sql("shop", role).await;
    let port = server.port();
    let bundle = |password: &str| {
        let url = format!("postgres://ada:{password}@127.0.0.1:{port}/shop");
        json!({ "STRIPE_SECRET_KEY": "sk_test_a", "DATABASE_URL": url })
    };
    let manager = SecretsManager::start(&bundle("first")).await;
    let variables = manager.variables();
    let lookup = |name: &str| {
        let found = variables.iter().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.clone())
    };
    let config = Config::from_lookup(&["DATABASE_URL", "STRIPE_SECRET_KEY"], lookup).unwrap();
    let store = open(&config).await.unwrap();

    server.sql("shop", "ALTER ROLE ada PASSWORD 'second'").await;
    manager.put(&bundle("second"));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'";
    server.sql("shop", end).await;
    let accepted = store.accept(
        Event::parse(other("evt_1", "customer.created").to_string().as_bytes()).unwrap(),
        NOW,
    );
    assert_eq!(accepted.await.unwrap().accepted, Accepted::Ignored);
    assert_eq!(store.outbox_size().await.unwrap().due.number, 0);
}

/// A PgBouncer in transaction mode before a server; it is killed when dropped.
struct PgBouncer {
    child: Child,
    port: u16,
}

impl PgBouncer {
    async fn before(server: &Postgres, connections: usize) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=farebox\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\nmax_client_conn = 500\n\
             default_pool_size = {connections}\n",
            server.port()
        );
        let settings = server.file("pgbouncer.ini", &settings);
        let mut command = testing::as_postgres(Path::new("pgbouncer"));
        let command = command.arg("--quiet").arg(settings).current_dir("/");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap();
        until("PgBouncer listens", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
        })
        .await;
        Self { child, port }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn two_hundred_processes_at_once_share_twenty_connections() {
    const PROCESSES: usize = 200;
    let server = Postgres::start(&["max_connections=20"]).await;
    with_tables(&server).await;
    let pooler = PgBouncer::before(&server, 12).await;
    let url = format!("postgres://farebox@127.0.0.1:{}/shop", pooler.port);
    // Each is a function's process: it has one connection, which it opens as it starts.
    let config = Home::at(url).config(&[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")]);
    let first = open(&config).await.unwrap();

    let works = (0..PROCESSES).map(|nth| {
        let config = config.clone();
        tokio::spawn(async move {
            let store = open(&config).await.unwrap();
            let put = put(&format!("o_{nth}"), "ada", 1500, Some(&format!("k_{nth}")));
            let PutOrderOutcome::Order(order) = store.put_order(put, NOW).await.unwrap() else {
                panic!("refused")
            };
            let paid = payment(&store, &order, nth);
            let paid = Event::parse(paid.to_string().as_bytes()).unwrap();
            store.accept(paid, NOW).await.unwrap().accepted
        })
    });
    for work in works.collect::<Vec<_>>() {
        assert_eq!(work.await.unwrap(), Accepted::Applied);
    }
    check(&first, PROCESSES).await;
}
