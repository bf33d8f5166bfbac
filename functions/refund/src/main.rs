//! `POST /api/refund`: gives the money of a paid order back.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::run(host::serve(refund::FUNCTION, refund::service)).await
}
