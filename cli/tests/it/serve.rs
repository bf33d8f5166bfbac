//! `farebox serve`: the real program, which serves every route and notifies the site.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use hyper::{Method, body::Bytes};
use sandbox::Fault;
use serde_json::json;
use testing::{Answer, Client, Process, Shop, until};

/// The real program.
const FAREBOX: &str = env!("CARGO_BIN_EXE_farebox");

fn start(shop: &Shop) -> Process {
    Process::start_with(FAREBOX, &["serve", "--bind", "127.0.0.1:0"], shop)
}

/// Ada starts a payment of the signed order `id`.
async fn pay(client: &Client, shop: &Shop, id: &str) -> Answer {
    let order = shop.order_token("ada", &json!({ "orderId": id }));
    let call = client.request().bearer(&shop.token("ada"));
    let call = call.path("/api/create-intent");
    call.post(&json!({ "order": order })).await
}

/// Delivers all events to the route of the webhook.
async fn deliver_all(client: &Client, shop: &Shop) {
    for event in shop.stripe.events() {
        let event = Bytes::from(event.to_string());
        let call = client.request().path("/api/webhooks/stripe");
        let call = call.header("stripe-signature", &shop.sign(&event));
        let _ = call.send(Method::POST, event).await.expect(200);
    }
}

fn intent_id(answer: &Answer) -> String {
    let secret = answer.body["clientSecret"].as_str().unwrap();
    secret.split("_secret_").next().unwrap().to_owned()
}

/// Waits until the site was notified of everything.
async fn notified(shop: &Shop) {
    until("the outbox is empty", async || {
        shop.store.oldest_undelivered().await.unwrap().is_none()
    })
    .await;
}

#[tokio::test]
async fn one_process_takes_a_payment_and_notifies_the_site() {
    let shop = Shop::open().await;
    let server = start(&shop);
    let client = Client::at(server.address());

    let started = pay(&client, &shop, "o_1").await.expect(200);
    let confirmed = shop
        .stripe
        .confirm(&intent_id(&started), "pm_card_visa")
        .await;
    assert!(confirmed.is_ok(), "{confirmed:?}");
    deliver_all(&client, &shop).await;

    let call = client.request().bearer(&shop.token("ada"));
    let order = call.path("/api/order?id=o_1").get().await.expect(200);
    assert_eq!(order.body["status"], "paid");
    notified(&shop).await;
    assert!(server.terminate(), "it stops well");
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_answers_its_open_request_first() {
    let shop = Shop::open().await;
    let server = start(&shop);
    let client = Client::at(server.address());
    let slow = Fault::latency(Duration::from_secs(1));
    shop.stripe
        .inject(slow.on("POST", "/v1/payment_intents").times(1));

    let (answer, is_well) = tokio::join!(pay(&client, &shop, "o_1"), async {
        until("Stripe is asked", async || {
            let requests = shop.stripe.requests();
            requests.iter().any(|one| one.path == "/v1/payment_intents")
        })
        .await;
        tokio::task::spawn_blocking(|| server.terminate())
            .await
            .unwrap()
    });

    assert_eq!(answer.expect(200).body["status"], "created");
    assert!(is_well, "it stops well");
    assert!(shop.order("o_1").await.intent().is_some(), "it is stored");
}

#[tokio::test]
async fn of_two_servers_over_one_database_one_may_be_killed() {
    let shop = Shop::open().await;
    let servers = [start(&shop), start(&shop)];
    let clients = servers.each_ref().map(|one| Client::at(one.address()));
    for n in 0..6 {
        let order = format!("o_{n}");
        let started = pay(&clients[n % 2], &shop, &order).await.expect(200);
        let confirmed = shop
            .stripe
            .confirm(&intent_id(&started), "pm_card_visa")
            .await;
        assert!(confirmed.is_ok(), "{confirmed:?}");
    }
    let [first, _second] = servers;
    first.kill();
    deliver_all(&clients[1], &shop).await;

    for n in 0..6 {
        assert_eq!(shop.status(&format!("o_{n}")).await, "paid", "o_{n}");
    }
    notified(&shop).await;
}

#[tokio::test]
async fn the_process_tells_that_it_serves_and_names_its_routes() {
    let shop = Shop::open().await;
    let server = start(&shop);
    let text = |path: &str| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: farebox\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let alive = text("/healthz");
    assert!(
        alive.starts_with("HTTP/1.1 200") && alive.ends_with("ok"),
        "{alive}"
    );
    let unknown = text("/api/nothing");
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    assert!(unknown.contains("/api/create-intent"), "{unknown}");
}
