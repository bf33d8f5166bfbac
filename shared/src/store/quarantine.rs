//! The quarantine: events that an operator must look at.

use super::{Count, StoreError, backend::operations};

/// A quarantined event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// `evt_…`
    pub event_id: String,
    /// Stripe's event type.
    pub kind: String,
    /// The reason.
    pub reason: String,
    /// The time of its arrival, in Unix seconds.
    pub at: i64,
}

/// The number of quarantined events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarantineSize {
    /// All, also those that were released.
    pub quarantined: Count,
    /// The arrival of the latest, in Unix seconds.
    pub latest: Option<i64>,
}

operations! {
    /// The operations on the quarantine.
    trait Quarantine {
        /// The number of quarantined events, and the arrival of the latest.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn quarantine_size(&self) -> Result<QuarantineSize, StoreError>;

        /// The quarantined events, the oldest first.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError>;

        /// Lets the quarantined event with `id` be processed at its next delivery.
        ///
        /// Returns true when there is one. The quarantine keeps it as a record.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn release(&self, id: &str) -> Result<bool, StoreError>;
    }
}
