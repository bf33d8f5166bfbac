//! `farebox healthcheck`, as a container's engine runs it.

use std::process::Output;

use testing::{Process, Shop};

/// The real program.
const FAREBOX: &str = env!("CARGO_BIN_EXE_farebox");

async fn healthcheck(shop: &Shop, url: &str) -> Output {
    let mut command = shop.command(FAREBOX);
    command.args(["healthcheck", "--url", url]);
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.unwrap().expect("the program runs")
}

#[tokio::test]
async fn only_a_server_that_serves_is_healthy() {
    let shop = Shop::open().await;
    let server = Process::start_with(FAREBOX, &["serve", "--bind", "127.0.0.1:0"], &shop);
    let url = format!("http://{}", server.address());

    let well = healthcheck(&shop, &format!("{url}/healthz")).await;
    let elsewhere = healthcheck(&shop, &format!("{url}/nothing")).await;
    server.kill();
    let gone = healthcheck(&shop, &format!("{url}/healthz")).await;

    assert!(well.status.success(), "{well:?}");
    for (output, what) in [(elsewhere, "404 Not Found"), (gone, "Connection refused")] {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(what), "{said}");
    }
}
