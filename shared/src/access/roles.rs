//! The roles file: the permissions of each role, their reach and their limits.
//!
//! It is read once, at the start, and any fault in it stops the start. Otherwise a mistyped
//! permission would grant nothing, and a mistyped limit would limit nothing.

mod reader;

use std::{collections::BTreeMap, sync::Arc};

use super::{CreateRefund, Permission as _, grant::Grant};
use crate::amount::Currency;

/// The roles file that ships with Farebox.
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
    /// All faults, each a text that reads on from the name of a setting.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        reader::read(text).map(|roles| Self(Arc::new(roles)))
    }

    /// The roles that ship with Farebox.
    ///
    /// # Panics
    ///
    /// When the built-in file is wrong, which a test rules out.
    #[must_use]
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("a test reads the file that is compiled in")
    }

    /// The names of all roles, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns true when there is a role called `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The most that `role` lets one call refund, in minor units of `currency`.
    ///
    /// `None` where it sets no limit, or may not refund that currency at all. It is for display: a
    /// refund itself is checked with a [`Reached`](super::Reached) caller.
    #[must_use]
    pub fn refund_limit(&self, role: &str, currency: Currency) -> Option<i64> {
        let grant = self.0.get(role)?.get(CreateRefund::NAME)?;
        grant.limits.as_ref()?.of_one_call(currency)
    }

    /// The grants of `permission` to `roles`.
    pub(super) fn grants(&self, roles: &[String], permission: &str) -> Vec<Grant> {
        roles
            .iter()
            .filter_map(|role| self.0.get(role)?.get(permission).cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests;
