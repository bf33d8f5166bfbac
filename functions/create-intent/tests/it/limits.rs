//! How many payments one caller, and one address, may start: those who try stolen cards start many.

use create_intent::service;
use futures_util::future::join_all;
use lambda_http::request::from_str;
use serde_json::{Value, json};
use shared::host;
use testing::{Answer, Log, Process, Shop, TestServer};
use tower::ServiceExt as _;

use crate::{mugs, order_id, post_signed};

/// What a proxy of the shop's own writes; set in place of the platform's.
const BY_HEADER: (&str, &str) = ("FAREBOX_CLIENT_ADDRESS", "header:x-real-ip");

/// A function with these limits, whose clock stands.
async fn limited(changes: &[(&str, &str)]) -> TestServer {
    TestServer::over(Shop::open_with(changes).await.at_fixed_time(), service).await
}

/// `caller` starts the payment of a new cart, from `address`.
async fn start_from(api: &TestServer, address: &str, caller: &str, key: &str) -> Answer {
    let token = api.shop.token(caller);
    let call = api.client.request().bearer(&token).key(key);
    call.header("x-real-ip", address).post(&mugs(1)).await
}

/// Items at prices that the shop does not have; others for each `n`.
fn made_up(n: usize) -> Value {
    let price = |i| json!({ "price": format!("price_none{n}x{i}"), "quantity": 1 });
    json!({ "items": (0..5).map(price).collect::<Vec<_>>() })
}

#[track_caller]
fn assert_refused(answer: &Answer, retry_after: &str) {
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert_eq!(answer.body["error"]["code"], "too_many_payments");
    assert_eq!(answer.headers["retry-after"], retry_after);
}

#[tokio::test]
async fn a_caller_starts_so_many_payments_in_a_window_that_slides() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "3,open:20")]).await;
    for n in 0..3 {
        let _ = api.post(&format!("k{n}"), &mugs(1)).await.expect(200);
        api.shop.clock.advance(60);
    }

    assert_refused(&api.post("k3", &mugs(1)).await, "3420");
    let signed = post_signed(&api, &json!({ "orderId": "web-1" })).await;
    assert_refused(&signed, "3420");
    let bob = start_from(&api, "203.0.113.7", "bob", "k1").await;
    let _ = bob.expect(200);
    api.shop.clock.advance(3420);
    let _ = api.post("k3", &mugs(1)).await.expect(200);
    assert_refused(&api.post("k4", &mugs(1)).await, "60");
}

#[tokio::test]
async fn what_is_refused_reaches_neither_stripe_nor_the_database() {
    let api = limited(&[
        ("FAREBOX_LIMIT_CALLER", "1,open:20"),
        ("FAREBOX_PRICE_TTL", "0"),
    ])
    .await;
    let _ = api.post("k1", &mugs(1)).await.expect(200);
    let calls = api.shop.stripe.requests().len();
    let database = api.shop.database_bytes();

    assert_refused(&api.post("k2", &mugs(1)).await, "3600");
    assert_refused(&post_signed(&api, &json!({})).await, "3600");

    assert_eq!(api.shop.stripe.requests().len(), calls);
    assert!(api.shop.database_bytes() == database, "nothing is written");
}

#[tokio::test]
async fn a_retry_and_a_change_are_no_new_payment() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "2,open:2")]).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let signed = post_signed(&api, &json!({})).await.expect(200);
    assert_refused(&api.post("k2", &mugs(1)).await, "3600");

    assert_eq!(api.post("k1", &mugs(1)).await.expect(200).body, first.body);
    let again = post_signed(&api, &json!({})).await.expect(200);
    assert_eq!(again.body, signed.body);
    let mut changed = mugs(2);
    changed["orderId"] = json!(order_id(&first));
    let changed = api.post("k3", &changed).await.expect(200);
    assert_eq!(changed.body["amount"], 3000);
    let reused = api.post("k1", &mugs(5)).await;
    assert_eq!(reused.code(409), "idempotency_key_reused");
}

#[tokio::test]
async fn an_attempt_that_opens_no_order_is_counted_once() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "2,open:2")]).await;
    let unknown = json!({ "items": [{ "price": "no-such-price", "quantity": 1 }] });
    for _ in 0..3 {
        assert_eq!(api.post("k1", &unknown).await.code(400), "invalid_request");
    }

    let _ = api.post("k2", &mugs(1)).await.expect(200);
    assert_refused(&api.post("k3", &mugs(1)).await, "3600");
}

