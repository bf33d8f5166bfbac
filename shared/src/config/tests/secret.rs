//! Keys that are in a secret, and not in the environment.

use std::collections::BTreeSet;

use super::*;

/// The variables where the keys are in Secrets Manager.
fn with_secret(name: &str) -> Option<String> {
    let value = match name {
        "FAREBOX_SECRET_ID" => "farebox/live",
        "DATABASE_URL" => "sqlite:farebox.sqlite",
        "FAREBOX_NOTIFY_URL" => "log:",
        "AWS_REGION" => "eu-central-1",
        "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY" => "not-a-real-one",
        _ => return None,
    };
    Some(value.to_owned())
}

#[test]
fn where_a_secret_is_named_the_environment_needs_no_key() {
    let config = Config::from_lookup(ALL, with_secret).unwrap();

    assert!(config.aws.is_some());
    let shown = format!("{:?}", config.secrets);
    assert!(
        shown.contains("farebox/live") && shown.contains("300"),
        "{shown}"
    );
}

#[test]
fn keys_in_two_places_stop_the_start() {
    let both = |name: &str| with_secret(name).or_else(|| complete(name));

    let error = Config::from_lookup(&[], both).unwrap_err();

    let named: Vec<&str> = error.problems().iter().map(|p| p.name).collect();
    let keys = [
        "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "FAREBOX_SITE_KEY",
    ];
    assert_eq!(named, keys);
    assert!(error.to_string().contains("set beside FAREBOX_SECRET_ID"));
}

#[test]
fn a_secret_is_named_by_name_or_arn_and_not_by_what_it_holds() {
    let named = |id: &str| {
        Config::from_lookup(&[], |name| match name {
            "FAREBOX_SECRET_ID" => Some(id.to_owned()),
            _ => with_secret(name),
        })
    };

    let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:farebox/live-AbCdEf";
    assert!(named(arn).is_ok());
    for bad in [
        "",
        " ",
        "sk_live_hunter2",
        "whsec_hunter2",
        "{\"a\":\"hunter2\"}",
        "two words",
    ] {
        let error = named(bad).unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].name, "FAREBOX_SECRET_ID");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn a_secret_needs_a_region_and_credentials_and_a_sensible_time() {
    let error = Config::from_lookup(ALL, |name| match name {
        "FAREBOX_SECRET_TTL" => Some("5".to_owned()),
        name if name.starts_with("AWS_") => None,
        name => with_secret(name),
    });

    let error = error.unwrap_err();
    let named: BTreeSet<&str> = error.problems().iter().map(|p| p.name).collect();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "FAREBOX_SECRET_TTL",
    ];
    assert_eq!(named, BTreeSet::from(expected));
}
