//! A single payment, or the begin of a subscription.

use serde::{Deserialize, Serialize};

/// The purpose of a Checkout Session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionMode {
    /// A single payment.
    Payment,
    /// A subscription, whose first invoice also has the one-time lines.
    Subscription,
}

/// The part of a subscription's first period that its Checkout Session takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DueToday {
    /// All of it.
    #[default]
    All,
    /// Nothing: the subscription begins with a trial. One-time lines are due all the same.
    Nothing,
    /// Any part: the first period ends at the billing date that the shop chose.
    Part,
}

impl DueToday {
    /// True when all is due.
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::All
    }
}
