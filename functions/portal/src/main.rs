//! `POST /api/portal`: the caller's own billing portal.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::run(async {
        let app = portal::App::from_env().await?;
        host::serve(portal::service(app)).await
    })
    .await
}
