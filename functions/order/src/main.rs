//! `GET /api/order`: the state of the caller's own order, for the return page.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(order::FUNCTION, order::service).await
}
