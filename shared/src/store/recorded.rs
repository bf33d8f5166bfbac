//! The callers' operations on subscriptions, each under their idempotency key.

use super::{IdempotencyRecord, StoreError, backend::operations};

/// An operation that came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedOperation {
    /// The hash of its request.
    pub digest: String,
    /// What is done, as JSON.
    pub plan: String,
}

operations! {
    /// The records of operations.
    trait Recorded {
        /// The operation with `key` that was recorded, if one was.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn recorded_operation(
            &self,
            key: &str,
        ) -> Result<Option<RecordedOperation>, StoreError>;

        /// Records an operation and its `plan`, unless there is one under the key; returns the one
        /// that counts.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn record_operation(
            &self,
            operation: &IdempotencyRecord,
            plan: &str,
        ) -> Result<RecordedOperation, StoreError>;
    }
}

impl RecordedOperation {
    /// The record of `operation` with `plan`.
    pub(super) fn of(operation: &IdempotencyRecord, plan: &str) -> Self {
        Self {
            digest: operation.digest.clone(),
            plan: plan.to_owned(),
        }
    }
}
