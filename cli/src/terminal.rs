//! The terminal's output.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a person reads it"
)]

use std::process::{Command, Stdio};

use shared::env::Misspelt;

use crate::{options::Options, server::Server};

/// Prints the addresses, and opens the shop.
pub(crate) fn greet(server: &Server, options: &Options) {
    let url = server.url();
    for Misspelt { found, meant } in &server.settings.config.misspelt {
        warn(&format!("{found} is not a setting: did you mean {meant}?"));
    }
    match server.sandbox_url() {
        Some(sandbox) => println!(
            "\nFarebox is running, with a sandbox of Stripe: no account, no real money.\n\
             \n  shop       {url}\n  functions  {url}/api/…\n  sandbox    {sandbox}  \
             (for any Stripe client, with a key like sk_test_123)\n  database   {}\n\
             \nOpen the shop, and pay with 4242 4242 4242 4242. Stop with Ctrl-C.\n",
            server.settings.store
        ),
        None => println!(
            "\nFarebox is running, with Stripe's test mode: no real money.\n\
             \n  shop       {url}\n  functions  {url}/api/…\n  database   {}\n\n{}\n\nStop with \
             Ctrl-C.\n",
            server.settings.store,
            forwarding(server, &url)
        ),
    }
    if !options.headless {
        open(&url);
    }
}

/// Stripe cannot reach this machine: the Stripe CLI forwards the events.
fn forwarding(server: &Server, url: &str) -> String {
    let address = url.trim_start_matches("http://");
    let listen = format!("stripe listen --forward-to {address}/api/webhooks/stripe");
    match server.settings.has_own_webhook_secret {
        true => format!("Events arrive while this runs in another terminal:\n  {listen}"),
        false => format!(
            "Events do not arrive yet: an order is updated only while its page is open. In another \
             terminal, run\n  {listen}\nput the whsec_… that it prints into .env as \
             STRIPE_WEBHOOK_SECRET, and start this again."
        ),
    }
}

pub(crate) fn print(text: &str) {
    println!("{text}");
}

pub(crate) fn warn(text: &str) {
    eprintln!("warning: {text}");
}

pub(crate) fn error(text: &str) {
    eprintln!("error: {text}");
}

/// Opens the browser if there is one; the address is printed in any case.
fn open(url: &str) {
    let has_screen = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
    if !has_screen {
        return;
    }
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let _ = Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
}
