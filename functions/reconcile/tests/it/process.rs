//! The real program on the database of a shop.

use std::process::{Command, Output};

use testing::Shop;

use crate::{age, assert_all_paid_once, cursor, pay};

/// The real program.
const RECONCILE: &str = env!("CARGO_BIN_EXE_reconcile");

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs it beside the sandbox, which this process serves.
async fn run(shop: &Shop, arguments: &[&str]) -> Output {
    let mut command = shop.command(RECONCILE);
    command.args(arguments);
    let ended = tokio::task::spawn_blocking(move || command.output());
    let output = ended.await.expect("it ends");
    output.expect("the program runs")
}

#[tokio::test]
async fn once_takes_what_was_missed_and_says_so() {
    let shop = Shop::open().await;
    pay(&shop, 3).await;
    age(&shop, 300);

    let first = run(&shop, &["--once"]).await;
    let second = run(&shop, &["--once"]).await;

    assert!(first.status.success(), "{first:?}");
    let (first, second) = (said(&first), said(&second));
    assert!(first.contains(" applied, 0 seen before, "), "{first}");
    assert!(first.contains("\"metric.reconciled\":"), "{first}");
    assert!(second.contains(": 0 applied, "), "{second}");
    // A line of the function's own crate below `WARN`.
    assert!(
        second.contains("\"message\":\"the webhook missed no event\""),
        "{second}"
    );
    assert_all_paid_once(&shop, 3).await;
}

#[tokio::test]
async fn a_time_range_does_not_move_the_cursor() {
    let shop = Shop::open().await;
    pay(&shop, 2).await;
    age(&shop, 300);

    let output = run(&shop, &["--since", "2020-01-01T00:00:00Z"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("Stripe keeps events for 30 days"));
    let output = run(&shop, &["--since", "tuesday"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("must be a time such as"));

    let since = (shared::Clock::default().now() - 3_600).to_string();
    let output = run(&shop, &["--since", &since]).await;

    assert!(output.status.success(), "{output:?}");
    assert_all_paid_once(&shop, 2).await;
    assert_eq!(cursor(&shop).await, None);
}

#[tokio::test]
async fn a_mistyped_command_does_nothing_and_says_how() {
    let shop = Shop::open().await;
    let output = run(&shop, &["once"]).await;
    assert_eq!(output.status.code(), Some(2));
    let usage = String::from_utf8(output.stderr).unwrap();
    assert!(usage.contains("reconcile --since TIME"), "{usage}");
    assert!(shop.stripe.requests().is_empty());
}

#[tokio::test]
async fn help_is_shown_on_request() {
    let shop = Shop::open().await;
    let output = run(&shop, &["--help"]).await;
    assert!(output.status.success(), "{output:?}");
    assert!(said(&output).contains("reconcile --since TIME --until TIME"));
}

#[tokio::test]
async fn a_failure_ends_it_with_an_error_that_shows_no_key() {
    let shop = Shop::open().await;
    let unauthorized = sandbox::Fault::unauthorized();
    shop.stripe
        .inject(unauthorized.on("GET", "/v1/events").times(0));

    let output = run(&shop, &["--once"]).await;

    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(
        said.contains("the run failed: Stripe did not list its events"),
        "{said}"
    );
    assert!(said.contains("status 401"), "{said}");
    assert!(!said.contains(Shop::SECRET_KEY), "{said}");
}

#[test]
fn settings_that_are_missing_stop_the_start_with_their_names() {
    let output = Command::new(RECONCILE)
        .env_clear()
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("STRIPE_SECRET_KEY is not set"), "{said}");
    assert!(said.contains("DATABASE_URL is not set"), "{said}");
}
