//! `farebox serve`: the real program, which serves every route and notifies the site.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use hyper::{Method, body::Bytes};
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Client, Process, Shop, until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

/// The real program.
pub(crate) const FAREBOX: &str = env!("CARGO_BIN_EXE_farebox");

fn start(shop: &Shop) -> Process {
    start_with(&[], shop)
}

pub(crate) fn start_with(options: &[&str], shop: &Shop) -> Process {
    let arguments = [&["serve", "--bind", "127.0.0.1:0"], options].concat();
    Process::start_with(FAREBOX, &arguments, shop)
}

/// The answer's text to a plain request of `path`, head and body.
fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: farebox\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
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

/// Ada pays the signed order `id`: the bank accepts her card.
pub(crate) async fn pay_by_card(client: &Client, shop: &Shop, id: &str) {
    let started = pay(client, shop, id).await.expect(200);
    let secret = started.body["clientSecret"].as_str().unwrap();
    let intent = secret.split("_secret_").next().unwrap();
    let confirmed = shop.stripe.confirm(intent, "pm_card_visa").await;
    assert!(confirmed.is_ok(), "{confirmed:?}");
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

    pay_by_card(&client, &shop, "o_1").await;
    deliver_all(&client, &shop).await;

    let call = client.request().bearer(&shop.token("ada"));
    let order = call.path("/api/order?id=o_1").get().await.expect(200);
    assert_eq!(order.body["status"], "paid");
    notified(&shop).await;
    assert!(server.terminate(), "it stops well");
}

#[tokio::test]
async fn of_two_servers_over_one_database_one_may_be_killed() {
    let shop = Shop::open().await;
    let servers = [start(&shop), start(&shop)];
    let clients = servers.each_ref().map(|one| Client::at(one.address()));
    for n in 0..6 {
        let order = format!("o_{n}");
        pay_by_card(&clients[n % 2], &shop, &order).await;
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
    let alive = get(server.address(), "/healthz");
    assert!(
        alive.starts_with("HTTP/1.1 200") && alive.ends_with("ok"),
        "{alive}"
    );
    let unknown = get(server.address(), "/api/nothing");
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    assert!(unknown.contains("/api/create-intent"), "{unknown}");
}

/// Where `server` serves its metrics, as it logged.
fn metrics_address(server: &Process) -> SocketAddr {
    let mut lines = server.start_log().iter();
    lines
        .find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["metrics.address"].as_str()?.parse().ok()
        })
        .unwrap()
}

/// The value of a metric, with its labels.
fn metric(text: &str, name: &str) -> Option<f64> {
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(value.parse().unwrap())
}

