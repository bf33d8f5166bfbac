//! `POST /api/usage`: reports the usage of callers to Stripe's meters.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(usage::FUNCTION, usage::service).await
}
