//! `POST /api/create-intent`: starts or changes the payment of an order.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(create_intent::FUNCTION, create_intent::service).await
}
