//! Start, start errors, and stop.

use std::{os::unix::fs::PermissionsExt as _, process::Output};

use hyper::Method;
use testing::Shop;

use crate::process::{Dev, command};

/// Runs it with these arguments and variables; it must end by itself.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } = command(folder.path(), arguments)
        .env("CARGO_MANIFEST_DIR", folder.path().join("cli"))
        .envs(variables.iter().copied())
        .output()
        .expect("it ends");
    (
        status.code().expect("it ends by itself"),
        String::from_utf8(stderr).unwrap(),
    )
}

#[tokio::test]
async fn it_stops_cleanly_on_a_signal_even_with_a_page_open() {
    let dev = Dev::start();
    crate::payment::start(&dev, "k1").await;
    dev.rows_until(&["POST /api/create-intent"]).await;

    let (status, said) = dev.stop();

    assert!(status.success(), "{said}");
    assert!(said.contains("Stopped."), "{said}");
}

#[tokio::test]
async fn a_taken_port_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let (code, said) = refused(&["--port", &port], &[]);
    assert_eq!(code, 1);
    assert!(said.contains(&format!("port {port} is taken")), "{said}");

    let (code, said) = refused(&["--port", "0", "--sandbox-port", &port], &[]);
    assert_eq!(code, 1);
    assert!(
        said.contains(&port) && said.contains("--sandbox-port"),
        "{said}"
    );
}

#[test]
fn a_live_key_is_refused() {
    let keys = [
        ("STRIPE_SECRET_KEY", "sk_live_abc"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_abc"),
    ];
    for arguments in [&["--port", "0"][..], &["--port", "0", "--stripe"]] {
        let (code, said) = refused(arguments, &keys);
        assert_eq!(code, 1);
        assert!(
            said.contains("live key") && !said.contains("sk_live_abc"),
            "{said}"
        );
    }
}

#[test]
fn keys_in_secrets_manager_are_refused() {
    let elsewhere = [("FAREBOX_SECRET_ID", "farebox/test")];
    for arguments in [&["--port", "0"][..], &["--port", "0", "--stripe"]] {
        let (code, said) = refused(arguments, &elsewhere);
        assert_eq!(code, 1);
        assert!(said.contains("FAREBOX_SECRET_ID is set"), "{said}");
    }
}

#[test]
fn with_stripe_the_keys_must_be_there() {
    let (code, said) = refused(&["--port", "0", "--stripe"], &[]);
    assert_eq!(code, 1);
    assert_eq!(said.matches("STRIPE_SECRET_KEY").count(), 1, "{said}");
    assert!(said.contains("STRIPE_SECRET_KEY is not set"), "{said}");
    assert!(said.contains("STRIPE_PUBLISHABLE_KEY is not set"), "{said}");
    assert!(said.contains(".env in this folder"), "{said}");
}

#[test]
fn a_misspelt_key_is_reported_beside_the_missing_one() {
    let misspelt = [("STRIPE_SECERT_KEY", "sk_test_abc")];
    let (code, said) = refused(&["--port", "0", "--stripe"], &misspelt);
    assert_eq!(code, 1);
    let expected = "STRIPE_SECRET_KEY is not set: did you set it as STRIPE_SECERT_KEY?";
    assert!(said.contains(expected), "{said}");
    assert!(!said.contains("sk_test_abc"), "{said}");
}

#[tokio::test]
async fn a_misspelt_setting_is_reported_at_start() {
    let dev = Dev::with(&[("FAREBOX_NOTIFY_URLL", "log:"), ("FAREBOX_ORIGIN", "x")]);
    let (status, said) = dev.stop();
    assert!(status.success(), "{status:?}");
    let expected =
        "warning: FAREBOX_NOTIFY_URLL is not a setting: did you mean FAREBOX_NOTIFY_URL?";
    assert!(said.contains(expected), "{said}");
    assert!(!said.contains("FAREBOX_ORIGIN is not"), "{said}");
}

#[tokio::test]
async fn the_cause_of_a_401_is_printed_in_the_terminal_once() {
    let dev = Dev::start_quiet();
    let url = format!("{}/api/order?id=ord_1", dev.shop);
    let bearer = ("authorization", "Bearer eyJub3Q.YS50.b2tlbg");
    for headers in [&[][..], &[], &[bearer]] {
        let (status, answer) = dev.send(Method::GET, &url, headers, "").await;
        assert_eq!(status, 401);
        assert!(!answer.to_string().contains("bearer token"), "{answer}");
    }
    let (_, said) = dev.stop();
    let cause = "responded 401 unauthenticated: there is no bearer token";
    assert_eq!(said.matches(cause).count(), 1, "{said}");
    assert!(
        said.contains("does not accept the token's algorithm"),
        "{said}"
    );
    assert!(!said.contains("b2tlbg"), "{said}");
}

#[test]
fn with_stripe_the_keys_come_from_the_env_file_and_the_forwarding_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    // As in the README: a copy of the example, with two keys filled in.
    let example = include_str!("../../../.env.example");
    let filled = example
        .replace("=sk_test_...", "=sk_test_abc")
        .replace("=pk_test_...", "=pk_test_abc");
    std::fs::write(folder.path().join(".env"), filled).unwrap();

    let mut child = command(folder.path(), &["--port", "0", "--stripe"])
        .env("CARGO_MANIFEST_DIR", folder.path().join("cli"))
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(output));
    let forward = lines
        .map_while(Result::ok)
        .find(|line| line.contains("stripe listen --forward-to"));
    child.kill().unwrap();
    child.wait().unwrap();

    assert!(forward.is_some_and(|line| line.contains("/api/webhooks/stripe")));
}

#[tokio::test]
async fn a_site_beside_it_finds_origin_and_key_in_a_file_for_its_owner_alone() {
    let dev = Dev::start();
    let port = dev.shop.rsplit(':').next().unwrap();
    let file = dev.folder.path().join(format!("dev/farebox-{port}.env"));

    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        format!("FAREBOX_ORIGIN={}", dev.shop),
        format!("FAREBOX_SITE_KEY='{}'", Shop::SITE_KEY),
        format!("FAREBOX_NOTIFY_SECRET='{}'", Shop::NOTIFY_SECRET),
        format!("FAREBOX_DEV_PID={}", dev.id()),
        format!("STRIPE_JS_URL={}/endive/stripe.js", dev.sandbox),
    ];
    assert_eq!(lines, expected);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn a_mistyped_option_is_named() {
    let (code, said) = refused(&["--prot", "1"], &[]);
    assert_eq!(code, 2);
    assert!(said.contains("--prot"), "{said}");
}
