//! Links callers to Stripe customers.
//!
//! A request reserves the link before it calls Stripe: the reservation's name makes Stripe's
//! idempotency key. So concurrent processes, or one that resumes after a crash, create the same
//! Stripe customer, and the database stores only that one.

use std::fmt;

use super::{StoreError, backend::operations};
use crate::ids::CallerId;

/// A caller's link to a Stripe customer.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerLink {
    /// The reservation's random name; only Stripe receives it.
    pub reservation: String,
    /// The time of the reservation, in Unix seconds.
    pub reserved_at: i64,
    /// `cus_…`, once it is known.
    pub customer: Option<String>,
}

impl CustomerLink {
    /// A new reservation, made at `now`.
    pub(super) fn reserved(now: i64) -> Self {
        Self {
            reservation: format!("{:032x}", fastrand::u128(..)),
            reserved_at: now,
            customer: None,
        }
    }
}

impl fmt::Debug for CustomerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerLink")
            .field("customer", &self.customer)
            .field("reserved_at", &self.reserved_at)
            .finish_non_exhaustive()
    }
}

operations! {
    /// The operations on callers' links to Stripe customers.
    trait Customers {
        /// The customer link of `owner`, if reserved.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn customer_of(
            &self,
            owner: &CallerId,
        ) -> Result<Option<CustomerLink>, StoreError>;

        /// Reserves a link for `owner` where there is none, or only the one that is `gone`.
        ///
        /// Returns the link that is there then; a concurrent request may have reserved or settled
        /// it.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn reserve_customer(
            &self,
            owner: &CallerId,
            gone: Option<&CustomerLink>,
            now: i64,
        ) -> Result<CustomerLink, StoreError>;

        /// Stores `customer` (`cus_…`) in the link that is `reserved` for `owner`.
        ///
        /// Changes nothing when the link has a customer, or was reserved anew. Returns the link as
        /// it is then.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer, or the customer is another caller's.
        pub async fn settle_customer(
            &self,
            owner: &CallerId,
            reserved: &CustomerLink,
            customer: &str,
        ) -> Result<Option<CustomerLink>, StoreError>;

        /// The caller to whom the Stripe customer `customer` belongs or belonged.
        ///
        /// Compare it with the owner's current link.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn holder_of(&self, customer: &str) -> Result<Option<CallerId>, StoreError>;
    }
}
