//! The quarantine: events for a person to look at.

use super::{Backend, Store, StoreError};

/// An event that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// `evt_…`
    pub event_id: String,
    /// Stripe's type.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// When it came, in Unix seconds.
    pub at: i64,
}

impl Store {
    /// Events that were set aside for a person to look at, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.quarantined().await,
            Backend::DynamoDb(table) => table.quarantined().await,
        }
    }

    /// Takes the quarantined event with `id` again when it comes again; whether there is one. The
    /// quarantine keeps it as a record.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn release(&self, id: &str) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.release(id.to_owned()).await,
            Backend::DynamoDb(table) => table.release(id).await,
        }
    }
}
