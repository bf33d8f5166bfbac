//! Calls to Stripe against a peer that does on the socket exactly what a test says.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use shared::{
    Config,
    stripe::{Failure, Patience, Stripe},
};
use stripe_client_core::{RequestBuilder, StripeMethod};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

const INTENT: &str = r#"{"id":"pi_1","amount":1500,"currency":"usd","status":"requires_payment_method","client_secret":"pi_1_secret_1","metadata":{}}"#;

/// An answer that is not to be followed by another attempt.
const ODD: &str = "request-id: req_odd\r\nstripe-should-retry: false\r\n";

/// What the peer does with one request.
enum Act {
    /// Answers with a status, more headers, and a body; the connection stays.
    Answer(&'static str, &'static str, &'static str),
    /// Closes the connection without an answer.
    Close,
    /// Sends the head and half of the body, then closes.
    Cut,
}

/// A peer that follows its script, one act for each request, and tells what it was asked.
struct Peer {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<(usize, String)>,
}

impl Peer {
    async fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut script = VecDeque::from(script);
            for connection in 1.. {
                let (stream, _) = listener.accept().await.unwrap();
                follow(stream, &mut script, connection, &asked).await;
            }
        });
        Self { address, requests }
    }

    /// A client of this peer, with little patience and, for the second attempt, `first_delay`.
    fn client(&self, first_delay: Duration) -> Stripe {
        let base = format!("http://{}", self.address);
        let config = Config::from_lookup(&[], |name| match name {
            "STRIPE_API_BASE" => Some(base.clone()),
            "STRIPE_SECRET_KEY" => Some("sk_test_abc".to_owned()),
            _ => None,
        });
        Stripe::new(&config.unwrap()).with_patience(Patience {
            attempt: Duration::from_secs(2),
            deadline: Duration::from_secs(4),
            first_delay,
        })
    }

    /// The requests so far, each with the number of its connection.
    fn asked(&mut self) -> Vec<(usize, String)> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

/// Serves one connection until an act closes it, or the client does.
async fn follow(
    mut stream: TcpStream,
    script: &mut VecDeque<Act>,
    connection: usize,
    asked: &mpsc::UnboundedSender<(usize, String)>,
) {
    while let Some(request) = request(&mut stream).await {
        let _ = asked.send((connection, request));
        match script.pop_front().expect("the script goes on") {
            Act::Close => return,
            Act::Cut => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":";
                stream.write_all(head.as_bytes()).await.unwrap();
                return;
            }
            Act::Answer(status, headers, body) => {
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    }
}

/// The next request, with its body; `None` when the client closed the connection.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream
            .read(&mut buffer)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(text);
        }
    }
}

fn fine() -> Act {
    Act::Answer("200 OK", "request-id: req_1\r\n", INTENT)
}

#[tokio::test]
async fn a_connection_that_went_stale_is_replaced_at_once() {
    let mut peer = Peer::start(vec![fine(), Act::Close, fine()]).await;
    // A wait of a minute would break the deadline: only a retry without any can succeed.
    let stripe = peer.client(Duration::from_secs(60));

    stripe.retrieve_intent("pi_1").await.unwrap();
    stripe.retrieve_intent("pi_1").await.unwrap();

    let connections: Vec<usize> = peer.asked().into_iter().map(|(number, _)| number).collect();
    assert_eq!(connections, [1, 1, 2]);
}

#[tokio::test]
async fn the_kept_connection_is_used_again() {
    let mut peer = Peer::start(vec![fine(), fine(), fine()]).await;
    let stripe = peer.client(Duration::ZERO);
    for _ in 0..3 {
        stripe.retrieve_intent("pi_1").await.unwrap();
    }
    assert!(peer.asked().iter().all(|(connection, _)| *connection == 1));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again() {
    let cut_json = Act::Answer("200 OK", "", "{\"id\":\"pi_1\",");
    let peer = Peer::start(vec![Act::Cut, cut_json, fine()]).await;
    let intent = peer
        .client(Duration::ZERO)
        .retrieve_intent("pi_1")
        .await
        .unwrap();
    assert_eq!(intent.id, "pi_1");
}

#[tokio::test]
async fn the_status_and_the_request_id_of_an_odd_answer_are_kept() {
    let cases = [
        (Act::Answer("502 Bad Gateway", ODD, "<html>"), 502),
        (Act::Answer("500 Internal Server Error", ODD, ""), 500),
        (
            Act::Answer("429 Too Many Requests", ODD, "{\"error\":{\"ty"),
            429,
        ),
    ];
    for (act, expected) in cases {
        let peer = Peer::start(vec![act]).await;
        let failure = peer
            .client(Duration::ZERO)
            .retrieve_intent("pi_1")
            .await
            .unwrap_err();
        let kept = matches!(&failure, Failure::Unanswered { status: Some(status), request_id: Some(id), .. }
            if *status == expected && id == "req_odd");
        assert!(kept, "{failure:?}");
    }
}

#[tokio::test]
async fn every_attempt_carries_key_version_and_idempotency_key() {
    let busy = Act::Answer(
        "409 Conflict",
        "",
        r#"{"error":{"code":"idempotency_key_in_use"}}"#,
    );
    let mut peer = Peer::start(vec![busy, fine()]).await;
    let stripe = peer.client(Duration::ZERO);
    let key = stripe::IdempotencyKey::new("one-operation").unwrap();

    let request = RequestBuilder::new(StripeMethod::Post, "/payment_intents")
        .form(&serde_json::json!({ "amount": 5 }));
    let request = request.customize::<shared::stripe::PaymentIntent>();
    let strategy = stripe::RequestStrategy::Idempotent(key);
    request
        .request_strategy(strategy)
        .send(&stripe)
        .await
        .unwrap();

    let asked = peer.asked();
    assert_eq!(asked.len(), 2);
    for (_, head) in asked {
        let head = head.to_ascii_lowercase();
        assert!(
            head.starts_with("post /v1/payment_intents http/1.1"),
            "{head}"
        );
        assert!(head.contains("authorization: bearer sk_test_abc"), "{head}");
        assert!(head.contains("idempotency-key: one-operation"), "{head}");
        assert!(head.contains("stripe-version: 2026-09-30.endive"), "{head}");
        assert!(head.ends_with("amount=5"), "{head}");
    }
}

#[tokio::test]
async fn a_post_without_a_key_is_sent_once() {
    let mut peer = Peer::start(vec![Act::Close, fine()]).await;
    let stripe = peer.client(Duration::ZERO);
    let request = RequestBuilder::new(StripeMethod::Post, "/payment_intents")
        .form(&serde_json::json!({ "amount": 5 }));

    let sent = request
        .customize::<shared::stripe::PaymentIntent>()
        .send(&stripe)
        .await;

    assert!(sent.is_err());
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn nobody_waits_longer_than_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer {
        address: listener.local_addr().unwrap(),
        requests: mpsc::unbounded_channel().1,
    };
    let stripe = peer.client(Duration::ZERO).with_patience(Patience {
        attempt: Duration::from_millis(50),
        deadline: Duration::from_millis(200),
        first_delay: Duration::from_millis(1),
    });

    let started = std::time::Instant::now();
    let failure = stripe.retrieve_intent("pi_1").await.unwrap_err();

    assert!(
        matches!(failure, Failure::Unanswered { status: None, .. }),
        "{failure:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}
