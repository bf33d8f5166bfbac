//! `POST /api/create-intent`: starts or changes the payment of an order.
//!
//! Everything worth reading is in `lib.rs`; this file only picks the host.

use std::process::ExitCode;

use shared::host;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    host::run(async {
        let app = create_intent::App::from_env().await?;
        host::serve(create_intent::service(app)).await
    })
    .await
}
