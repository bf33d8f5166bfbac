//! `cargo dev`: the whole of Farebox on this machine.
//!
//! Everything worth reading is in `lib.rs`; this file reads the command line and waits.

use std::process::ExitCode;

use dev::{doctor, interface, options::Options, server};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice() {
        match first.as_str() {
            "doctor" => return doctor::run(rest).await,
            "interface" => return interface::run(rest),
            _ => {}
        }
    }
    match Options::parse(&arguments) {
        Ok(options) => server::run(options).await,
        Err(usage) => usage.show(),
    }
}
