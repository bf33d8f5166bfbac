//! The outbox: messages until they are acknowledged.

use super::{Backend, OutboxMessage, Store, StoreError, dynamodb};

/// The outcome of one delivery attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The site acknowledged it.
    Delivered,
    /// It failed, and is due again at `due_at` (Unix seconds).
    Again {
        /// The time of the next attempt.
        due_at: i64,
        /// The error, for the operator.
        error: String,
    },
    /// It failed for good: the outbox keeps it until an operator redrives it.
    DeadLettered {
        /// The error, for the operator.
        error: String,
    },
}

impl Store {
    /// Leases up to `most` messages that are due at `now`, the oldest first.
    ///
    /// No other process receives them for `lease` seconds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn lease_due(
        &self,
        now: i64,
        lease: i64,
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.lease_due(now, lease, most).await,
            Backend::DynamoDb(table) => table.lease_due(now, lease, most).await,
        }
    }

    /// Leases the message with `id` for `lease` seconds, so that no other process receives it.
    ///
    /// Returns `None` when it is leased, scheduled for a later retry, delivered, dead-lettered or
    /// unknown.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn take(
        &self,
        id: &str,
        now: i64,
        lease: i64,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.take(id.to_owned(), now, lease).await,
            Backend::DynamoDb(table) => table.take(id, now, lease).await,
        }
    }

    /// Records the outcome of a delivery.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; the message will be delivered again.
    pub async fn record_delivery(
        &self,
        id: &str,
        outcome: DeliveryOutcome,
        now: i64,
    ) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.record_delivery(id.to_owned(), outcome, now).await,
            Backend::DynamoDb(table) => table.record_delivery(id, &outcome, now).await,
        }
    }

    /// The creation time of the oldest waiting message, in Unix seconds.
    ///
    /// On DynamoDB it considers the 25 messages that are due next.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn oldest_undelivered(&self) -> Result<Option<i64>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.oldest_undelivered().await,
            Backend::DynamoDb(table) => table.oldest_undelivered().await,
        }
    }

    /// The dead letters, the oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn dead_letters(&self) -> Result<Vec<OutboxMessage>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.dead_letters().await,
            Backend::DynamoDb(table) => table.dead_letters().await,
        }
    }

    /// Makes dead letters due again: the one with `id`, or all. Returns their number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.redrive(id.map(str::to_owned), now).await,
            Backend::DynamoDb(table) => table.redrive(id, now).await,
        }
    }
}

/// The message id in `key`, a key from the table's stream.
///
/// `None` for every other item, and for a part of a message.
#[must_use]
pub fn message_in(key: &str) -> Option<&str> {
    dynamodb::message_in(key)
}
