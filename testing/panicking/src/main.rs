//! A function that panics at a `POST`, and answers the id of its process to a `GET`. e2e/aws/tests
//! has `sam build` build it as it builds the others, since no request makes those panic.

use std::process::ExitCode;

use axum::{
    Json,
    routing::{MethodRouter, get},
};
use shared::{Config, host};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::run(
        env!("CARGO_CRATE_NAME"),
        host::serve_opened(&[], open, service),
    )
    .await
}

async fn open(_: Config) -> Result<(), host::Error> {
    Ok(())
}

fn service((): ()) -> MethodRouter {
    get(async || Json(std::process::id())).post(panic)
}

async fn panic() {
    panic!("as it was asked to");
}
