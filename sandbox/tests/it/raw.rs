//! A client at the socket.

use std::io;

use stripe_sandbox::Sandbox;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Sends one request; returns every byte until the connection closes, or the socket's error.
pub(crate) async fn exchange(
    stripe: &Sandbox,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<String> {
    let address = stripe.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer sk_test_raw\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
