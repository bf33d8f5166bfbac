//! The table in `docs/deploy-aws.md`: the permissions of Stripe's restricted key.

use std::collections::BTreeSet;

use super::table::table;
use crate::permissions::{OF_PAYMENTS, OF_SUBSCRIPTIONS};

const HEAD: [&str; 2] = ["permission", "used by"];

/// Returns `guide`, the text of `docs/deploy-aws.md`, with the permissions that Farebox needs.
///
/// # Panics
///
/// When the guide has no table for them.
#[must_use]
pub fn permissions_table(guide: &str) -> String {
    let head = format!("| {} |\n", HEAD.join(" | "));
    let split = guide.split_once(&head);
    let (before, after) = split.expect("docs/deploy-aws.md has a table of permissions");
    let rest = after.split_once("\n\n").map_or("", |(_, rest)| rest);
    let mut known = BTreeSet::new();
    let all = OF_PAYMENTS.iter().chain(&OF_SUBSCRIPTIONS);
    let rows = all
        .filter(|one| known.insert(one.name))
        .map(|one| [one.name.to_owned(), one.used_by.to_owned()]);
    format!("{before}{}\n\n{rest}", table(HEAD, rows))
}
