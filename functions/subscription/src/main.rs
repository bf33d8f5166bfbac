//! `GET /api/subscription`: a caller's subscriptions, and what they may use.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(subscription::FUNCTION, subscription::service).await
}
