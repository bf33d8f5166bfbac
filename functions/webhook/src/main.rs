//! `POST /api/webhooks/stripe`: receives Stripe's events.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(webhook::FUNCTION, webhook::service).await
}