#[tokio::test]
async fn a_change_of_what_is_no_order_of_ones_own_asks_stripe_for_nothing() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "1,open:20")]).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let paid = crate::intent_id(&first);
    let bobs = start_from(&api, "203.0.113.7", "bob", "k1")
        .await
        .expect(200);
    api.shop
        .stripe
        .confirm(&paid, "pm_card_visa")
        .await
        .unwrap();
    api.shop.accept_events_of(&paid).await;
    let calls = api.shop.stripe.requests().len();

    let orders = [
        ("o_nobodys", "not_found", 404),
        (&order_id(&bobs), "not_found", 404),
        (&order_id(&first), "order_already_paid", 409),
    ];
    for (n, (order, code, status)) in orders.into_iter().enumerate() {
        let mut body = made_up(n);
        body["orderId"] = json!(order);
        let answer = api.post(&format!("x{n}"), &body).await;
        assert_eq!(answer.code(status), code);
    }
    assert_eq!(api.shop.stripe.requests().len(), calls);
}

#[tokio::test]
async fn requests_with_made_up_prices_count_as_starts() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "3,open:20")]).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);

    let mut change = made_up(1);
    change["orderId"] = json!(order_id(&first));
    assert_eq!(api.post("k2", &change).await.code(400), "invalid_request");
    assert_eq!(
        api.post("k3", &made_up(2)).await.code(400),
        "invalid_request"
    );
    let calls = api.shop.stripe.requests().len();
    assert_refused(&api.post("k3", &made_up(3)).await, "3600");
    let mut change = made_up(4);
    change["orderId"] = json!(order_id(&first));
    assert_refused(&api.post("k2", &change).await, "3600");
    assert_eq!(api.shop.stripe.requests().len(), calls);

    // A change to prices that are held is none.
    let mut change = mugs(2);
    change["orderId"] = json!(order_id(&first));
    assert_eq!(
        api.post("k4", &change).await.expect(200).body["amount"],
        3000
    );
}

#[tokio::test]
async fn a_paid_order_counts_no_more_among_the_open_ones() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "20,open:1")]).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    assert_refused(&api.post("k2", &mugs(1)).await, "86400");

    let intent = crate::intent_id(&first);
    let declined = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
    declined.await.unwrap_err();
    api.shop.accept_events_of(&intent).await;
    assert_refused(&api.post("k2", &mugs(1)).await, "86400");
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    paid.unwrap();
    api.shop.accept_events_of(&intent).await;

    let _ = api.post("k2", &mugs(1)).await.expect(200);
}

#[tokio::test]
async fn of_many_at_once_through_two_processes_no_more_are_started_than_may() {
    let limits = [
        ("FAREBOX_LIMIT_CALLER", "5,open:20"),
        ("FAREBOX_LIMIT_ADDRESS", "8,open:20"),
    ];
    let api = limited(&[limits[0], limits[1], BY_HEADER]).await;
    let other = api.another().await;
    let callers = ["ada", "bob"].map(|caller| api.shop.token(caller));
    let body = mugs(1);

    let calls = (0..24).map(|n| {
        let client = if n % 3 == 0 { &api.client } else { &other };
        let call = client.request().bearer(&callers[n % 2]);
        let call = call.header("x-real-ip", "203.0.113.7");
        call.key(&format!("k{n}")).post(&body)
    });
    let answers = join_all(calls).await;

    let started = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(started.count(), 8);
    assert!(
        answers
            .iter()
            .all(|one| [200, 429].contains(&one.status.as_u16()))
    );
    assert_eq!(api.shop.stripe.payment_intents().len(), 8);
}

#[tokio::test]
async fn callers_at_one_address_are_counted_together() {
    let api = limited(&[("FAREBOX_LIMIT_ADDRESS", "2,open:20"), BY_HEADER]).await;
    let _ = start_from(&api, "2001:db8::1", "ada", "k")
        .await
        .expect(200);
    let _ = start_from(&api, "2001:db8::2", "bob", "k")
        .await
        .expect(200);

    assert_refused(&start_from(&api, "2001:db8::3", "eve", "k").await, "3600");
    let forwarded = start_from(&api, "198.51.100.1, 2001:db8::4", "eve", "k").await;
    assert_refused(&forwarded, "3600");
    let _ = start_from(&api, "2001:db8:0:1::1", "eve", "k")
        .await
        .expect(200);
}

