//! `GET /api/order`: the state of one's own order, for the return page.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::run(async {
        let app = order::App::from_env().await?;
        host::serve(order::service(app)).await
    })
    .await
}
