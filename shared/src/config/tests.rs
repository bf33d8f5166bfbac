//! Settings are read from a closure, so none of this touches the process's environment.

mod access;

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use super::*;
use crate::{
    amount::Currency,
    env::{ApiBase, Platform, log_level, variables::GROUPS},
    purchase::Caps,
    store::ForwardedEvents,
};

mod limits;
mod sam_local;
mod secret;
mod vercel;

const ALL: &[&str] = &[
    need::STRIPE_SECRET_KEY,
    need::STRIPE_PUBLISHABLE_KEY,
    need::STRIPE_WEBHOOK_SECRET,
    need::FAREBOX_SITE_KEY,
    need::DATABASE_URL,
    need::FAREBOX_NOTIFY_URL,
];

const SITE_KEY: &str = "a-site-key-of-at-least-32-characters";

fn complete(name: &str) -> Option<String> {
    let value = match name {
        "STRIPE_SECRET_KEY" => "sk_test_abc123",
        "STRIPE_PUBLISHABLE_KEY" => "pk_test_abc123",
        "STRIPE_WEBHOOK_SECRET" => "whsec_one,whsec_two",
        "FAREBOX_SITE_KEY" => SITE_KEY,
        "DATABASE_URL" => "sqlite:farebox.sqlite",
        "FAREBOX_NOTIFY_URL" => "log:",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The problem of `name` with `value`, where all else is valid.
fn complaint(name: &str, value: &str) -> String {
    let with = |asked: &str| match asked == name {
        true => Some(value.to_owned()),
        false => complete(asked),
    };
    let error = Config::from_lookup(ALL, with).expect_err("the value is not accepted");
    assert!(error.problems().iter().any(|p| p.name == name), "{error}");
    let shows = value.trim().len() > "whsec_".len() && error.to_string().contains(value.trim());
    assert!(!shows, "{error}");
    error.to_string()
}

#[test]
fn complete_settings_start_with_defaults_for_the_rest() {
    let config = Config::from_lookup(ALL, complete).unwrap();

    assert_eq!(config.stripe.api_base.as_str(), "https://api.stripe.com");
    assert_eq!(config.stripe.deadline, Duration::from_secs(20));
    assert_eq!(config.purchase.max_amount, Caps::default());
    assert_eq!(config.notify, Some(Destination::Log));
    assert!(!config.store.forwarded_events.include("customer.created"));
}

#[test]
fn one_message_names_every_problem_and_shows_no_value() {
    let lookup = |name: &str| {
        let value = match name {
            "STRIPE_SECRET_KEY" => "pk_test_swapped",
            "STRIPE_PUBLISHABLE_KEY" => "sk_live_swapped",
            "STRIPE_WEBHOOK_SECRET" => "  ",
            "STRIPE_API_BASE" => "http://stripe.example",
            "FAREBOX_SITE_KEY" => "hunter2",
            "FAREBOX_MAX_AMOUNT" => "12.50",
            _ => return None,
        };
        Some(value.to_owned())
    };

    let error = Config::from_lookup(ALL, lookup).unwrap_err();
    let message = error.to_string();

    let named: BTreeSet<&str> = error.problems().iter().map(|p| p.name).collect();
    let expected = [
        "FAREBOX_NOTIFY_URL",
        "DATABASE_URL",
        "FAREBOX_MAX_AMOUNT",
        "FAREBOX_SITE_KEY",
        "STRIPE_API_BASE",
        "STRIPE_PUBLISHABLE_KEY",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
    ];
    assert_eq!(named, BTreeSet::from(expected));
    for value in ["swapped", "stripe.example", "hunter2", "12.50"] {
        assert!(!message.contains(value), "{message}");
    }
}

#[test]
fn a_misspelt_name_is_told_and_its_value_is_not() {
    let names = ["STRIPE_SECERT_KEY", "FAREBOX_NOTIFY_URLL", "PATH"].map(str::to_owned);
    let needs = [need::STRIPE_SECRET_KEY, need::STRIPE_SECRET_KEY];
    let error = Config::from_named(&needs, |_| None, names.clone()).unwrap_err();
    let told: Vec<String> = error.problems().iter().map(|p| p.what.clone()).collect();
    assert_eq!(told, ["is not set: did you set it as STRIPE_SECERT_KEY?"]);

    let config = Config::from_named(&[], |_| None, names).unwrap();
    let told = |found: &str, meant: &str| Misspelt {
        found: found.to_owned(),
        meant: meant.to_owned(),
    };
    let expected = [
        told("STRIPE_SECERT_KEY", "STRIPE_SECRET_KEY"),
        told("FAREBOX_NOTIFY_URLL", "FAREBOX_NOTIFY_URL"),
    ];
    assert_eq!(config.misspelt, expected);
}

#[test]
fn a_misspelt_database_is_told_beside_the_missing_one_alone() {
    let names = ["DATABASE_URI", "DATABASE_USER"].map(str::to_owned);
    let needs = [need::DATABASE_URL];
    let error = Config::from_named(&needs, |_| None, names.clone()).unwrap_err();
    let told: Vec<String> = error.problems().iter().map(|p| p.what.clone()).collect();
    assert_eq!(told, ["is not set: did you set it as DATABASE_URI?"]);

    let url = |name: &str| (name == "DATABASE_URL").then(|| "sqlite:farebox.sqlite".to_owned());
    let config = Config::from_named(&needs, url, names).unwrap();
    assert_eq!(config.misspelt, []);
}

#[test]
fn a_key_of_the_wrong_kind_is_named_by_its_kind() {
    let said = complaint("STRIPE_SECRET_KEY", "pk_test_abc");
    assert!(said.contains("holds a publishable key"), "{said}");
    let said = complaint("STRIPE_PUBLISHABLE_KEY", "sk_test_abc");
    assert!(said.contains("holds a secret key"), "{said}");
    let said = complaint("STRIPE_WEBHOOK_SECRET", "whsec_one,sk_test_two");
    assert!(said.contains("holds a secret key"), "{said}");
    let said = complaint(
        "FAREBOX_SITE_KEY",
        "sk_test_0123456789012345678901234567890",
    );
    assert!(said.contains("key of Stripe's"), "{said}");
}

#[test]
fn mixed_modes_stop_the_start() {
    let said = complaint("STRIPE_PUBLISHABLE_KEY", "pk_live_abc");
    assert!(said.contains("another mode"), "{said}");
}

#[test]
fn blanks_and_white_space_stop_the_start() {
    for name in ALL {
        assert!(complaint(name, "").contains("is blank"), "{name}");
        assert!(complaint(name, " \t").contains("is blank"), "{name}");
        assert!(
            complaint(name, "sqlite:x\n").contains("white space"),
            "{name}"
        );
    }
    for bad in [
        "sk_test_",
        "sk_test_a b",
        "sk_prod_abc",
        "sk_test_ä",
        "whsec_",
    ] {
        complaint("STRIPE_SECRET_KEY", bad);
    }
    for bad in [
        "whsec_",
        "whsec_a,",
        ",",
        "whsec_a, whsec_b",
        "whsec_a,,whsec_b",
    ] {
        complaint("STRIPE_WEBHOOK_SECRET", bad);
    }
}

#[test]
fn a_restricted_key_is_a_secret_key() {
    let restricted = |name: &str| match name {
        "STRIPE_SECRET_KEY" => Some("rk_live_abc".to_owned()),
        "STRIPE_PUBLISHABLE_KEY" => Some("pk_live_abc".to_owned()),
        _ => None,
    };

    assert!(Config::from_lookup(&[need::STRIPE_SECRET_KEY], restricted).is_ok());
}

#[test]
fn a_live_key_goes_to_stripe_alone() {
    let start = |key: &'static str, base: &'static str| {
        Config::from_lookup(&[], move |name| match name {
            "STRIPE_SECRET_KEY" => Some(key.to_owned()),
            "STRIPE_API_BASE" => Some(base.to_owned()),
            _ => None,
        })
    };
    for base in [
        "https://api.stripe.com",
        "https://api.stripe.com/",
        "https://mtls-api.stripe.com",
    ] {
        assert!(start("sk_live_a", base).is_ok(), "{base}");
    }
    for base in [
        "http://127.0.0.1:12111",
        "https://stripe.example",
        "https://api.stripe.com.evil.example",
        "https://evilstripe.com",
        "https://api.stripe.com:8443",
    ] {
        assert!(start("sk_test_a", base).is_ok(), "{base}");
        for key in ["sk_live_a", "rk_live_a"] {
            let error = start(key, base).unwrap_err();
            assert_eq!(error.problems()[0].name, "STRIPE_SECRET_KEY");
        }
    }
}

#[test]
fn a_secret_of_a_few_characters_is_refused() {
    for few in ["k", "ab", "12345"] {
        complaint("FAREBOX_SITE_KEY", &few.repeat(40));
        complaint("CRON_SECRET", &few.repeat(40));
    }
    // 24 bytes that are all zero.
    complaint(
        "FAREBOX_NOTIFY_SECRET",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    );
}

#[test]
fn a_function_asks_only_for_what_it_needs() {
    let database_only = |name: &str| (name == "DATABASE_URL").then(|| "sqlite:x".to_owned());

    assert!(Config::from_lookup(&[need::DATABASE_URL], database_only).is_ok());
    assert!(Config::from_lookup(ALL, database_only).is_err());
}

#[test]
fn an_endpoint_for_the_outbox_needs_a_secret_to_sign_with() {
    let said = Config::from_lookup(&[], |name| {
        (name == "FAREBOX_NOTIFY_URL").then(|| "https://shop.example/notify".to_owned())
    });
    let problems = said.unwrap_err().problems().to_vec();
    assert_eq!(problems[0].name, "FAREBOX_NOTIFY_SECRET");

    complaint("FAREBOX_NOTIFY_SECRET", "whsec_c2hvcnQ=");
    complaint(
        "FAREBOX_NOTIFY_SECRET",
        "not-a-webhook-secret-but-a-long-one",
    );
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    for bad in [
        "http://shop.example",
        "ftp://shop.example",
        "shop.example",
        "https://user:word@shop.example",
        "http://127.0.0.1.shop.example",
    ] {
        complaint("FAREBOX_NOTIFY_URL", bad);
        complaint("STRIPE_API_BASE", bad);
    }
    complaint("STRIPE_API_BASE", "https://api.stripe.com/v1");
    complaint("FAREBOX_LOG", "chatty-log-level");
    complaint("PORT", "seventy-thousand");
    assert!(ApiBase::parse("http://127.0.0.1:12111/").is_ok());
}

#[test]
fn caps_are_general_and_by_currency() {
    let caps = Caps::parse("500000,jpy:750000").unwrap();
    let of = |text| caps.of(Currency::parse(text).unwrap());

    assert_eq!(
        (of("usd"), of("jpy"), of("idr")),
        (500_000, 750_000, 500_000)
    );
    let caps = Caps::parse("usd:500000").unwrap();
    let of = |text| caps.of(Currency::parse(text).unwrap());
    assert_eq!((of("usd"), of("eur")), (500_000, 99_999_999));
    assert_eq!(of("idr"), 999_999_999_999);
    for bad in ["", "abc", "5.0", "-1", "0", "usd:", "zzz:5", "usd:5:6"] {
        assert!(Caps::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn forwarded_events_match_whole_types_or_stems() {
    let forwarded = ForwardedEvents::parse("customer.created,invoice.*").unwrap();

    assert!(forwarded.include("invoice.paid"));
    assert!(forwarded.include("customer.created"));
    assert!(!forwarded.include("customer.created.more"));
    assert!(!forwarded.include("charge.succeeded"));
    assert!(ForwardedEvents::parse("a b").is_err());
}

#[test]
fn vercel_is_a_plain_server_even_with_lambdas_variables() {
    let vercel =
        |name: &str| matches!(name, "VERCEL" | "AWS_LAMBDA_RUNTIME_API").then(|| "1".to_owned());
    let lambda = |name: &str| (name == "AWS_LAMBDA_RUNTIME_API").then(|| "1".to_owned());
    let port = |name: &str| (name == "PORT").then(|| "8080".to_owned());
    let bad_port = |name: &str| (name == "PORT").then(|| "http".to_owned());

    assert_eq!(
        Platform::from_lookup(vercel),
        Ok(Platform::Vercel { port: 3000 })
    );
    assert_eq!(Platform::from_lookup(lambda), Ok(Platform::Lambda));
    assert_eq!(
        Platform::from_lookup(port),
        Ok(Platform::Http { port: 8080 })
    );
    assert!(Platform::from_lookup(bad_port).is_err());
}

#[test]
fn the_table_of_variables_has_each_that_is_read_and_no_other() {
    let asked = RefCell::new(BTreeSet::new());
    let with = |set: &'static [(&str, &str)]| {
        let asked = &asked;
        move |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    };
    let _ = Config::from_lookup(ALL, with(&[]));
    let endpoint = &[("FAREBOX_NOTIFY_URL", "https://shop.example/")];
    let _ = Config::from_lookup(&[], with(endpoint));
    let on_lambda = &[("DATABASE_URL", "dynamodb:farebox")];
    let _ = Config::from_lookup(&[], with(on_lambda));
    let on_vercel = &[("DATABASE_URL", "dynamodb:farebox"), ("VERCEL", "1")];
    let _ = Config::from_lookup(&[], with(on_vercel));
    let _ = Platform::from_lookup(with(&[]));
    let _ = log_level(with(&[]));

    let platforms_own = [
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_SAM_LOCAL",
        "VERCEL",
        "VERCEL_ENV",
        "VERCEL_IPC_PATH",
    ];
    let asked = asked.into_inner().into_iter();
    let ours: Vec<String> = asked
        .filter(|name| !platforms_own.contains(&name.as_str()))
        .collect();
    let variables = GROUPS.iter().flat_map(|group| group.variables);
    let mut listed: Vec<&str> = variables.map(|variable| variable.name).collect();
    listed.sort_unstable();
    assert_eq!(listed, ours);
}

#[test]
fn a_function_with_an_optional_key_starts_without_it() {
    let needs = [need::OPTIONAL_STRIPE_SECRET_KEY];
    assert!(Config::from_lookup(&needs, |_| None).is_ok());
}
