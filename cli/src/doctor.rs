//! `cargo dev doctor`: checks the settings of a deployment.
//!
//! It reads the environment and `.env`, calls Stripe and opens the database. It changes nothing at
//! Stripe. It prints a line for each check: passed, problem with its remedy, or unknown. No line
//! shows a key.
//!
//! Read [`Finding`] first, then the checks: `local`, `access`, `checkout`, `account` and
//! `endpoint`.

mod access;
mod account;
mod checkout;
mod client;
mod endpoint;
mod finding;
mod local;

use std::process::ExitCode;

use client::Stripe;
pub use finding::{Finding, Outcome};
use shared::{Clock, Config, host};

use crate::{settings, terminal};

const USAGE: &str = "\
farebox doctor [--url URL]

Checks the settings in the environment and in .env: keys, Stripe, options of Checkout, Stripe Tax,
customer portal, payment method domains, webhook endpoint, database, clock.
It changes nothing at Stripe, and shows no key. It exits with 1 when there is a problem.

  --url URL   the public URL of the webhook, to find its endpoint in Stripe
  --help      show this";

/// Runs all checks and prints the findings.
pub async fn run(arguments: &[String]) -> ExitCode {
    let url = match arguments {
        [] => None,
        [option, url] if option == "--url" => Some(url.as_str()),
        _ => return host::usage(arguments, USAGE),
    };
    let findings = match configured() {
        Ok(config) => examine(&config, url, &Clock::default()).await,
        Err(findings) => findings,
    };
    for finding in &findings {
        terminal::print(&finding.to_string());
    }
    match findings.iter().any(Finding::is_problem) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// The settings of the deployment; findings when they cannot be read.
fn configured() -> Result<Config, Vec<Finding>> {
    let variables = settings::of_deployment()
        .map_err(|error| vec![Finding::problem("settings", error.to_string())])?;
    // A later check reports each variable that the environment lacks. A secret must hold all
    // required keys at once.
    let needs = match variables.contains_key("FAREBOX_SECRET_ID") {
        true => settings::needs(),
        false => Vec::new(),
    };
    settings::config(&variables, &needs).map_err(|error| {
        let problems = error.problems().iter();
        problems
            .map(|problem| Finding::problem(problem.name, problem.what.to_string()))
            .collect()
    })
}

/// Checks a deployment with `config` and a webhook at `url`, on a machine with `clock`.
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
        let has_plans = account::has_plans(&stripe).await;
        findings.extend(access::permissions(&stripe, &config.checkout, has_plans).await);
        findings.extend(checkout::objects(&stripe, config).await);
        findings.extend(checkout::tax(&stripe, config).await);
        findings.push(account::portal(&stripe).await);
        findings.extend(account::domains(&stripe, config).await);
        findings.extend(endpoint::examine(&stripe, url, has_plans).await);
    } else {
        let text = "see above; the other checks at Stripe are skipped";
        findings.push(Finding::unknown("permissions and endpoint", text));
    }
    findings
}
