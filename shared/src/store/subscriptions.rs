//! The copies of subscriptions, and what each caller may use by them.
//!
//! A copy and its owner's billing account change in one transaction with the messages about it, on
//! the condition that both are as they were read: the reader fetched from Stripe in between, so
//! that no copy is older than what was acted on.

use super::{Message, StoreError, backend::operations};
use crate::{
    ids::CallerId,
    subscription::{BillingAccount, Subscription},
};

/// A value as it was read; version 0 is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: Option<T>,
    /// Its version, which each write increases by one.
    pub version: i64,
    /// The time of that write, in Unix seconds; 0 for none.
    pub written_at: i64,
}

/// A stored value, its version, and the time of its write.
pub(super) type Row<T> = (T, i64, i64);

impl BillingWrite {
    /// The time at which the grace of the account ends, for the stores' index.
    pub(super) fn grace_ends_at(&self) -> Option<i64> {
        self.account.0.grace.as_ref().map(|grace| grace.ends_at)
    }
}

impl<T> Versioned<T> {
    pub(super) fn of(found: Option<Row<T>>) -> Self {
        let (value, version, written_at) = match found {
            Some((value, version, written_at)) => (Some(value), version, written_at),
            None => (None, 0, 0),
        };
        Self {
            value,
            version,
            written_at,
        }
    }
}

/// A write of billing that was read before.
#[derive(Clone, Debug)]
pub struct BillingWrite {
    /// The owner.
    pub owner: CallerId,
    /// The copy, and the version that it replaces; `None` leaves it as it is.
    pub subscription: Option<(Subscription, i64)>,
    /// The owner's account, and the version that it replaces.
    pub account: (BillingAccount, i64),
    /// The messages about the change.
    pub messages: Vec<Message>,
}

operations! {
    /// The operations on copies of subscriptions.
    trait Subscriptions {
        /// The copies with `ids`, in no particular order, each with the time of its write, in Unix
        /// seconds; those that are unknown are missing.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn subscriptions(
            &self,
            ids: &[String],
        ) -> Result<Vec<(Subscription, i64)>, StoreError>;

        /// The billing account of `owner`: one read by key.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn billing_account(
            &self,
            owner: &CallerId,
        ) -> Result<Versioned<BillingAccount>, StoreError>;

        /// The copy of the subscription with `id`.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn subscription(
            &self,
            id: &str,
        ) -> Result<Versioned<Subscription>, StoreError>;

        /// The callers whose grace is over at `now`, and whose account was not written since;
        /// `most` at most, by the time of that end.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn graces_over(&self, now: i64, most: u32) -> Result<Vec<CallerId>, StoreError>;

        /// Writes a copy, its owner's account and the messages, in one transaction; returns false,
        /// and writes nothing, when the copy or the account changed meanwhile.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer; it wrote all or nothing.
        pub async fn write_billing(
            &self,
            write: BillingWrite,
            now: i64,
        ) -> Result<bool, StoreError>;
    }
}
