//! The state of scheduled jobs, and the deletion of expired rows.

use super::{StoreError, backend::operations};

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
