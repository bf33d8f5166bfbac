//! `GET /api/health`: whether the deployment needs an operator.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(health::FUNCTION, health::service).await
}
