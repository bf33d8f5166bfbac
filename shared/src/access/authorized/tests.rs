//! The reach of grants, and their refund limits.

use super::*;
use crate::access::CreateRefund;
use crate::{access::Roles, amount::Currency};

const ROLES: &str = r#"{
    "buyer": { "refund:create": { "scope": "own" } },
    "clerk": { "refund:create": { "scope": "any", "limits": {
        "perCall": { "usd": 500 }, "perDay": { "usd": 900 } } } },
    "manager": { "refund:create": { "scope": "any", "limits": { "perCall": { "usd": 800 } } } },
    "owner": { "refund:create": { "scope": "any" } }
}"#;

fn caller(name: &str) -> CallerId {
    CallerId::parse(name).unwrap()
}

/// Ada with these roles.
fn ada(roles: &[&str]) -> Authorized<CreateRefund> {
    let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
    Authorized {
        caller: caller("ada"),
        is_customer: false,
        email: None,
        previous: None,
        grants: Roles::parse(ROLES).unwrap().grants(&roles, "refund:create"),
        decision: AuditRecord::new("refund:create", Why::Role),
        permission: PhantomData,
    }
}

fn why_of(roles: &[&str], owner: Option<&str>) -> Option<Why> {
    let owner = owner.map(caller);
    let reached = ada(roles).reach(owner.as_ref(), "o_1");
    reached.ok().map(|reached| reached.decision.why())
}

fn limit(roles: &[&str], owner: &str, minor_units: i64) -> Option<DayLimit> {
    let mut reached = ada(roles).reach(Some(&caller(owner)), "o_1").unwrap();
    let amount = Amount::new(minor_units, Currency::parse("usd").unwrap()).unwrap();
    let limit = reached.day_limit(amount);
    assert_eq!(limit.is_err(), reached.decision.why() == Why::Limit);
    limit.ok()
}

#[test]
fn one_of_several_roles_is_enough() {
    assert_eq!(why_of(&["buyer"], Some("ada")), Some(Why::Owner));
    assert_eq!(why_of(&["buyer"], Some("bob")), None);
    assert_eq!(why_of(&["buyer", "clerk"], Some("bob")), Some(Why::Any));
    assert_eq!(why_of(&["clerk"], Some("ada")), Some(Why::Owner));
    assert_eq!(why_of(&["owner"], None), None);
}

#[test]
fn the_widest_limit_counts_among_the_roles_that_reach_the_object() {
    assert_eq!(limit(&["clerk"], "bob", 500), Some(DayLimit::AtMost(900)));
    assert_eq!(limit(&["clerk"], "bob", 501), None);
    assert_eq!(
        limit(&["clerk", "manager"], "bob", 501),
        Some(DayLimit::Unlimited)
    );
    assert_eq!(limit(&["clerk", "manager"], "bob", 801), None);
    assert_eq!(
        limit(&["clerk", "owner"], "bob", 99_999),
        Some(DayLimit::Unlimited)
    );

    // A role without limits that reaches only the caller's own lifts no limit on another's.
    assert_eq!(limit(&["buyer", "clerk"], "bob", 501), None);
    assert_eq!(
        limit(&["buyer", "clerk"], "ada", 501),
        Some(DayLimit::Unlimited)
    );
}

#[test]
fn a_limit_that_the_database_found_is_an_end_of_the_decision() {
    let reached = ada(&["clerk"]).reach(Some(&caller("bob")), "o_1").unwrap();
    assert!(matches!(reached.over_day_limit(), Error::OverLimit));
}
