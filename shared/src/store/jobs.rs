//! The state of scheduled jobs, and the deletion of expired rows.

use super::{StoreError, backend::operations};

/// The name of the cursor of `reconcile`.
pub const RECONCILE: &str = "reconcile";
/// The name of its cursor in the events of subscriptions.
pub const RECONCILE_SUBSCRIPTIONS: &str = "reconcile_subscriptions";
/// The name under which `reconcile` stores the time of its latest success, in Unix seconds.
pub const RECONCILED_AT: &str = "reconciled_at";

operations! {
    /// The operations of scheduled jobs.
    trait Jobs {
        /// The stored cursor of the job `name`.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn cursor(&self, name: &'static str) -> Result<Option<String>, StoreError>;

        /// Stores the cursor of the job `name`.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn set_cursor(&self, name: &'static str, value: &str) -> Result<(), StoreError>;

        /// Deletes a batch of expired rows; returns true when there may be more.
        ///
        /// DynamoDB expires items by itself.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn forget_expired(&self, now: i64) -> Result<bool, StoreError>;
    }
}
