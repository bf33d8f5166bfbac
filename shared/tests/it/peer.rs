//! A peer in Stripe's place that does on the socket exactly what a test says.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use shared::{
    Config,
    env::need,
    stripe::{RetryPolicy, Stripe},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

const INTENT: &str = r#"{"id":"pi_1","amount":1500,"currency":"usd",
    "status":"requires_payment_method","client_secret":"pi_1_secret_1","metadata":{}}"#;

/// What the peer does with one request.
pub(crate) enum Act {
    /// Answers with a status, more headers, and a body; the connection stays.
    Answer(&'static str, &'static str, &'static str),
    /// Closes the connection without an answer.
    Close,
    /// Keeps the connection open, and says nothing more on it.
    Freeze,
    /// Sends the head and half of the body, then closes.
    Cut,
}

/// A peer that follows its script, one act for each request, and tells what it was asked.
pub(crate) struct Peer {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<(usize, String)>,
}

impl Peer {
    pub(crate) async fn start(script: Vec<Act>) -> Self {
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

    /// A peer that takes connections and says nothing; whoever listens for it stays.
    pub(crate) fn silent(listener: &TcpListener) -> Self {
        Self {
            address: listener.local_addr().unwrap(),
            requests: mpsc::unbounded_channel().1,
        }
    }

    /// A client of this peer, with little retry_policy and, for the second attempt, `first_delay`.
    pub(crate) fn client(&self, first_delay: Duration) -> Stripe {
        self.client_with(
            first_delay,
            &[("STRIPE_SECRET_KEY".to_owned(), "sk_test_abc".to_owned())],
        )
    }

    /// The same with its key where `variables` say.
    pub(crate) fn client_with(
        &self,
        first_delay: Duration,
        variables: &[(String, String)],
    ) -> Stripe {
        let base = format!("http://{}", self.address);
        let config = Config::from_lookup(&[need::STRIPE_SECRET_KEY], |name| match name {
            "STRIPE_API_BASE" => Some(base.clone()),
            name => {
                let found = variables.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone())
            }
        });
        let config = config.unwrap();
        Stripe::new(&config.stripe, config.secrets).with_retry_policy(RetryPolicy {
            attempt: Duration::from_secs(2),
            reused: Duration::from_secs(2),
            deadline: Duration::from_secs(4),
            first_delay,
        })
    }

    /// The requests so far, each with the number of its connection.
    pub(crate) fn asked(&mut self) -> Vec<(usize, String)> {
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
            Act::Freeze => {
                tokio::spawn(async move { while self::request(&mut stream).await.is_some() {} });
                return;
            }
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

pub(crate) fn fine() -> Act {
    Act::Answer("200 OK", "request-id: req_1\r\n", INTENT)
}
