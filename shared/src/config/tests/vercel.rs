//! Settings of a deployment on Vercel, whose machines may carry AWS variables of the platform.

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/farebox";

fn on_vercel(name: &str) -> Option<String> {
    let value = match name {
        "VERCEL" => "1",
        "VERCEL_ENV" => "production",
        "DATABASE_URL" => "dynamodb:farebox",
        "AWS_REGION" => "eu-central-1",
        "AWS_ROLE_ARN" => ROLE,
        "CRON_SECRET" => "a-cron-secret-of-the-tests",
        name => return complete(name),
    };
    Some(value.to_owned())
}

/// The problems that a change makes.
fn problems(change: (&str, Option<&str>)) -> Vec<&'static str> {
    let read = Config::from_lookup(ALL, |name| match name == change.0 {
        true => change.1.map(str::to_owned),
        false => on_vercel(name),
    });
    let error = read.err();
    let problems = error.iter().flat_map(|error| error.problems());
    problems.map(|problem| problem.name).collect()
}

#[test]
fn requests_say_who_calls_aws_there_and_nothing_else_does() {
    let with_keys = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("of-the-machine".to_owned()),
        name => on_vercel(name),
    };
    let config = Config::from_lookup(ALL, with_keys).unwrap();
    assert!(config.aws.unwrap().web_identity().is_some());

    let elsewhere = |name: &str| (!name.starts_with("VERCEL")).then(|| with_keys(name))?;
    let config = Config::from_lookup(ALL, elsewhere).unwrap();
    assert!(config.aws.unwrap().web_identity().is_none());

    assert_eq!(problems(("AWS_ROLE_ARN", None)), ["AWS_ROLE_ARN"]);
    assert_eq!(problems(("AWS_REGION", None)), ["AWS_REGION"]);
}

#[test]
fn requests_deliver_notifications_there_and_nowhere_else() {
    let config = Config::from_lookup(ALL, on_vercel).unwrap();
    assert!(config.delivers_in_requests);

    let on_lambda = |name: &str| match name {
        "AWS_LAMBDA_RUNTIME_API" => Some("127.0.0.1:9001".to_owned()),
        name => complete(name),
    };
    assert!(
        !Config::from_lookup(ALL, on_lambda)
            .unwrap()
            .delivers_in_requests
    );
    assert!(
        !Config::from_lookup(ALL, complete)
            .unwrap()
            .delivers_in_requests
    );
}

#[test]
fn a_role_is_named_by_its_arn() {
    for good in [ROLE, "arn:aws-cn:iam::123456789012:role/shops/farebox"] {
        assert_eq!(problems(("AWS_ROLE_ARN", Some(good))), [""; 0]);
    }
    for bad in [
        "farebox",
        "arn:aws:iam::123456789012:user/farebox",
        "arn:aws:iam::12345:role/farebox",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/fare&box",
    ] {
        let found = problems(("AWS_ROLE_ARN", Some(bad)));
        assert_eq!(found, ["AWS_ROLE_ARN"], "{bad}");
    }
}

#[test]
fn a_file_is_no_database_there_and_is_one_under_vercel_dev() {
    let file = ("DATABASE_URL", Some("sqlite:/tmp/farebox.sqlite"));
    assert_eq!(problems(file), ["DATABASE_URL"]);

    let dev = |name: &str| match name {
        "DATABASE_URL" => Some("sqlite:farebox.sqlite".to_owned()),
        "VERCEL_ENV" => Some("development".to_owned()),
        name => on_vercel(name),
    };
    assert!(Config::from_lookup(ALL, dev).is_ok());
    assert_eq!(
        Platform::from_lookup(dev),
        Ok(Platform::Http { port: 3000 })
    );
}

#[test]
fn a_schedules_secret_is_long_and_fit_for_a_header() {
    for bad in [
        "short",
        "fifteen-letters",
        "one two three four five",
        "söhnlein-söhnlein-söhnlein",
    ] {
        assert_eq!(
            problems(("CRON_SECRET", Some(bad))),
            ["CRON_SECRET"],
            "{bad}"
        );
    }
    let needs = &[need::CRON_SECRET];
    let error = Config::from_lookup(needs, |_| None).unwrap_err();
    assert_eq!(error.problems()[0].name, "CRON_SECRET");
}

#[test]
fn reconcile_is_late_after_a_day_where_vercels_schedule_is_daily() {
    let late = |lookup: &dyn Fn(&str) -> Option<String>| {
        Config::from_lookup(ALL, lookup).unwrap().reconcile_late
    };
    assert_eq!(late(&complete), Duration::from_mins(20));
    assert_eq!(late(&on_vercel), Duration::from_hours(26));
    let set = |name: &str| match name {
        "FAREBOX_RECONCILE_LATE" => Some("1200".to_owned()),
        name => on_vercel(name),
    };
    assert_eq!(late(&set), Duration::from_mins(20));
    for bad in ["299", "604801", "1h"] {
        complaint("FAREBOX_RECONCILE_LATE", bad);
    }
}
