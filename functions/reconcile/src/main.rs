//! Processes events that the webhook did not receive: on a schedule, or by hand.
//!
//! Everything worth reading is in `lib.rs`; this file only reads the command line.

use std::process::ExitCode;

use reconcile::command::{Command, USAGE};
use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(command) = Command::parse(&arguments) else {
        return host::usage(USAGE);
    };
    host::run(command.carry_out()).await
}