#[tokio::test]
async fn callers_that_bypass_the_proxy_are_counted_together() {
    let api = limited(&[("FAREBOX_LIMIT_ADDRESS", "2,open:20"), BY_HEADER]).await;
    let post = async |caller: &str| {
        let token = api.shop.token(caller);
        let spoofed = ("x-forwarded-for", format!("198.51.100.{}", caller.len()));
        let call = api.client.request().bearer(&token).key("k");
        call.header(spoofed.0, &spoofed.1).post(&mugs(1)).await
    };
    let _ = post("a").await.expect(200);
    let _ = post("bb").await.expect(200);
    assert_refused(&post("ccc").await, "3600");
}

#[tokio::test]
async fn without_a_trusted_address_only_callers_are_counted() {
    let api = limited(&[("FAREBOX_LIMIT_ADDRESS", "1,open:1")]).await;
    for caller in ["ada", "bob", "eve"] {
        let _ = start_from(&api, "203.0.113.7", caller, "k")
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn on_lambda_a_spoofed_header_changes_nothing() {
    let shop = Shop::open_with(&[("FAREBOX_LIMIT_ADDRESS", "2,open:20")]).await;
    let post = async |address: &str, caller: &str| {
        let recorded = include_str!("../../../../events/create-intent.json");
        let mut event: Value = serde_json::from_str(recorded).unwrap();
        event["requestContext"]["http"]["sourceIp"] = json!(address);
        event["headers"] = json!({
            "authorization": format!("Bearer {}", shop.token(caller)), "idempotency-key": "k",
            "x-forwarded-for": format!("198.51.100.{}", caller.len()), "x-real-ip": caller,
        });
        event["body"] = json!(mugs(1).to_string());
        event["isBase64Encoded"] = json!(false);
        let request = from_str(&event.to_string()).unwrap();
        let clock = shop.clock.clone();
        let app = shared::App::new(
            &shop.config,
            shop.quick_stripe_client(),
            shop.store.clone(),
            clock,
        );
        let answered = host::with_middleware(service(app))
            .oneshot(request)
            .await
            .unwrap();
        answered.status().as_u16()
    };

    assert_eq!(post("203.0.113.7", "a").await, 200);
    assert_eq!(post("203.0.113.7", "bb").await, 200);
    assert_eq!(post("203.0.113.7", "ccc").await, 429);
    assert_eq!(post("203.0.113.8", "ccc").await, 200);
}

#[tokio::test]
async fn a_refusal_is_logged_without_the_caller_or_the_address() {
    let api = limited(&[("FAREBOX_LIMIT_ADDRESS", "1,open:1"), BY_HEADER]).await;
    let (log, _listening) = Log::start();
    let _ = start_from(&api, "203.0.113.7", "ada@example.com", "k")
        .await
        .expect(200);
    let refused = start_from(&api, "203.0.113.7", "bob@example.com", "k").await;
    assert_refused(&refused, "3600");

    let log = log.text();
    let line = log
        .lines()
        .find(|line| line.contains("metric.too_many_payments"));
    let line: Value = serde_json::from_str(line.expect("it is logged")).unwrap();
    assert_eq!(line["limit.of"], "address");
    assert_eq!(line["limit.on"], "started");
    let decided = log.lines().rfind(|line| line.contains("\"audit\":true"));
    let decided: Value = serde_json::from_str(decided.expect("it is recorded")).unwrap();
    assert_eq!(
        (&decided["allowed"], &decided["why"]),
        (&json!(false), &json!("limit"))
    );
    assert_eq!(decided["who"], line["caller"]);
    for hidden in ["203.0.113.7", "example.com"] {
        assert!(!log.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn the_database_keeps_neither_the_address_nor_the_caller() {
    let api = limited(&[BY_HEADER]).await;
    let _ = start_from(&api, "203.0.113.7", "ada", "k")
        .await
        .expect(200);

    let path = api.shop.folder().join("farebox.sqlite");
    let file = rusqlite::Connection::open(path).unwrap();
    let mut rows = file
        .prepare("SELECT key, entries FROM rate_limits")
        .unwrap();
    let rows = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let rows: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    for (key, entries) in rows {
        assert!(
            key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{key}"
        );
        assert!(
            !entries.contains("203.") && !entries.contains("ada"),
            "{entries}"
        );
    }
}

#[tokio::test]
async fn a_limit_that_is_off_limits_nothing() {
    let api = limited(&[("FAREBOX_LIMIT_CALLER", "off")]).await;
    for n in 0..21 {
        let _ = api.post(&format!("k{n}"), &mugs(1)).await.expect(200);
    }
    let by_default = limited(&[]).await;
    for n in 0..20 {
        let key = format!("k{n}");
        let _ = by_default.post(&key, &mugs(1)).await.expect(200);
    }
    assert_refused(&by_default.post("k20", &mugs(1)).await, "3600");
}

/// Declines `times` cards for the payment of `answer`, now by the shop's clock, and accepts the
/// events.
async fn decline(api: &TestServer, answer: &Answer, times: usize) {
    let intent = crate::intent_id(answer);
    for _ in 0..times {
        let tried = api.shop.stripe.confirm(&intent, "pm_card_chargeDeclined");
        tried.await.unwrap_err();
        let mut events = api.shop.stripe.events().into_iter();
        let mut failed = events.rfind(|e| e["type"] == "payment_intent.payment_failed");
        let failed = failed.as_mut().unwrap();
        failed["created"] = json!(api.shop.clock.now());
        let event = shared::event::Event::parse(failed.to_string().as_bytes());
        let now = api.shop.clock.now();
        api.shop.store.accept(event.unwrap(), now).await.unwrap();
    }
}

#[tokio::test]
async fn an_order_takes_so_many_cards_that_fail_and_waits_until_the_window_is_over() {
    let api = limited(&[("FAREBOX_LIMIT_ATTEMPTS", "3")]).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let other = api.post("k2", &mugs(1)).await.expect(200);
    decline(&api, &first, 2).await;
    let again = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(again.body["clientSecret"], first.body["clientSecret"]);
    api.shop.clock.advance(60);
    decline(&api, &first, 1).await;

    assert_refused(&api.post("k1", &mugs(1)).await, "3540");
    let mut changed = mugs(2);
    changed["orderId"] = json!(order_id(&first));
    assert_refused(&api.post("k3", &changed).await, "3540");
    let closed = api.shop.stripe.payment_intent(&crate::intent_id(&first));
    assert_eq!(closed.unwrap()["status"], "canceled");
    let others = api.post("k2", &mugs(1)).await.expect(200);
    assert_eq!(others.body["clientSecret"], other.body["clientSecret"]);

    api.shop.clock.advance(3540);
    let next = api.post("k1", &mugs(1)).await.expect(200);
    assert_ne!(next.body["clientSecret"], first.body["clientSecret"]);
    decline(&api, &next, 2).await;
    assert_refused(&api.post("k1", &mugs(1)).await, "60");
}

#[tokio::test]
async fn an_order_that_was_tried_often_and_is_paid_or_being_paid_is_answered_so() {
    for (method, code) in [("pm_card_visa", 409), ("pm_usBankAccount", 200)] {
        let api = limited(&[("FAREBOX_LIMIT_ATTEMPTS", "2")]).await;
        let first = api.post("k1", &mugs(1)).await.expect(200);
        let intent = crate::intent_id(&first);
        decline(&api, &first, 2).await;
        api.shop.stripe.confirm(&intent, method).await.unwrap();
        api.shop.accept_events_of(&intent).await;

        let _ = api.post("k1", &mugs(1)).await.expect(code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_a_limit_by_address_is_warned_of() {
    let warned = |process: &Process| {
        let is_warning = |line: &String| line.contains("no payments are limited by address");
        process.start_log().iter().any(is_warning)
    };
    let program = env!("CARGO_BIN_EXE_create-intent");
    let header = ("FAREBOX_CLIENT_ADDRESS", "header:x-real-ip");

    let unlimited = Shop::open_with(&[header, ("FAREBOX_LIMIT_ADDRESS", "off")]).await;
    assert!(warned(&Process::start(program, &unlimited)));
    let behind_proxy = Shop::open_with(&[("FAREBOX_CLIENT_ADDRESS", "")]).await;
    assert!(warned(&Process::start(program, &behind_proxy)));
    let limited = Shop::open_with(&[header]).await;
    assert!(!warned(&Process::start(program, &limited)));
}
