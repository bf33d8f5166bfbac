//! The outbox: messages until they are acknowledged.

use super::{Backend, OutboxMessage, Store, StoreError, dynamodb};

/// What became of one try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It was acknowledged.
    Delivered,
    /// It failed, and is due again at `due_at` (Unix seconds).
    Again {
        /// When.
        due_at: i64,
        /// What went wrong, for the operator.
        error: String,
    },
    /// It failed for good: kept, and delivered when an operator asks for it.
    DeadLettered {
        /// What went wrong, for the operator.
        error: String,
    },
}

impl Store {
    /// Takes up to `most` messages that are due at `now`, the oldest first. Nobody else is given
    /// them for `lease` seconds.
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

    /// Takes the message with `id`, so that nobody else is given it for `lease` seconds. `None`
    /// when it is taken already, waits for a later try, was delivered or given up, or is not there.
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

    /// Notes what became of the delivery of a message.
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

    /// When the oldest message that waits was written, in Unix seconds; on DynamoDB of the 25 that
    /// are due next.
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

    /// The messages that were given up, the oldest first.
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

    /// Makes dead letters due again: the one with `id`, or all. Gives their number.
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

/// The id of the message that the item with `key` is, as the table's stream names it; `None` for
/// every other item, and for a part of a message.
#[must_use]
pub fn message_in(key: &str) -> Option<&str> {
    dynamodb::message_in(key)
}
