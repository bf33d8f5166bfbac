//! Processes events that the webhook did not receive: on a schedule, or by hand.
//!
//! Everything worth reading is in `lib.rs`; this file only reads the command line.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    reconcile::command::run("reconcile", &arguments, host::config).await
}
