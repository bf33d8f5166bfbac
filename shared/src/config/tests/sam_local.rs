//! Settings of a function in a container of `sam local`, and under Lambda's emulator.

use super::*;

/// The variables that `sam local` sets for a function over a table: each name of the template that
/// it does not resolve is empty.
fn in_a_container(name: &str) -> Option<String> {
    let value = match name {
        "AWS_SAM_LOCAL" => "true",
        "DATABASE_URL" => "dynamodb:farebox",
        "FAREBOX_SECRET_ID" => "farebox/test",
        "FAREBOX_NOTIFY_URL" => "log:",
        "AWS_REGION" => "eu-central-1",
        "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY" => "not-a-real-one",
        name if name.starts_with("VERCEL") => return None,
        _ => "",
    };
    Some(value.to_owned())
}

#[test]
fn an_empty_variable_of_sam_local_is_an_absent_one() {
    let config = Config::from_lookup(ALL, in_a_container).unwrap();

    assert_eq!(
        config.limits,
        crate::rate_limit::Settings::read(&mut Reader::new(&|_| None))
    );
    assert!(config.access.issuer.is_none());
    let shown = format!("{:?}", config.secrets);
    assert!(shown.contains("farebox/test"), "{shown}");
}

#[test]
fn an_empty_variable_of_sam_local_is_missed_where_it_is_needed() {
    let needs = [need::FAREBOX_RETURN_ORIGINS];
    let error = Config::from_lookup(&needs, in_a_container).unwrap_err();
    let what = error.to_string();
    assert!(what.contains("FAREBOX_RETURN_ORIGINS is not set"), "{what}");
}

#[test]
fn blank_is_not_empty_and_stops_the_start_in_a_container_too() {
    let blank = |name: &str| match name {
        "FAREBOX_LIMIT_CALLER" => Some(" ".to_owned()),
        name => in_a_container(name),
    };
    assert!(Config::from_lookup(ALL, blank).is_err());
}

#[test]
fn an_empty_session_token_is_an_absent_one_everywhere() {
    let emulated = |name: &str| match name {
        "AWS_SAM_LOCAL" => None,
        "AWS_SESSION_TOKEN" => Some(String::new()),
        name => in_a_container(name).filter(|value| !value.is_empty()),
    };
    assert!(Config::from_lookup(ALL, emulated).is_ok());

    let blank = |name: &str| match name {
        "AWS_SESSION_TOKEN" => Some(" ".to_owned()),
        name => emulated(name),
    };
    assert!(Config::from_lookup(ALL, blank).is_err());
}
