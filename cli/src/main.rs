//! `farebox`: runs all of Farebox on this machine (`cargo dev`), serves a deployment (`serve`) or
//! checks it (`doctor`), runs the operator's commands, and generates files (`generate`).
//!
//! Everything worth reading is in `lib.rs`; this file reads the command line.

use std::process::ExitCode;

use farebox::{
    backup, doctor, forget, generate, healthcheck, import, migrate, options::Options, serve,
    server, settings::of_command,
};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo dev` is `farebox dev`, and `cargo dev doctor` is `farebox doctor`.
    let arguments = match arguments.as_slice() {
        [first, rest @ ..] if first == "dev" => rest,
        all => all,
    };
    // A server uses all cores.
    let mut builder = match arguments.first().map(String::as_str) {
        Some("serve") => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build();
    let runtime = runtime.expect("a process can have timers and sockets");
    runtime.block_on(run(arguments))
}

async fn run(arguments: &[String]) -> ExitCode {
    if let [first, rest @ ..] = arguments {
        match first.as_str() {
            "doctor" => return doctor::run(rest).await,
            "generate" => return generate::run(rest),
            "serve" => return serve::run(rest).await,
            "healthcheck" => return healthcheck::run(rest).await,
            "backup" => return backup::run(rest, of_command).await,
            "migrate" => return migrate::run(rest, of_command).await,
            "import" => return import::run(rest, of_command).await,
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
