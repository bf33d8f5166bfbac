//! `farebox`: runs all of Farebox on this machine (`cargo dev`), checks a deployment (`doctor`),
//! runs the operator's commands, and generates files (`generate`).
//!
//! Everything worth reading is in `lib.rs`; this file reads the command line.

use std::process::ExitCode;

use farebox::{doctor, forget, generate, options::Options, server, settings::of_command};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo dev` is `farebox dev`, and `cargo dev doctor` is `farebox doctor`.
    let arguments = match arguments.as_slice() {
        [first, rest @ ..] if first == "dev" => rest,
        all => all,
    };
    if let [first, rest @ ..] = arguments {
        match first.as_str() {
            "doctor" => return doctor::run(rest).await,
            "generate" => return generate::run(rest),
            "forget" => return forget::run(rest, of_command).await,
            "reconcile" => {
                return reconcile::command::run("farebox reconcile", rest, of_command).await;
            }
            _ => {}
        }
    }
    if let Some(inspected) = notify::command::inspect("farebox", arguments, of_command).await {
        return inspected;
    }
    match Options::parse(arguments) {
        Ok(options) => server::run(options).await,
        Err(usage) => usage.show(),
    }
}
