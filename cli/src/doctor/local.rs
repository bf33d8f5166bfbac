//! Checks on this machine: settings, database, notifications, clock.

use shared::{
    Config,
    env::need,
    notify::Destination,
    secrets::{Keys, Missing, Mode},
    store::{DatabaseUrl, Store, StoreError},
};

use super::Finding;

/// Stripe's tolerance for the timestamp of a signature, in seconds.
const TOLERANCE: i64 = 300;
/// The offset in seconds that a synchronised clock stays below.
const SLACK: i64 = 30;

/// Checks that every key is set. Reading the settings already checked the kind and the mode of each
/// key.
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

/// Reports variables that look like misspelt settings.
pub(super) fn misspelt(config: &Config) -> impl Iterator<Item = Finding> {
    config.misspelt.iter().map(|misspelt| {
        let text = format!("is not a setting: did you mean {}?", misspelt.meant);
        Finding::problem(&misspelt.found, text)
    })
}

/// Checks that the database opens. It does not create a missing file: the path may be wrong.
pub(super) async fn store(config: &Config) -> Finding {
    const WHAT: &str = need::DATABASE_URL;
    match &config.store.location {
        Some(DatabaseUrl::Sqlite(path)) if !path.exists() => {
            let text = "there is no such file: correct the path, or start a function once, which \
                        creates it";
            return Finding::problem(WHAT, text);
        }
        _ => {}
    }
    match Store::examine(&config.store, config.aws.as_ref(), &config.secrets).await {
        Ok(store) => match store.deployment() {
            Ok(deployment) => {
                let id = deployment.id();
                Finding::ok(WHAT, format!("opened; this deployment is {id}"))
            }
            Err(_) => Finding::ok(WHAT, "opened"),
        },
        Err(StoreError::Nowhere) => Finding::problem(WHAT, "is not set"),
        Err(failure) => {
            let causes = shared::cause::causes(&failure);
            Finding::problem(WHAT, format!("cannot be opened: {failure} {causes}"))
        }
    }
}

/// Checks the destination of notifications.
pub(super) fn delivery(config: &Config, keys: &Keys) -> Finding {
    const WHAT: &str = need::FAREBOX_NOTIFY_URL;
    match &config.notify {
        None => Finding::problem(WHAT, "is not set: no site is notified of paid orders"),
        Some(Destination::Log) if keys.mode() == Ok(Mode::Live) => {
            Finding::problem(WHAT, "is `log:`: your site is not notified of paid orders")
        }
        Some(Destination::Log) => Finding::ok(WHAT, "notifications go to the log"),
        Some(Destination::Endpoint(_)) => {
            Finding::ok(WHAT, "notifications go to the endpoint, signed")
        }
        Some(Destination::EventBridge(bus)) => {
            Finding::ok(WHAT, format!("notifications go to the event bus {bus}"))
        }
    }
}

/// Compares this machine's clock with Stripe's; both in Unix seconds.
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
            format!("{by}: synchronise it (NTP); all webhook signatures are rejected"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_offset_is_reported_in_either_direction() {
        for (ours, is_problem, said) in [
            (1_000, false, "0 s ahead"),
            (1_030, false, "30 s ahead"),
            (1_031, true, "31 s ahead"),
            (960, true, "40 s behind"),
            (
                400,
                true,
                "600 s behind Stripe's: synchronise it (NTP); all webhook signatures are rejected",
            ),
        ] {
            let found = clock(1_000, ours);
            assert_eq!(found.is_problem(), is_problem, "{found}");
            assert!(found.to_string().contains(said), "{found}");
        }
    }
}
