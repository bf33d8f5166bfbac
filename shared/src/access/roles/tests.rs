//! Valid and invalid roles files.

use serde_json::{Value, json};

use super::*;
use crate::{
    access::grant::Scope,
    amount::{Amount, Currency},
    store::DayLimit,
};

fn problems(file: &Value) -> Vec<String> {
    Roles::parse(&file.to_string()).expect_err("it is not accepted")
}

fn amount(minor_units: i64, currency: &str) -> Amount {
    Amount::new(minor_units, Currency::parse(currency).unwrap()).unwrap()
}

fn refunds(limits: &Value) -> Grant {
    let file = json!({ "r": { "refund:create": { "scope": "any", "limits": limits } } });
    let roles = Roles::parse(&file.to_string()).unwrap();
    roles.grants(&["r".to_owned()], "refund:create").remove(0)
}

#[test]
fn the_shipped_roles_are_what_the_documentation_says() {
    let roles = Roles::shipped();
    let names: Vec<&str> = roles.names().collect();
    let expected = [
        "admin", "customer", "finance", "guest", "monitor", "server", "support",
    ];
    assert_eq!(names, expected);

    let scope = |role: &str, permission: &str| {
        let grants = roles.grants(&[role.to_owned()], permission);
        grants.first().map(|grant| grant.scope)
    };
    for role in ["guest", "customer", "admin"] {
        assert_eq!(scope(role, "payment:create"), Some(Scope::Own));
    }
    assert_eq!(scope("support", "refund:create"), None);
    assert_eq!(scope("customer", "refund:create"), None);
    assert_eq!(scope("guest", "customer:read"), None);
    assert_eq!(scope("finance", "payment:create"), None);
    assert_eq!(scope("server", "usage:report"), Some(Scope::Any));
    assert_eq!(scope("admin", "usage:report"), None);

    let refund = |role: &str| roles.grants(&[role.to_owned()], "refund:create").remove(0);
    let largest = amount(99_999_999, "jpy");
    assert_eq!(refund("finance").day_limit(largest), None);
    assert_eq!(
        refund("admin").day_limit(largest),
        Some(DayLimit::Unlimited)
    );
}

#[test]
fn one_reading_finds_every_problem() {
    let file = json!({
        "": { "order:read": { "scope": "own" } },
        "a": { "order:write": { "scope": "own" }, "order:read": { "scope": "all" } },
        "b": { "payment:create": { "scope": "any" }, "portal:open": { "scope": "any" } },
        "c": { "order:read": { "scope": "own", "until": 5 }, "customer:read": "own" },
        "d": { "order:read": { "scope": "any", "limits": { "perCall": { "usd": 1 } } } },
        "e": { "refund:create": { "scope": "any", "limits": { "perHour": {}, "perCall": {
            "usd": 0, "USD": 5, "zzz": 5, "eur": 1.5, "gbp": -1, "isk": 150, "chf": "5" } } } },
        "f": [],
    });

    let problems = problems(&file).join("\n");

    for expected in [
        "role `` must have a name",
        "role `a`, `order:write` is not a permission",
        "role `a`, `order:read` must have a `scope`",
        "role `b`, `payment:create` can have only the scope `own`",
        "role `b`, `portal:open` can have only the scope `own`",
        "role `c`, `order:read` has the unknown field `until`",
        "role `c`, `customer:read` must be a JSON object",
        "role `d`, `order:read` moves no money",
        "`limits` has the unknown field `perHour`",
        "`usd` must be greater than zero",
        "`USD` is not a currency",
        "`zzz` is not a currency",
        "`eur` must be whole minor units",
        "`gbp` must be greater than zero",
        "`isk` must be a multiple of 100",
        "`chf` must be whole minor units",
        "role `f` must be a JSON object",
    ] {
        assert!(problems.contains(expected), "{expected}\n{problems}");
    }
    assert_eq!(problems.lines().count(), 17, "{problems}");
}

#[test]
fn a_file_that_says_two_things_or_nothing_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        "{",
        r#"{"a":{},"a":{"order:read":{"scope":"any"}}}"#,
        r#"{"a":{"order:read":{"scope":"own","scope":"any"}}}"#,
    ] {
        assert!(Roles::parse(text).is_err(), "{text}");
    }
}

#[test]
fn limits_of_a_call_and_of_a_day_belong_together() {
    for limits in [
        json!({}),
        json!({ "perCall": { "usd": 5 }, "perDay": { "eur": 5 } }),
        json!({ "perCall": { "usd": 5 }, "perDay": { "usd": 5, "eur": 5 } }),
        json!({ "perCall": { "usd": 6 }, "perDay": { "usd": 5 } }),
    ] {
        let file = json!({ "r": { "refund:create": { "scope": "any", "limits": limits } } });
        assert_eq!(problems(&file).len(), 1, "{limits}");
    }
}

#[test]
fn a_limit_holds_to_the_last_unit_and_a_currency_without_one_is_denied() {
    let both = refunds(&json!({ "perCall": { "usd": 500 }, "perDay": { "usd": 900 } }));
    assert_eq!(
        both.day_limit(amount(500, "usd")),
        Some(DayLimit::AtMost(900))
    );
    assert_eq!(both.day_limit(amount(501, "usd")), None);
    assert_eq!(both.day_limit(amount(1, "eur")), None);

    let per_call = refunds(&json!({ "perCall": { "usd": 500 } }));
    assert_eq!(
        per_call.day_limit(amount(500, "usd")),
        Some(DayLimit::Unlimited)
    );
    assert_eq!(per_call.day_limit(amount(501, "usd")), None);
    let per_day = refunds(&json!({ "perDay": { "usd": 900 } }));
    assert_eq!(
        per_day.day_limit(amount(900, "usd")),
        Some(DayLimit::AtMost(900))
    );
    assert_eq!(per_day.day_limit(amount(901, "usd")), None);
    assert_eq!(per_day.day_limit(amount(1, "eur")), None);
    let nothing = refunds(&json!({ "perCall": {} }));
    assert_eq!(nothing.day_limit(amount(1, "usd")), None);
}

#[test]
fn a_person_can_read_the_limit_of_one_call() {
    let file = json!({
        "both": { "refund:create": { "scope": "any", "limits": {
            "perCall": { "usd": 500 }, "perDay": { "usd": 900 } } } },
        "day": { "refund:create": { "scope": "any", "limits": { "perDay": { "usd": 900 } } } },
        "all": { "refund:create": { "scope": "any" } },
        "nobody": {}
    });
    let roles = Roles::parse(&file.to_string()).unwrap();
    let limit = |role, currency| roles.refund_limit(role, Currency::parse(currency).unwrap());
    assert_eq!(limit("both", "usd"), Some(500));
    assert_eq!(limit("day", "usd"), Some(900));
    assert_eq!(limit("both", "eur"), None);
    assert_eq!(limit("all", "usd"), None);
    assert_eq!(limit("nobody", "usd"), None);
}
