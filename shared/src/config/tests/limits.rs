//! Settings of the rate limits.

use super::*;
use crate::{
    rate_limit::{Settings, Source},
    store::Limit,
};

fn limits(given: &[(&str, &str)]) -> Settings {
    let lookup = |name: &str| {
        let given = given.iter().find(|(given, _)| *given == name);
        given.map(|(_, value)| (*value).to_owned())
    };
    Config::from_lookup(&[], lookup).unwrap().limits
}

#[test]
fn payments_are_limited_unless_it_is_turned_off() {
    let default = limits(&[]);
    let (started, open) = (20, 20);
    assert_eq!(default.caller, Some(Limit { started, open }));
    let (started, open) = (200, 400);
    assert_eq!(default.address, Some(Limit { started, open }));
    assert_eq!((default.attempts, default.window), (Some(10), 3600));

    let (started, open) = (5, 7);
    let set = limits(&[
        ("FAREBOX_LIMIT_CALLER", "5,open:7"),
        ("FAREBOX_LIMIT_ADDRESS", "off"),
        ("FAREBOX_LIMIT_ATTEMPTS", "100"),
        ("FAREBOX_LIMIT_WINDOW", "60"),
    ]);
    assert_eq!(set.caller, Some(Limit { started, open }));
    assert_eq!(
        (set.address, set.attempts, set.window),
        (None, Some(100), 60)
    );
    let off = limits(&[("FAREBOX_LIMIT_ATTEMPTS", "off")]);
    assert_eq!(off.attempts, None);
    for bad in [
        "5x",
        "0,open:5",
        "5,open:0",
        "5,open:1001",
        "5,open:",
        "-1,open:5",
        "OFFF",
        "5, open:7",
    ] {
        complaint("FAREBOX_LIMIT_CALLER", bad);
        complaint("FAREBOX_LIMIT_ADDRESS", bad);
    }
    for bad in ["-5", "101", "OFFF", "10,open:5"] {
        complaint("FAREBOX_LIMIT_ATTEMPTS", bad);
    }
    for bad in ["59", "86401", "an-hour-or-so"] {
        complaint("FAREBOX_LIMIT_WINDOW", bad);
    }
}

#[test]
fn a_start_without_a_limit_by_address_is_warned_of() {
    let warns = |given: &[(&str, &str)]| limits(given).warning().is_some();
    assert!(warns(&[]), "a plain server hears proxies alone");
    assert!(warns(&[("FAREBOX_CLIENT_ADDRESS", "none")]));
    for platform in ["AWS_LAMBDA_RUNTIME_API", "VERCEL", "OTHER"] {
        assert!(warns(&[(platform, "1"), ("FAREBOX_LIMIT_ADDRESS", "off")]));
    }
    for platform in ["AWS_LAMBDA_RUNTIME_API", "VERCEL"] {
        assert!(!warns(&[(platform, "1")]), "{platform}");
    }
    assert!(!warns(&[("FAREBOX_CLIENT_ADDRESS", "header:x-real-ip")]));
}

#[test]
fn the_clients_address_is_where_the_platform_or_the_setting_says() {
    assert_eq!(limits(&[]).source, Source::Connection);
    assert_eq!(limits(&[("VERCEL", "")]).source, Source::Connection);
    assert_eq!(limits(&[("VERCEL", "1")]).source, Source::Vercel);
    assert_eq!(limits(&[("VERCEL_IPC_PATH", "/x")]).source, Source::Vercel);
    let named = limits(&[
        ("VERCEL", "1"),
        ("FAREBOX_CLIENT_ADDRESS", "header:X-Client-Ip"),
    ]);
    assert_eq!(named.source, Source::Header("x-client-ip".parse().unwrap()));
    let none = limits(&[("FAREBOX_CLIENT_ADDRESS", "none")]);
    assert_eq!(none.source, Source::Nowhere);
    for bad in ["x-real-ip", "header:a b", "nonee"] {
        complaint("FAREBOX_CLIENT_ADDRESS", bad);
    }

    let trusted = ("FAREBOX_TRUSTED_PROXIES", "10.0.0.0/8");
    let forwarded = Source::Header("x-forwarded-for".parse().unwrap());
    let plain = limits(&[trusted]);
    assert_eq!(plain.source, forwarded);
    assert!(plain.proxies.include([10, 1, 2, 3].into()));
    assert!(plain.warning().is_none());
    let own = [trusted, ("FAREBOX_CLIENT_ADDRESS", "header:x-real-ip")];
    assert_eq!(
        limits(&own).source,
        Source::Header("x-real-ip".parse().unwrap())
    );
    for (platform, source) in [
        ("AWS_LAMBDA_RUNTIME_API", Source::Connection),
        ("VERCEL", Source::Vercel),
    ] {
        assert_eq!(limits(&[trusted, (platform, "1")]).source, source);
    }
    for bad in ["proxy", "10.0.0.0/0", "10.0.0.5;10.0.0.6"] {
        complaint("FAREBOX_TRUSTED_PROXIES", bad);
    }
}
