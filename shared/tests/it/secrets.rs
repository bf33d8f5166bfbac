//! Keys that are read from Secrets Manager, held, followed when they change, and given up.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use shared::{
    Config, Secrets,
    env::need,
    secrets::{Cause, Keys},
};
use testing::{Log, Outage, SecretsManager, Shop, pass};

const NEEDS: &[&str] = &[
    need::STRIPE_SECRET_KEY,
    need::STRIPE_PUBLISHABLE_KEY,
    need::STRIPE_WEBHOOK_SECRET,
    need::FAREBOX_SITE_KEY,
];

async fn manager() -> SecretsManager {
    SecretsManager::start(&Shop::bundle()).await
}

/// What a process holds that reads its keys at `manager`.
fn secrets(manager: &SecretsManager) -> Secrets {
    let variables = manager.variables();
    let config = Config::from_lookup(NEEDS, |name| {
        let found = variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    });
    config.unwrap().secrets
}

/// The keys of a shop, but for `name`.
fn bundle_with(name: &str, value: impl Into<Value>) -> Value {
    let mut bundle = Shop::bundle();
    bundle[name] = value.into();
    bundle
}

fn api_key(keys: &Keys) -> &str {
    keys.stripe_secret_key().unwrap().expose_secret()
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_secret_is_read_once_in_five_minutes() {
    let manager = manager().await;
    let secrets = secrets(&manager);
    assert_eq!(manager.readings(), 0, "nothing is read before it is needed");

    let first = join_all((0..32).map(|_| secrets.current())).await;
    assert!(
        first
            .iter()
            .all(|keys| api_key(keys.as_ref().unwrap()) == Shop::SECRET_KEY)
    );
    pass(5 * MINUTE - 20 * SECOND).await;
    secrets.current().await.unwrap();
    assert_eq!(manager.readings(), 1, "all share one reading");

    manager.put(&bundle_with("STRIPE_SECRET_KEY", "rk_test_next"));
    pass(21 * SECOND).await;
    assert_eq!(api_key(&secrets.current().await.unwrap()), "rk_test_next");
    assert_eq!(manager.readings(), 2);
}

#[tokio::test]
async fn an_outage_does_not_take_the_keys_away_for_a_quarter_of_an_hour() {
    for outage in [Outage::Failing, Outage::Throttled] {
        let manager = manager().await;
        let secrets = secrets(&manager);
        secrets.current().await.unwrap();
        manager.fail(outage);
        pass(5 * MINUTE).await;

        secrets.current().await.unwrap();
        let readings = manager.readings();
        assert!(readings > 1);
        join_all((0..32).map(|_| secrets.current())).await;
        assert_eq!(manager.readings(), readings, "a failure is left alone");
        pass(6 * SECOND).await;
        secrets.current().await.unwrap();
        assert!(manager.readings() > readings, "and then tried again");

        pass(15 * MINUTE).await;
        let failure = secrets.current().await.unwrap_err();
        assert!(failure.is_transient(), "{failure}");
        manager.recover();
        assert!(secrets.current().await.is_err(), "it is left alone a while");
        pass(6 * SECOND).await;
        secrets.current().await.unwrap();
    }
}

#[tokio::test]
async fn while_one_request_waits_for_a_silent_aws_the_others_go_on() {
    let manager = manager().await;
    let secrets = secrets(&manager);
    secrets.current().await.unwrap();
    manager.fail(Outage::Silent);
    // The clock stands, and jumps whenever all wait: what waits for an answer meets its limit.
    tokio::time::pause();
    tokio::time::advance(5 * MINUTE).await;
    let started = tokio::time::Instant::now();

    let waits = secrets.current();
    let goes_on = async {
        secrets.current().await.unwrap();
        started.elapsed()
    };
    let (kept, elapsed) = tokio::join!(biased; waits, goes_on);

    assert_eq!(api_key(&kept.unwrap()), Shop::SECRET_KEY);
    assert_eq!(elapsed, Duration::ZERO);
    assert!(started.elapsed() < 4 * SECOND, "{:?}", started.elapsed());
}

#[tokio::test]
async fn keys_that_may_not_be_read_any_more_are_given_up_after_a_minute() {
    for outage in [Outage::Denied, Outage::Missing] {
        let manager = manager().await;
        let secrets = secrets(&manager);
        secrets.current().await.unwrap();
        manager.fail(outage);
        pass(5 * MINUTE).await;
        secrets.current().await.unwrap();

        pass(MINUTE).await;

        let failure = secrets.current().await.unwrap_err();
        assert!(!failure.is_transient(), "{failure}");
        // That AWS then has a bad moment does not bring them back.
        manager.fail(Outage::Failing);
        pass(6 * SECOND).await;
        assert!(secrets.current().await.is_err());
    }
}

#[tokio::test]
async fn a_slip_in_the_bundle_is_told_at_once_and_does_not_stop_payments() {
    let (log, _guard) = Log::start();
    let manager = manager().await;
    let secrets = secrets(&manager);
    secrets.current().await.unwrap();
    manager.put(&bundle_with("STRIPE_SECRET_KEY", "pk_test_hunter2"));
    pass(6 * MINUTE).await;

    assert_eq!(api_key(&secrets.current().await.unwrap()), Shop::SECRET_KEY);

    let text = log.text();
    assert!(
        text.contains("\"ERROR\"") && text.contains("STRIPE_SECRET_KEY holds a publishable key"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    pass(15 * MINUTE).await;
    assert!(secrets.current().await.is_err());
}

#[tokio::test]
async fn a_process_does_not_change_from_test_to_live() {
    let manager = manager().await;
    let secrets = secrets(&manager);
    secrets.current().await.unwrap();
    let mut live = bundle_with("STRIPE_SECRET_KEY", "sk_live_next");
    live["STRIPE_PUBLISHABLE_KEY"] = json!("pk_live_next");
    manager.put(&live);
    pass(5 * MINUTE).await;

    assert_eq!(api_key(&secrets.current().await.unwrap()), Shop::SECRET_KEY);
    pass(15 * MINUTE).await;
    let failure = secrets.current().await.unwrap_err().to_string();
    assert!(failure.contains("another mode"), "{failure}");
}

#[tokio::test]
async fn each_cause_makes_us_read_once_in_ten_seconds_and_starves_no_other() {
    let manager = manager().await;
    let secrets = secrets(&manager);
    let held = secrets.current().await.unwrap();
    let flood = || join_all((0..100).map(|_| secrets.newer_than(&held, Cause::UnknownSignature)));

    assert!(flood().await.iter().all(Option::is_none));
    pass(5 * SECOND).await;
    flood().await;
    assert_eq!(manager.readings(), 2, "one of them for the whole flood");

    manager.put(&bundle_with("STRIPE_SECRET_KEY", "rk_test_next"));
    let newer = secrets.newer_than(&held, Cause::Unauthorized).await;
    assert_eq!(api_key(&newer.unwrap()), "rk_test_next");
    assert_eq!(manager.readings(), 3, "the flood is in nobody's way");
    pass(6 * SECOND).await;
    flood().await;
    assert_eq!(manager.readings(), 4);
}

#[tokio::test]
async fn keys_that_are_held_already_are_given_without_a_reading() {
    let manager = manager().await;
    let secrets = secrets(&manager);
    let old = secrets.current().await.unwrap();
    manager.put(&bundle_with("STRIPE_WEBHOOK_SECRET", "whsec_next"));
    let renew = || secrets.newer_than(&old, Cause::UnknownSignature);

    let given = join_all((0..16).map(|_| renew())).await;

    assert!(given.iter().all(Option::is_some));
    assert_eq!(manager.readings(), 2);
    // What changed is not what Stripe refused: the secret is read for that.
    assert!(
        secrets
            .newer_than(&old, Cause::Unauthorized)
            .await
            .is_none()
    );
    assert_eq!(manager.readings(), 3);
}

#[tokio::test]
async fn a_start_without_keys_says_what_to_do_and_shows_no_value() {
    type Break = fn(&SecretsManager);
    let cases: [(Break, &str); 7] = [
        (|m| m.fail(Outage::Denied), "secretsmanager:GetSecretValue"),
        (
            |m| m.fail(Outage::Missing),
            "check FAREBOX_SECRET_ID and AWS_REGION",
        ),
        (
            |m| m.fail(Outage::Failing),
            "answered 500 (InternalServiceError, request 11111111-",
        ),
        (|m| m.put_binary(), "it is binary"),
        (|m| m.put_text("sk_test_hunter2"), "JSON object"),
        (
            |m| m.put(&json!({ "STRIPE_SECRET_KEY": "sk_test_hunter2", "FAREBOX_SITE_KEY": 7 })),
            "FAREBOX_SITE_KEY is not a string",
        ),
        (
            |m| m.put(&json!({ "STRIPE_SECRET_KEY": "sk_test_hunter2" })),
            "STRIPE_WEBHOOK_SECRET is not set",
        ),
    ];
    let (log, _guard) = Log::start();
    for (break_it, said) in cases {
        let manager = manager().await;
        break_it(&manager);
        let failure = secrets(&manager).current().await.unwrap_err();
        let text = failure.to_string();
        assert!(text.contains(SecretsManager::ID), "{text}");
        assert!(text.contains(said), "{text}");
        assert!(!format!("{failure:?}{text}{}", log.text()).contains("hunter2"));
    }
    assert!(!log.text().contains("what AWS says"), "{}", log.text());
}

#[tokio::test]
async fn an_aws_that_is_not_there_is_told_as_that() {
    let manager = manager().await;
    let secrets = secrets(&manager);
    drop(manager);
    tokio::task::yield_now().await;

    let failure = secrets.current().await.unwrap_err();

    assert!(failure.is_transient());
    assert!(
        failure.to_string().contains("could not be reached"),
        "{failure}"
    );
}

#[tokio::test]
async fn nothing_that_is_held_is_shown() {
    let (log, _guard) = Log::start();
    let manager = manager().await;
    let secrets = secrets(&manager);
    let keys = secrets.current().await.unwrap();
    secrets.newer_than(&keys, Cause::Unauthorized).await;
    manager.fail(Outage::Denied);
    pass(5 * MINUTE).await;
    secrets.current().await.unwrap();

    let shown = format!("{}{secrets:?}{keys:?}", log.text());

    assert!(shown.contains("read the keys"), "{shown}");
    assert!(
        shown.contains("AccessDeniedException, request 11111111-"),
        "{shown}"
    );
    for (name, value) in Shop::bundle().as_object().unwrap() {
        let is_public = name == need::STRIPE_PUBLISHABLE_KEY;
        assert!(
            is_public || !shown.contains(value.as_str().unwrap()),
            "{name}"
        );
    }
    for part in ["the-secret-access-key", "AKIDEXAMPLE"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

#[tokio::test]
async fn a_function_without_keys_reads_no_secret() {
    let manager = manager().await;
    let variables = manager.variables();
    let config = Config::from_lookup(&[], |name| {
        let found = variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    });

    config.unwrap().secrets.current().await.unwrap();

    assert_eq!(manager.readings(), 0);
}
