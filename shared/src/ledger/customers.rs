//! Which Stripe customer a caller is.
//!
//! A caller's place is reserved before Stripe is asked: the reservation's name is what Stripe's
//! idempotency key is made of. So processes that come at once, or after one that died, ask Stripe for
//! the same customer, and the ledger notes one alone.

use std::fmt;

/// The most orders of a caller that are listed.
pub const MOST_LISTED: u32 = 50;

/// A caller's place among Stripe's customers.
#[derive(Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Names the reservation; random, and told to Stripe alone.
    pub reservation: String,
    /// When the place was reserved, in Unix seconds.
    pub reserved_at: i64,
    /// `cus_…`, once it is known.
    pub customer: Option<String>,
}

impl Mapping {
    /// A new reservation, made at `now`.
    pub(super) fn reserved(now: i64) -> Self {
        Self {
            reservation: format!("{:032x}", fastrand::u128(..)),
            reserved_at: now,
            customer: None,
        }
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping")
            .field("customer", &self.customer)
            .field("reserved_at", &self.reserved_at)
            .finish_non_exhaustive()
    }
}
