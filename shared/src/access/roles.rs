//! The roles file: which role holds which permission, how far, and how much.
//!
//! It is read once, at the start, and a start with a file that is wrong anywhere does not happen: a
//! mistyped permission would be one that nobody has, a mistyped limit one that nobody keeps.

mod reader;

use std::{collections::BTreeMap, sync::Arc};

use super::{CreateRefund, Permission as _, grant::Grant};
use crate::amount::Currency;

/// The file that comes with Farebox.
const SHIPPED: &str = include_str!("../../../roles.json");

/// Roles and their permissions; cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Roles(Arc<BTreeMap<String, Permissions>>);

/// The permissions of one role, by name.
type Permissions = BTreeMap<&'static str, Grant>;

impl Roles {
    /// Reads a roles file.
    ///
    /// # Errors
    ///
    /// Every text that says what is wrong, each readable after the name of a setting.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        reader::read(text).map(|roles| Self(Arc::new(roles)))
    }

    /// The roles that come with Farebox.
    ///
    /// # Panics
    ///
    /// When the file that is compiled in is wrong, which a test would have told.
    #[must_use]
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("a test reads the file that is compiled in")
    }

    /// The names of all roles, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there is a role called `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The most that `role` lets one call refund, in minor units of `currency`; `None` where it
    /// sets no limit, or may not refund that currency at all. For a person to read: a refund itself
    /// is asked of a [`Reached`](super::Reached) caller.
    #[must_use]
    pub fn refund_limit(&self, role: &str, currency: Currency) -> Option<i64> {
        let grant = self.0.get(role)?.get(CreateRefund::NAME)?;
        grant.limits.as_ref()?.of_one_call(currency)
    }

    /// What `roles` grant of `permission`.
    pub(super) fn grants(&self, roles: &[String], permission: &str) -> Vec<Grant> {
        roles
            .iter()
            .filter_map(|role| self.0.get(role)?.get(permission).cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests;
