//! `GET /api/orders`: the caller's orders, or, for staff, everybody's, in pages.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(orders::FUNCTION, orders::service).await
}
