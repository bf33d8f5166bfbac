//! `POST /api/capture`: captures an authorized payment.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(capture::FUNCTION, capture::service).await
}
