//! `GET` and `POST /api/subscription`: a caller's subscriptions, and changes of them.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(subscription::FUNCTION, subscription::service).await
}
