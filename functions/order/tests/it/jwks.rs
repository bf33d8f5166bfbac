//! The issuer's keys: held, refreshed and rotated without a failed request, and fetched no more
//! often than needed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::StatusCode;
use serde_json::json;
use testing::{Answer, Issuer, Served, SigningKey, TestServer, as_soon_as};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
};

use crate::{open_with, read, read_with};

/// The function with the order `o_1`, behind an issuer that publishes `keys`.
async fn start(keys: &[&SigningKey]) -> (TestServer, Issuer) {
    let issuer = Issuer::start(keys).await;
    let api = open_with(&issuer.variables()).await;
    api.shop.open_order("o_1").await;
    (api, issuer)
}

async fn read_by(api: &TestServer, key: &SigningKey) -> Answer {
    let now = api.shop.clock.now();
    read_with(api, &key.sign(&Issuer::claims("ada", now))).await
}

/// `count` requests at once, under these keys in turn.
async fn read_at_once(api: &TestServer, keys: &[&SigningKey], count: usize) -> Vec<u16> {
    let calls = (0..count).map(|n| read_by(api, keys[n % keys.len()]));
    let answers = futures_util::future::join_all(calls).await;
    answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect()
}

#[tokio::test]
async fn every_kind_of_key_is_taken_and_fetched_once() {
    let keys = [
        SigningKey::rsa("r+/="),
        SigningKey::p256("123e4567-e89b-12d3-a456-426614174000"),
        SigningKey::ed25519("ins_2abc"),
    ];
    let (api, issuer) = start(&keys.each_ref()).await;
    for key in &keys {
        let _ = read_by(&api, key).await.expect(200);
    }
    api.shop.clock.advance(599);
    let _ = read_by(&api, &keys[0]).await.expect(200);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn a_cold_start_of_many_requests_fetches_once() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    assert_eq!(read_at_once(&api, &[&key], 20).await, [200; 20]);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn keys_rotate_without_a_failed_request() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let (api, issuer) = start(&[&old]).await;
    assert_eq!(read_at_once(&api, &[&old], 5).await, [200; 5]);

    api.shop.clock.advance(31);
    issuer.publish(&[&old, &new]);
    assert_eq!(read_at_once(&api, &[&old, &new], 20).await, [200; 20]);
    assert_eq!(issuer.fetches(), 2);

    api.shop.clock.advance(31);
    issuer.publish(&[&new]);
    assert_eq!(read_at_once(&api, &[&old, &new], 10).await, [200; 10]);

    api.shop.clock.advance(600);
    assert_eq!(read_at_once(&api, &[&new], 10).await, [200; 10]);
    assert_eq!(read_by(&api, &old).await.code(401), "unauthenticated");
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test]
async fn a_flood_of_unknown_keys_fetches_once_within_half_a_minute() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    let _ = read_by(&api, &key).await.expect(200);
    let flood = || async {
        for n in 0..20 {
            let unknown = SigningKey::ed25519(&format!("made-up-{n}"));
            assert_eq!(read_by(&api, &unknown).await.code(401), "unauthenticated");
        }
    };

    flood().await;
    assert_eq!(issuer.fetches(), 1);
    api.shop.clock.advance(31);
    flood().await;
    assert_eq!(issuer.fetches(), 2);
    let _ = read_by(&api, &key).await.expect(200);
}

#[tokio::test]
async fn keys_stay_when_a_refresh_fails_and_for_no_longer_than_a_day() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    let _ = read_by(&api, &key).await.expect(200);

    let failures = [
        (StatusCode::INTERNAL_SERVER_ERROR, "{}".to_owned()),
        (StatusCode::FOUND, String::new()),
        (StatusCode::OK, "<html>".to_owned()),
        (StatusCode::OK, json!({ "error": "x" }).to_string()),
        (
            StatusCode::OK,
            format!(r#"{{"keys":[]{}}}"#, " ".repeat(300_000)),
        ),
    ];
    for (n, (status, body)) in failures.into_iter().enumerate() {
        issuer.serve(Served::Answer(status, body));
        api.shop.clock.advance(601);
        assert_eq!(read_at_once(&api, &[&key], 5).await, [200; 5]);
        assert_eq!(issuer.fetches(), n + 2);
    }

    api.shop.clock.advance(24 * 60 * 60);
    assert_eq!(read_by(&api, &key).await.code(503), "unavailable");
}

#[tokio::test]
async fn while_no_key_was_ever_fetched_it_is_our_failure_and_soon_tried_again() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    issuer.serve(Served::Answer(StatusCode::BAD_GATEWAY, String::new()));

    let answer = read_by(&api, &key).await.expect(503);
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(read_by(&api, &key).await.code(503), "unavailable");
    assert_eq!(issuer.fetches(), 1);
    let _ = read(&api, "ada", "/?id=o_1").await.expect(200);

    issuer.publish(&[&key]);
    api.shop.clock.advance(2);
    let _ = read_by(&api, &key).await.expect(200);
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_holds_nobody_for_long() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    let _ = read_by(&api, &key).await.expect(200);
    issuer.serve(Served::Silence);
    api.shop.clock.advance(601);

    let started = Instant::now();
    assert_eq!(read_at_once(&api, &[&key], 5).await, [200; 5]);
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_end_the_fetch_for_others() {
    let (old, new) = (SigningKey::p256("old"), SigningKey::p256("new"));
    let (api, issuer) = start(&[&old]).await;
    let _ = read_by(&api, &old).await.expect(200);
    api.shop.clock.advance(31);
    let release = Arc::new(Notify::new());
    issuer.serve(Served::Later(Arc::clone(&release), vec![new.jwk()]));

    hang_up(&api, &new, || issuer.fetches() == 2).await;
    release.notify_one();

    let _ = read_by(&api, &new).await.expect(200);
    assert_eq!(issuer.fetches(), 2);
}

/// Sends a request under `key`, and closes the connection when `is_under_way`.
async fn hang_up(api: &TestServer, key: &SigningKey, is_under_way: impl Fn() -> bool) {
    let url = api.client.url();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(address).await.unwrap();
    let token = key.sign(&Issuer::claims("ada", api.shop.clock.now()));
    let request =
        format!("GET /?id=o_1 HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    as_soon_as("the request is under way", is_under_way).await;
    connection.shutdown().await.unwrap();
    // The server closes its side once it has dropped the request.
    let mut rest = Vec::new();
    connection.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"", "it was not answered");
}

#[tokio::test]
async fn an_empty_set_withdraws_every_key() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    let _ = read_by(&api, &key).await.expect(200);
    issuer.publish(&[]);
    api.shop.clock.advance(600);
    assert_eq!(read_by(&api, &key).await.code(401), "unauthenticated");
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_keys_old_and_not_young() {
    let key = SigningKey::p256("k");
    let (api, issuer) = start(&[&key]).await;
    let _ = read_by(&api, &key).await.expect(200);
    api.shop.clock.advance(-3_600);
    let _ = read_by(&api, &key).await.expect(200);
    assert_eq!(issuer.fetches(), 2);
}
