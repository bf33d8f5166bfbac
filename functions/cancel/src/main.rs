//! `POST /api/cancel`: cancels an unpaid order.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(cancel::FUNCTION, cancel::service).await
}
