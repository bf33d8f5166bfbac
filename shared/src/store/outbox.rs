//! The outbox: it keeps a message until the site acknowledges it.

use super::{Message, OutboxMessage, Store, StoreError, backend::operations};

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

/// The number of entries of a list, counted up to [`Count::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number, or [`Count::MAX`] if there are more.
    pub number: u32,
    /// True when there are more.
    pub is_capped: bool,
}

impl Count {
    /// The highest number that is counted to, so that a count takes a bounded read.
    pub const MAX: u32 = 100;

    /// Of a list of which at most one entry more than [`Count::MAX`] was read.
    pub(super) fn of(read: usize) -> Self {
        let number = u32::try_from(read).unwrap_or(u32::MAX);
        Self {
            number: number.min(Self::MAX),
            is_capped: number > Self::MAX,
        }
    }
}

/// The numbers of messages in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxSize {
    /// Those that are not delivered, and are neither given up.
    pub due: Count,
    /// The dead letters.
    pub dead_lettered: Count,
}

operations! {
    /// The operations on the outbox.
    trait Outbox {
        /// Appends `messages`, all or none; one with the id of an earlier message changes nothing.
        ///
        /// At most a hundred, each well below a megabyte.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn append_messages(
            &self,
            messages: &[Message],
            now: i64,
        ) -> Result<(), StoreError>;

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
        ) -> Result<Vec<OutboxMessage>, StoreError>;

        /// Leases the message with `id` for `lease` seconds, so that no other process receives it.
        ///
        /// Returns `None` when it is leased, scheduled for a later retry, delivered, dead-lettered
        /// or unknown.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn lease(
            &self,
            id: &str,
            now: i64,
            lease: i64,
        ) -> Result<Option<OutboxMessage>, StoreError>;

        /// Records the outcomes of deliveries, by the ids of their messages, each at most once.
        ///
        /// SQLite and Postgres record all or none.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer; the messages whose outcome was not
        /// recorded are due again when their lease ends.
        pub async fn record_deliveries(
            &self,
            outcomes: &[(String, DeliveryOutcome)],
            now: i64,
        ) -> Result<(), StoreError>;

        /// The creation time of the oldest waiting message, in Unix seconds.
        ///
        /// On DynamoDB it considers the 25 messages that are due next.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn oldest_undelivered(&self) -> Result<Option<i64>, StoreError>;

        /// The numbers of messages in the outbox.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn outbox_size(&self) -> Result<OutboxSize, StoreError>;

        /// The dead letters, the oldest first.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn dead_letters(&self) -> Result<Vec<OutboxMessage>, StoreError>;

        /// Makes dead letters due again: the one with `id`, or all. Returns their number.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, StoreError>;
    }
}

impl Store {
    /// Records the outcome of one delivery.
    ///
    /// # Errors
    ///
    /// As [`Store::record_deliveries`].
    pub async fn record_delivery(
        &self,
        id: &str,
        outcome: DeliveryOutcome,
        now: i64,
    ) -> Result<(), StoreError> {
        self.record_deliveries(&[(id.to_owned(), outcome)], now)
            .await
    }
}
