//! `farebox migrate`, and several `farebox serve` over one Postgres database.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::Command,
    sync::{Arc, Mutex},
};

use testing::{Client, Endpoint, Process, Shop, empty_database, until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_postgres::NoTls;

use crate::serve::{FAREBOX, pay_by_card, start_with};

/// Orders of the storm.
const ORDERS: usize = 60;

/// Runs `statement` at `url`.
async fn sql(url: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(statement).await.unwrap();
}

fn migrate(url: &str) -> String {
    let mut command = Command::new(FAREBOX);
    let command = command.arg("migrate").env("DATABASE_URL", url);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn the_command_makes_the_tables_once() {
    let url = empty_database().await;
    assert!(migrate(&url).starts_with("migrated the schema from 0 to "));
    assert!(migrate(&url).contains("already"));
}

#[tokio::test]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn a_server_over_an_empty_database_makes_the_tables_and_takes_a_payment() {
    let url = empty_database().await;
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let site = endpoint.url();
    let shop = Shop::open_with(&[("DATABASE_URL", &url), ("FAREBOX_NOTIFY_URL", site)]).await;
    sql(&url, "DROP SCHEMA farebox CASCADE").await;

    let server = start_with(&[], &shop);
    let payments = Payments::of(&shop, &[server.address()], 1).await;
    payments.deliver(&[server.address()]).await;

    endpoint.has_received(1).await;
    assert!(server.terminate(), "it stops well");
}

/// Succeeded payments, and the events that Stripe delivers of them.
struct Payments {
    events: Arc<Mutex<Vec<(String, String)>>>,
}

impl Payments {
    /// Opens and pays `orders`, at the servers in turn.
    async fn of(shop: &Shop, servers: &[SocketAddr], orders: usize) -> Self {
        for nth in 0..orders {
            let client = Client::at(servers[nth % servers.len()]);
            pay_by_card(&client, shop, &format!("o_{nth}")).await;
        }
        let signed = shop.stripe.events().into_iter().map(|event| {
            let event = event.to_string();
            let signature = shop.sign(event.as_bytes());
            (event, signature)
        });
        Self {
            events: Arc::new(Mutex::new(signed.collect())),
        }
    }

    /// Delivers each event until a server acknowledges it, as Stripe does: the next attempt is at
    /// the next server.
    async fn deliver(&self, servers: &[SocketAddr]) {
        let senders = (0..4).map(|sender| {
            let (events, servers) = (Arc::clone(&self.events), servers.to_vec());
            tokio::spawn(async move {
                let next = || events.lock().unwrap().pop();
                while let Some((event, signature)) = next() {
                    let mut servers = servers.iter().cycle().skip(sender);
                    while post(*servers.next().unwrap(), &event, &signature).await != Some(200) {}
                }
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.unwrap();
        }
    }
}

/// Delivers an event once; `None` when there was no answer.
async fn post(server: SocketAddr, event: &str, signature: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    let length = event.len();
    let head = format!(
        "POST /api/webhooks/stripe HTTP/1.1\r\nhost: farebox\r\nconnection: close\r\n\
         stripe-signature: {signature}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(event.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a Postgres server: scripts/postgres starts one"]
async fn of_three_servers_under_load_two_are_killed_and_each_order_is_notified() {
    let url = empty_database().await;
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = Shop::open_with(&[
        ("DATABASE_URL", &url),
        ("FAREBOX_NOTIFY_URL", endpoint.url()),
        ("FAREBOX_LIMIT_CALLER", "1000,open:1000"),
        ("FAREBOX_LIMIT_ADDRESS", "1000,open:1000"),
    ])
    .await;
    let servers: Vec<Process> = (0..3).map(|_| start_with(&[], &shop)).collect();
    let addresses: Vec<SocketAddr> = servers.iter().map(Process::address).collect();
    let payments = Payments::of(&shop, &addresses, ORDERS).await;

    let killing = async {
        let mut servers = servers;
        for left in [ORDERS / 3, 2 * ORDERS / 3] {
            until("some are notified", async || {
                endpoint.received().len() >= left
            })
            .await;
            servers.pop().unwrap().kill();
        }
        servers
    };
    let (_, left) = tokio::join!(payments.deliver(&addresses), killing);

    for nth in 0..ORDERS {
        assert_eq!(shop.status(&format!("o_{nth}")).await, "paid", "o_{nth}");
    }
    // What a killed server had leased is due again when the lease ends, which is now.
    sql(
        &url,
        "UPDATE farebox.outbox SET due_at = 0 WHERE state = 'due'",
    )
    .await;
    until("each order is notified", async || {
        let all = endpoint.received().into_iter();
        let acknowledged = all.filter(|one| one.is_acknowledged);
        let ids: BTreeSet<String> = acknowledged.map(|one| one.id).collect();
        ids.len() == ORDERS
    })
    .await;
    until("the outbox is empty", async || {
        shop.store.oldest_undelivered().await.unwrap().is_none()
    })
    .await;
    drop(left);
}
