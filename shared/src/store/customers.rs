//! Links callers to Stripe customers.
//!
//! A request reserves the link before it calls Stripe: the reservation's name makes Stripe's
//! idempotency key. So concurrent processes, or one that resumes after a crash, create the same
//! Stripe customer, and the database stores only that one.

use std::{collections::BTreeMap, fmt};

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
    /// Digests of what the customer last got at Stripe, by its field. The reservation is part of
    /// each, so that nobody can guess what it stands for.
    pub profile: BTreeMap<String, String>,
}

impl CustomerLink {
    /// A new reservation, made at `now`.
    pub(super) fn reserved(now: i64) -> Self {
        Self {
            reservation: format!("{:032x}", fastrand::u128(..)),
            reserved_at: now,
            customer: None,
            profile: BTreeMap::new(),
        }
    }

    /// The profile in the form in which a backend stores it.
    pub(super) fn profile_text(&self) -> Option<String> {
        let text = || serde_json::to_string(&self.profile).unwrap_or_default();
        (!self.profile.is_empty()).then(text)
    }

    /// The profile that a backend stored. One that cannot be read counts as none: the customer is
    /// updated once more.
    pub(super) fn read_profile(text: Option<&str>) -> BTreeMap<String, String> {
        text.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
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

/// The caller whom a stored `owner` names.
pub(super) fn caller(owner: &str) -> Result<CallerId, StoreError> {
    CallerId::parse(owner).ok_or(StoreError::Malformed("owner"))
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

        /// Stores the profile of `link`, which has a customer, for `owner`. Changes nothing when
        /// the link was reserved anew.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn record_profile(
            &self,
            owner: &CallerId,
            link: &CustomerLink,
        ) -> Result<(), StoreError>;

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
