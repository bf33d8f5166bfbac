//! Reports to Lambda that a function could not start.

use std::time::Duration;

use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::json;
use tokio::time::timeout;

use crate::http;

/// The timeout: Lambda is on this machine, and would have answered by then.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Posts `why` to the runtime `interface`, the value of `AWS_LAMBDA_RUNTIME_API`.
///
/// Lambda shows it to callers that invoke the function by its name, in place of an exit without a
/// reason. `cargo lambda watch` and `sam local` answer the requests that wait for the function;
/// without it, those of `cargo lambda watch` wait for minutes.
pub(super) async fn post(interface: &str, why: &str) {
    let address = interface.strip_prefix("http://").unwrap_or(interface);
    let body = json!({ "errorType": "CouldNotStart", "errorMessage": why }).to_string();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("http://{address}/2018-06-01/runtime/init/error"))
        .header("content-type", "application/json")
        .header(
            "lambda-runtime-function-error-type",
            "Runtime.CouldNotStart",
        )
        .body(Full::from(body));
    let Ok(request) = request else { return };
    let sent = timeout(TIMEOUT, http::pooled_client().request(request)).await;
    if !matches!(sent, Ok(Ok(_))) {
        tracing::warn!("Lambda did not accept the report that the function could not start");
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// The request at the interface, whose address is between `prefix` and `path`.
    async fn posted(prefix: &str, path: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let interface = format!("{prefix}{}{path}", listener.local_addr().unwrap());
        let receive = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            while !received.ends_with(b"}") {
                assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
            }
            let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            String::from_utf8(received).unwrap()
        };
        let (received, ()) = tokio::join!(receive, post(&interface, "DATABASE_URL is not set"));
        received
    }

    #[tokio::test]
    async fn lambda_and_cargo_lambda_hear_why_a_function_could_not_start() {
        for (prefix, path) in [("", ""), ("http://", "/.rt/webhook")] {
            let received = posted(prefix, path).await;
            let line = format!("POST {path}/2018-06-01/runtime/init/error HTTP/1.1\r\n");
            assert!(received.starts_with(&line), "{received}");
            let body = r#""errorMessage":"DATABASE_URL is not set""#;
            assert!(received.contains(body), "{received}");
        }
    }
}
