//! The start of the program with its keys in Secrets Manager, and its failures.

use std::process::Stdio;

use serde_json::json;
use testing::{Outage, Process, SecretsManager, Shop, as_soon_as};
use webhook::FUNCTION;

use crate::{
    foreign,
    processes::{WEBHOOK, deliver, http},
};

async fn shop() -> (Shop, SecretsManager) {
    let mut shop = Shop::open().await;
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    (shop, manager)
}

/// Runs the program, which is not to start; gives what it logged.
async fn refused(shop: &Shop) -> String {
    let mut command = shop.command(WEBHOOK);
    let ended = tokio::task::spawn_blocking(move || command.output());
    let output = ended.await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_starts_with_no_key_in_its_environment() {
    let (shop, manager) = shop().await;
    assert!(!shop.environment().contains_key("STRIPE_SECRET_KEY"));

    let process = Process::start(WEBHOOK, &shop);
    assert_eq!(manager.readings(), 1, "it reads its keys before it listens");
    let event = foreign("evt_1", "a.b");
    assert_eq!(deliver(&http(), process.address(), &event).await, Some(200));
    assert_eq!(manager.readings(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_have_its_keys_says_why_and_ends() {
    let (shop, manager) = shop().await;
    let bad = json!({ "STRIPE_SECRET_KEY": "pk_test_hunter2" });
    manager.put(&bad);
    let log = refused(&shop).await;
    for said in [
        "could not start: the keys in the secret `farebox/test` cannot be read",
        "STRIPE_SECRET_KEY holds a publishable key",
        "STRIPE_WEBHOOK_SECRET is not set",
    ] {
        assert!(log.contains(said), "{log}");
    }
    assert!(!log.contains("hunter2"), "{log}");
    assert_eq!(log.lines().count(), 1, "it is logged once: {log}");

    manager.fail(Outage::Denied);
    let log = refused(&shop).await;
    assert!(log.contains("permission denied"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_lambda_stripe_is_connected_to_while_the_keys_are_read_and_without_them() {
    let (shop, manager) = shop().await;
    // The keys never come: only what is done at the same time is done.
    manager.fail(Outage::Silent);
    let mut lambda = shop
        .command(WEBHOOK)
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();

    as_soon_as("Stripe is called", || !shop.stripe.requests().is_empty()).await;
    let warming = shop.stripe.requests().remove(0);
    let _ = lambda.kill();
    let _ = lambda.wait();

    assert_eq!((&*warming.method, &*warming.path), ("HEAD", "/"));
    assert!(!warming.headers.contains_key("authorization"));
    manager.recover();
    let server = Process::start(WEBHOOK, &shop);
    assert_eq!(shop.stripe.requests().len(), 1, "a server does without");
    drop(server);
}
