//! What can be told on this machine: settings, database, delivery, clock.

use shared::{
    Config,
    env::need,
    notify::Destination,
    secrets::{Keys, Missing, Mode},
    store::{DatabaseUrl, Store},
};

use super::Finding;

/// Seconds by which a signature's time may be off, in either direction.
const TOLERANCE: i64 = 300;
/// Seconds by which a clock that is kept right is never off.
const SLACK: i64 = 30;

/// Whether every key is there. Those that are were found to be of the right kind and of one mode
/// when the settings were read.
pub(super) fn settings(keys: &Keys) -> Vec<Finding> {
    let missing: Vec<Missing> = [
        keys.stripe_secret_key().err(),
        keys.stripe_publishable_key().err(),
        keys.stripe_webhook_secrets().err(),
        keys.site_key().err(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mode = match keys.mode() {
        Ok(Mode::Live) => "live mode: real money",
        Ok(Mode::Test) => "test mode",
        Err(_) => "no mode",
    };
    if missing.is_empty() {
        return vec![Finding::ok("keys", format!("all are set, for {mode}"))];
    }
    let absent = |Missing(name): Missing| {
        Finding::problem(name, "is not set: see .env.example for what it is")
    };
    missing.into_iter().map(absent).collect()
}

/// The variables whose names look like misspelt settings.
pub(super) fn misspelt(config: &Config) -> impl Iterator<Item = Finding> {
    config.misspelt.iter().map(|misspelt| {
        let text = format!("is not a setting: did you mean {}?", misspelt.meant);
        Finding::problem(&misspelt.found, text)
    })
}

/// Whether the database opens. A file that is not there is not made: the path may be wrong.
pub(super) async fn store(config: &Config) -> Finding {
    const WHAT: &str = need::DATABASE_URL;
    match &config.store.location {
        None => return Finding::problem(WHAT, "is not set"),
        Some(DatabaseUrl::Sqlite(path)) if !path.exists() => {
            let text =
                "there is no such file: mend the path, or start a function once, which makes it";
            return Finding::problem(WHAT, text);
        }
        Some(_) => {}
    }
    match Store::examine(&config.store, config.aws.as_ref()).await {
        Ok(store) => match store.deployment() {
            Ok(deployment) => {
                let id = deployment.id();
                Finding::ok(WHAT, format!("it opens, this deployment is {id}"))
            }
            Err(_) => Finding::ok(WHAT, "it opens"),
        },
        Err(failure) => {
            let causes = shared::cause::causes(&failure);
            Finding::problem(WHAT, format!("it does not open: {failure} {causes}"))
        }
    }
}

/// Whether anybody is told of orders.
pub(super) fn delivery(config: &Config, keys: &Keys) -> Finding {
    const WHAT: &str = need::FAREBOX_NOTIFY_URL;
    match &config.notify {
        None => Finding::problem(WHAT, "is not set: nobody is told of paid orders"),
        Some(Destination::Log) if keys.mode() == Ok(Mode::Live) => {
            Finding::problem(WHAT, "is `log:`: your site is not told of paid orders")
        }
        Some(Destination::Log) => Finding::ok(WHAT, "messages go to the log"),
        Some(Destination::Endpoint(_)) => Finding::ok(WHAT, "messages go to the endpoint, signed"),
        Some(Destination::EventBridge(bus)) => {
            Finding::ok(WHAT, format!("messages go to the bus {bus}"))
        }
    }
}

/// Whether this machine's time is Stripe's; both in Unix seconds.
pub(super) fn clock(stripes: i64, ours: i64) -> Finding {
    let off = ours - stripes;
    let by = match off {
        0.. => format!("{off} s ahead of Stripe's"),
        _ => format!("{} s behind Stripe's", -off),
    };
    match off.abs() {
        off if off <= SLACK => Finding::ok("clock", by),
        off if off < TOLERANCE => Finding::problem("clock", format!("{by}: synchronise it (NTP)")),
        _ => Finding::problem(
            "clock",
            format!("{by}: synchronise it (NTP), webhooks are refused"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_in_either_direction() {
        for (ours, is_problem, said) in [
            (1_000, false, "0 s ahead"),
            (1_030, false, "30 s ahead"),
            (1_031, true, "31 s ahead"),
            (960, true, "40 s behind"),
            (
                400,
                true,
                "600 s behind Stripe's: synchronise it (NTP), webhooks are refused",
            ),
        ] {
            let found = clock(1_000, ours);
            assert_eq!(found.is_problem(), is_problem, "{found}");
            assert!(found.to_string().contains(said), "{found}");
        }
    }
}
