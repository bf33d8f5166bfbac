//! `GET /api/customer`: a customer's data at Stripe, and their orders.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::serve(customer::FUNCTION, customer::service).await
}
