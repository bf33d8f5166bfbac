//! The binary.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use stripe_sandbox::{Sandbox, StartError};

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stripe-sandbox"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn refused(arguments: &[&str]) -> (Output, String) {
    let output = command(arguments).output().unwrap();
    let problem = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{problem}");
    assert_eq!(problem.lines().count(), 1, "one clear line: {problem}");
    (output, problem)
}

pub(crate) fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    let output = child.stdout.take().expect("piped");
    BufReader::new(output).read_line(&mut line).unwrap();
    line
}

#[test]
fn it_says_where_it_listens_and_stops_on_sigterm() {
    let mut child = command(&["--port", "0"]).spawn().unwrap();
    assert!(first_line(&mut child).starts_with("sandbox listening on http://127.0.0.1:"));

    let killed = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();

    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A busy machine is sometimes slow, so the fastest of a few starts counts.
#[test]
fn it_is_ready_in_less_than_50_ms() {
    let starts = (0..5).map(|_| {
        let begun = Instant::now();
        let mut child = command(&["--port", "0"]).spawn().unwrap();
        let said = first_line(&mut child);
        let took = begun.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(said.starts_with("sandbox listening"), "{said}");
        took
    });
    let quickest = starts.min().expect("five starts");
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
}

#[tokio::test]
async fn a_taken_port_is_one_clear_line() {
    let stripe = Sandbox::start().await;
    let port = stripe.url().rsplit(':').next().unwrap();

    let (_, problem) = refused(&["--port", port]);
    assert!(problem.contains(&format!("port {port}")), "{problem}");
    let started = Sandbox::builder().port(port.parse().unwrap()).start().await;
    assert!(matches!(started, Err(StartError::PortTaken(_))));
}

#[test]
fn wrong_arguments_are_one_clear_line() {
    let cases: [(&[&str], &str); 8] = [
        (&["--prot", "1"], "--prot"),
        (&["--port"], "--port needs a value"),
        (&["--port", "x"], "not a port"),
        (
            &["--webhook-secret", "whsec_a"],
            "must follow its --webhook-url",
        ),
        (
            &["--webhook-payload", "thin"],
            "must follow its --webhook-url",
        ),
        (
            &[
                "--webhook-url",
                "http://127.0.0.1:1",
                "--webhook-payload",
                "x",
            ],
            "neither snapshot nor thin",
        ),
        (
            &["--webhook-url", "http://127.0.0.1:1"],
            "no --webhook-secret",
        ),
        (
            &[
                "--webhook-url",
                "https://127.0.0.1",
                "--webhook-secret",
                "a",
            ],
            "no TLS",
        ),
    ];
    for (arguments, expected) in cases {
        let (_, problem) = refused(arguments);
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn help_is_on_stdout() {
    let output = command(&["--help"]).output().unwrap();

    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("--webhook-url")
    );
}

#[test]
fn it_signs_the_event_of_a_webhook_anew() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/webhook.json");

    let output = command(&["sign", file, "--webhook-secret", "whsec_a"])
        .output()
        .unwrap();

    assert!(output.status.success());
    let event: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let header = event["headers"]["stripe-signature"].as_str().unwrap();
    let time = header.split([',', '=']).nth(1).unwrap().parse().unwrap();
    let body = event["body"].as_str().unwrap();
    assert_eq!(
        header,
        stripe_sandbox::sign(body.as_bytes(), "whsec_a", time)
    );
}

#[test]
fn it_signs_nothing_without_a_file_and_a_secret() {
    for arguments in [
        &["sign"][..],
        &["sign", "a.json"],
        &["sign", "a.json", "--webhook-secret"],
        &["sign", "/nowhere/a.json", "--webhook-secret", "whsec_a"],
    ] {
        refused(arguments);
    }
}
