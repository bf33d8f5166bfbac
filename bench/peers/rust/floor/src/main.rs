//! The minimal Lambda function in Rust: it starts, and responds.
//!
//! `FLOOR_TRIPS` adds bare round trips before the first request, one after another: `WHAT@ADDRESS`,
//! separated by commas. Each is one request without an SDK, a signature or TLS, over one open
//! connection for each address.

use std::{collections::HashMap, env, io};

use lambda_http::{Error, Request, run, service_fn};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let trips = env::var("FLOOR_TRIPS").unwrap_or_default();
    let mut connections = HashMap::new();
    for (what, address) in trips.split(',').filter_map(|trip| trip.split_once('@')) {
        if !connections.contains_key(address) {
            let connection = TcpStream::connect(address).await?;
            connection.set_nodelay(true)?;
            connections.insert(address, connection);
        }
        let connection = connections.get_mut(address).expect("it was made");
        ask(connection, &request(what)).await?;
    }
    run(service_fn(|_: Request| async { Ok::<_, Error>("{}") })).await
}

/// The request of a round trip: read the secret, read an item, or call Stripe for a greeting, a
/// price or a payment.
fn request(what: &str) -> String {
    let aws = |target: &str, body: &str| {
        format!(
            "POST / HTTP/1.1\r\nhost: aws\r\ncontent-type: \
             application/x-amz-json-1.0\r\nx-amz-target: {target}\r\ncontent-length: \
             {}\r\n\r\n{body}",
            body.len()
        )
    };
    let stripe = |line: &str, form: &str| {
        let key = env::var("FLOOR_STRIPE_KEY").unwrap_or_default();
        format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    match what {
        "secret" => aws("secretsmanager.GetSecretValue", r#"{"SecretId":"bench"}"#),
        "table" => {
            let key = r#"{"TableName":"ours","Key":{"pk":{"S":"floor"}}}"#;
            aws("DynamoDB_20120810.GetItem", key)
        }
        "greeting" => stripe("HEAD /", ""),
        "price" => stripe(
            "GET /v1/prices?lookup_keys[]=mug&active=true&expand[]=data.product",
            "",
        ),
        "intent" => stripe("POST /v1/payment_intents", "amount=1999&currency=eur"),
        other => panic!("no trip is called {other}"),
    }
}

/// One round trip. Any response but a success is an error, except for a greeting, whose response is
/// only a head.
async fn ask(connection: &mut TcpStream, request: &str) -> io::Result<()> {
    connection.write_all(request.as_bytes()).await?;
    let is_greeting = request.starts_with("HEAD");
    let mut answer = Vec::new();
    loop {
        if connection.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok());
        match head.starts_with("http/1.1 200") {
            _ if is_greeting => return Ok(()),
            false => return Err(io::Error::other(head.to_owned())),
            true if length == Some(body.len()) => return Ok(()),
            true => {}
        }
    }
}
