//! Delivers the outbox, or shows its dead letters and quarantined events.
//!
//! Everything worth reading is in `lib.rs`; this file only reads the command line.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    notify::command::run(&arguments, host::config).await
}
