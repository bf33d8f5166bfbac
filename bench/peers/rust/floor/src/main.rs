//! The least that a Lambda function in Rust does: it starts, and answers.
//!
//! `FLOOR_TRIPS` adds bare round trips before the first request: addresses, separated by commas, to each of which
//! it opens a connection and asks once, without an SDK, a signature or TLS.

use std::{env, io};

use lambda_http::{Error, Request, run, service_fn};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// GetSecretValue, as bare as it can be.
const REQUEST: &str = "POST / HTTP/1.1\r\nhost: stand-in\r\ncontent-type: application/x-amz-json-1.1\r\n\
    x-amz-target: secretsmanager.GetSecretValue\r\ncontent-length: 20\r\nconnection: close\r\n\r\n\
    {\"SecretId\":\"bench\"}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let trips = env::var("FLOOR_TRIPS").unwrap_or_default();
    for address in trips.split(',').filter(|address| !address.is_empty()) {
        ask(address).await?;
    }
    run(service_fn(|_: Request| async { Ok::<_, Error>("{}") })).await
}

async fn ask(address: &str) -> io::Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    connection.write_all(REQUEST.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.map(drop)
}
