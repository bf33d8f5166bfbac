//! `cargo dev doctor`: whether a deployment's settings can work, before a customer finds out.
//!
//! It reads the environment and `.env`, asks Stripe and opens the database, and changes nothing at
//! Stripe. A line each: what is well, what is a problem and how to mend it, and what could not be
//! told. No line shows a key.
//!
//! Read [`Finding`] for a line, then what is looked at: `local`, `access`, `account` and
//! `endpoint`.

mod access;
mod account;
mod asking;
mod endpoint;
mod finding;
mod local;

use std::process::ExitCode;

use asking::Stripe;
pub use finding::{Finding, Outcome};
use shared::{Clock, Config};

use crate::{settings, terminal};

const USAGE: &str = "\
cargo dev doctor [--url URL]

Checks the settings in the environment and in .env: keys, Stripe, customer portal, payment method
domains, webhook endpoint, store, clock.
It changes nothing at Stripe, and shows no key. It ends with 1 when there is a problem.

  --url URL   the public URL of webhook, to find its endpoint at Stripe
  --help      show this";

/// Looks at everything, and says what it found.
pub async fn run(arguments: &[String]) -> ExitCode {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let url = match arguments.as_slice() {
        [] => None,
        ["--url", url] => Some(*url),
        ["--help" | "-h"] => {
            terminal::say(USAGE);
            return ExitCode::SUCCESS;
        }
        _ => return shared::host::usage(USAGE),
    };
    let findings = match settings::of_deployment() {
        Ok(config) => examine(&config, url, &Clock::default()).await,
        Err(findings) => findings,
    };
    for finding in &findings {
        terminal::say(&finding.to_string());
    }
    match findings.iter().any(Finding::is_problem) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// All that is found about a deployment with `config` whose webhook is at `url`, on a machine with
/// `clock`.
pub async fn examine(config: &Config, url: Option<&str>, clock: &Clock) -> Vec<Finding> {
    let keys = match config.secrets.current().await {
        Ok(keys) => keys,
        Err(unreadable) => {
            return vec![Finding::problem(
                "FAREBOX_SECRET_ID",
                unreadable.to_string(),
            )];
        }
    };
    let mut findings = local::settings(&keys);
    findings.extend(local::misspelt(config));
    findings.push(local::store(config).await);
    findings.push(local::delivery(config, &keys));
    let Ok(key) = keys.stripe_secret_key() else {
        return findings;
    };
    let stripe = Stripe::new(&config.stripe.api_base, key);
    let (reached, date) = access::reach(&stripe).await;
    let is_reached = !reached.is_problem();
    findings.push(reached);
    findings.extend(date.map(|date| local::clock(date, clock.now())));
    if is_reached {
        findings.extend(access::permissions(&stripe).await);
        findings.push(account::portal(&stripe).await);
        findings.extend(account::domains(&stripe, config).await);
        findings.push(endpoint::examine(&stripe, url).await);
    } else {
        let text = "see above; the rest of Stripe's side is not looked at";
        findings.push(Finding::unknown("permissions and endpoint", text));
    }
    findings
}