#[tokio::test]
async fn the_metrics_count_requests_events_calls_and_deliveries() {
    let shop = Shop::open().await;
    let server = start_with(&["--metrics", "127.0.0.1:0"], &shop);
    let metrics = metrics_address(&server);
    let client = Client::at(server.address());
    let first = get(metrics, "/metrics");
    assert!(
        first.contains("content-type: text/plain; version=0.0.4"),
        "{first}"
    );
    for outcome in [
        "farebox_events_total{outcome=\"quarantined\"}",
        "farebox_stripe_requests_total{outcome=\"limited\"}",
        "farebox_notification_deliveries_total{outcome=\"dead_lettered\"}",
        "farebox_stripe_retries_total",
        "farebox_outbox_due",
        "farebox_outbox_dead_letters",
        "farebox_quarantined_events",
        "farebox_outbox_oldest_due_seconds",
    ] {
        assert_eq!(metric(&first, outcome), Some(0.0), "{outcome}: {first}");
    }

    let failing = Fault::rate_limit().on("POST", "/v1/payment_intents");
    shop.stripe.inject(failing.times(1));
    pay_by_card(&client, &shop, "o_1").await;
    deliver_all(&client, &shop).await;
    deliver_all(&client, &shop).await;
    let unreadable = json!({
        "id": "evt_torn", "object": "event", "type": "payment_intent.succeeded",
        "created": shop.clock.now(), "livemode": false, "data": { "object": { "id": 7 } },
    });
    let unreadable = Bytes::from(unreadable.to_string());
    let call = client.request().path("/api/webhooks/stripe");
    let call = call.header("stripe-signature", &shop.sign(&unreadable));
    let _ = call.send(Method::POST, unreadable).await.expect(200);
    let call = client.request().path("/api/webhooks/stripe");
    let _ = call.post(&json!({})).await.expect(400);
    let _ = get(server.address(), "/api/ada@example.com");
    notified(&shop).await;

    let mut text = String::new();
    until("reconcile ran", async || {
        text = get(metrics, "/metrics");
        metric(&text, "farebox_reconcile_last_success_timestamp_seconds").is_some()
    })
    .await;
    let at_least = |name: &str, least: f64| {
        let value = metric(&text, name);
        assert!(value >= Some(least), "{name} is {value:?}: {text}");
    };
    at_least(
        "farebox_http_requests_total{method=\"POST\",route=\"/api/create-intent\",status=\"200\"}",
        1.0,
    );
    at_least(
        "farebox_http_requests_total{method=\"POST\",route=\"/api/webhooks/stripe\",status=\"400\"}",
        1.0,
    );
    at_least(
        "farebox_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}",
        1.0,
    );
    at_least(
        "farebox_http_request_duration_seconds_bucket{route=\"/api/create-intent\",le=\"+Inf\"}",
        1.0,
    );
    at_least(
        "farebox_http_request_duration_seconds_count{route=\"/api/create-intent\"}",
        1.0,
    );
    at_least("farebox_events_total{outcome=\"applied\"}", 1.0);
    at_least("farebox_events_total{outcome=\"duplicate\"}", 1.0);
    at_least("farebox_events_total{outcome=\"quarantined\"}", 1.0);
    at_least("farebox_incidents_total{kind=\"quarantined\"}", 1.0);
    at_least("farebox_stripe_requests_total{outcome=\"limited\"}", 1.0);
    at_least("farebox_stripe_requests_total{outcome=\"ok\"}", 1.0);
    at_least("farebox_stripe_retries_total", 1.0);
    at_least(
        "farebox_notification_deliveries_total{outcome=\"delivered\"}",
        1.0,
    );
    at_least("farebox_quarantined_events", 1.0);
    at_least("farebox_database_up", 1.0);
    assert!(text.contains("farebox_build_info{version="), "{text}");
    assert_eq!(metric(&text, "farebox_outbox_due"), Some(0.0));
    for line in text.lines().filter(|line| line.starts_with("farebox_")) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = name.trim_end_matches("_bucket").trim_end_matches("_sum");
        let family = family.trim_end_matches("_count");
        assert!(text.contains(&format!("# HELP {family} ")), "{name}");
        assert!(text.contains(&format!("# TYPE {family} ")), "{name}");
    }
    for personal in ["ada", "o_1", "evt_", "pi_"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
}

#[tokio::test]
async fn the_port_of_the_routes_serves_no_metrics_and_that_of_the_metrics_no_routes() {
    let shop = Shop::open().await;
    let server = start_with(&["--metrics", "127.0.0.1:0"], &shop);
    let public = get(server.address(), "/metrics");
    assert!(public.starts_with("HTTP/1.1 404"), "{public}");
    let metrics = metrics_address(&server);
    let route = get(metrics, "/api/create-intent");
    assert!(route.starts_with("HTTP/1.1 404"), "{route}");
    let alive = get(metrics, "/healthz");
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
}

/// Waits until `server` accepts no connection.
async fn refuses_connections(server: &Process) {
    let address = server.address();
    until("new connections are refused", async || {
        TcpStream::connect(address).is_err()
    })
    .await;
}

/// Waits for the end of `server`; returns whether it ended well.
async fn ends(server: Process) -> bool {
    let ended = tokio::task::spawn_blocking(|| server.wait());
    ended.await.unwrap()
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
        server.ask_to_stop();
        refuses_connections(&server).await;
        ends(server).await
    });

    assert_eq!(answer.expect(200).body["status"], "created");
    assert!(is_well, "it stops well");
    assert!(shop.order("o_1").await.intent().is_some(), "it is stored");
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_ends_its_open_delivery_first() {
    let site = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", site.local_addr().unwrap());
    let shop = Shop::open_with(&[("FAREBOX_NOTIFY_URL", &url)]).await;
    let server = start(&shop);
    let client = Client::at(server.address());
    pay_by_card(&client, &shop, "o_1").await;
    deliver_all(&client, &shop).await;

    let (mut delivery, _) = site.accept().await.unwrap();
    server.ask_to_stop();
    refuses_connections(&server).await;
    assert!(shop.store.oldest_undelivered().await.unwrap().is_some());
    let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
    delivery.write_all(answer).await.unwrap();

    assert!(ends(server).await, "it stops well");
    let left = shop.store.outbox_size().await.unwrap().due.number;
    assert_eq!(left, 0, "the delivery is recorded");
}

