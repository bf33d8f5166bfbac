//! Delivers the outbox, or shows what is stuck in it.
//!
//! Everything worth reading is in `lib.rs`; this file only reads the command line.

use std::process::ExitCode;

use fulfil::{
    App,
    command::{Command, USAGE},
};
use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(command) = Command::parse(&arguments) else {
        return host::usage(USAGE);
    };
    host::run(async {
        let app = App::from_env(command.needs()).await?;
        command.carry_out(&app).await
    })
    .await
}
