//! `sandbox`: a sandbox of Stripe on a port of this machine, until SIGTERM or Ctrl-C.

use std::process::ExitCode;

mod command;
mod gateway_event;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    command::run(std::env::args().skip(1)).await
}
