//! `POST /api/create-checkout`: opens a Checkout Session for an order.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(create_checkout::FUNCTION, create_checkout::service).await
}