#[tokio::test]
async fn a_second_signal_ends_a_server_at_once_and_the_order_goes_on_elsewhere() {
    let shop = Shop::open().await;
    let server = start(&shop);
    let hanging = Fault::hang().on("POST", "/v1/payment_intents");
    shop.stripe.inject(hanging.times(1));
    let order = shop.order_token("ada", &json!({ "orderId": "o_1" }));
    let body = json!({ "order": order }).to_string();
    let mut open = TcpStream::connect(server.address()).unwrap();
    write!(
        open,
        "POST /api/create-intent HTTP/1.1\r\nhost: farebox\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        shop.token("ada"),
        body.len(),
    )
    .unwrap();
    until("Stripe is asked", async || {
        let requests = shop.stripe.requests();
        requests.iter().any(|one| one.path == "/v1/payment_intents")
    })
    .await;

    server.ask_to_stop();
    refuses_connections(&server).await;
    server.ask_to_stop();
    assert!(!ends(server).await, "it says that it left something open");
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest);
    assert!(rest.is_empty(), "no answer was given");

    let next = start(&shop);
    let answer = pay(&Client::at(next.address()), &shop, "o_1").await;
    assert_eq!(answer.expect(200).body["status"], "created");
}

#[tokio::test]
async fn each_request_is_a_line_of_json_with_its_route_and_nothing_of_the_caller() {
    let shop = Shop::open().await;
    let server = start(&shop);
    let client = Client::at(server.address());
    let _ = pay(&client, &shop, "o_1").await.expect(200);
    let mut line = json!(null);
    until("the request is logged", async || {
        let lines = server.log();
        let mut lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
        let answered = lines.find(|line: &Value| line["message"] == "answered");
        line = answered.unwrap_or_default();
        !line.is_null()
    })
    .await;

    assert_eq!(line["http.status"], 200, "{line}");
    assert!(line["elapsed_ms"].is_u64(), "{line}");
    assert!(
        line["timestamp"].is_string() && line["level"] == "INFO",
        "{line}"
    );
    let request = &line["span"];
    assert_eq!(request["http.route"], "/api/create-intent", "{line}");
    assert_eq!(request["http.method"], "POST", "{line}");
    assert!(request["request.id"].is_string(), "{line}");
    let all = [server.start_log(), &server.log()].concat().concat();
    for secret in [&shop.token("ada"), Shop::SECRET_KEY, "\"ada\""] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
}

/// The status of a payment that `caller` starts from the address `from` of this machine, with a
/// header about the client.
async fn pay_from(server: &Process, shop: &Shop, from: &str, caller: &str, header: &str) -> u16 {
    let order = shop.order_token(caller, &json!({ "orderId": format!("o_{caller}") }));
    let body = json!({ "order": order }).to_string();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(server.address()).await.unwrap();
    let request = format!(
        "POST /api/create-intent HTTP/1.1\r\nhost: farebox\r\nauthorization: Bearer {}\r\n\
         x-forwarded-for: {header}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        shop.token(caller),
        body.len(),
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_clients_address_is_what_a_trusted_proxy_says_and_nobody_else() {
    let shop = Shop::open_with(&[
        ("FAREBOX_LIMIT_ADDRESS", "1,open:5"),
        ("FAREBOX_TRUSTED_PROXIES", "127.0.0.2,127.0.1.0/24"),
    ])
    .await;
    let server = start(&shop);
    let pay = async |from, caller, header| pay_from(&server, &shop, from, caller, header).await;
    let proxy = "127.0.0.2";

    assert_eq!(pay(proxy, "a", "203.0.113.7").await, 200);
    assert_eq!(pay(proxy, "b", "203.0.113.7").await, 429);
    let spoofed = "198.51.100.1, 203.0.113.7";
    assert_eq!(pay(proxy, "c", spoofed).await, 429, "the last one counts");
    let by_two = "198.51.100.2, 203.0.113.7, 127.0.1.9";
    assert_eq!(pay(proxy, "d", by_two).await, 429, "a proxy is no client");
    assert_eq!(pay(proxy, "e", "203.0.113.8").await, 200);

    let stranger = "127.0.0.3";
    assert_eq!(pay(stranger, "f", "203.0.113.21").await, 200);
    assert_eq!(
        pay(stranger, "g", "203.0.113.22").await,
        429,
        "it is one address"
    );
    assert_eq!(pay("127.0.0.4", "h", "203.0.113.7").await, 200);
    until("a warning is logged", async || {
        let told = |line: &String| line.contains("FAREBOX_TRUSTED_PROXIES does not name that peer");
        server.log().iter().filter(|line| told(line)).count() == 1
    })
    .await;
    let said = server.log().concat();
    assert!(
        !said.contains("203.0.113.") && !said.contains("127.0.0."),
        "{said}"
    );
}
