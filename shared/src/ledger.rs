//! Where orders, events and the outbox live.
//!
//! The heart is [`Ledger::accept`]: one transaction that claims the event, moves the order and appends
//! to the outbox. What it writes is decided by a pure function, the same for every backend; a
//! backend only reads, writes under a version check, and tells when to try again.

mod accept;
mod message;
mod opening;
mod sqlite;

pub use accept::Accepted;
pub use message::{Letter, Message};
pub use opening::{Opened, Opening, Operation, Refusal};
use sqlite::Sqlite;

use crate::{
    Config,
    config::{LedgerLocation, Subscriptions},
    event::Event,
    order::{Order, OrderId},
    secrets::{Mode, Unreadable},
};

/// How long an event id is remembered, in seconds: Stripe delivers an event by itself for three
/// days, and by hand for thirty.
pub const REMEMBERED: i64 = 40 * 24 * 60 * 60;

/// The ledger of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    backend: Backend,
    subscriptions: Subscriptions,
}

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(Sqlite),
}

/// The ledger did not do what it was asked; nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The file could not be opened, read or written.
    #[error("the ledger's database failed")]
    Database(#[from] rusqlite::Error),
    /// What was read is not what was written.
    #[error("the ledger holds what this version cannot read")]
    Unreadable(#[source] serde_json::Error),
    /// The database was made by a newer version.
    #[error(
        "the ledger's schema {found} is newer than {known}, the newest that this version knows"
    )]
    NewerSchema {
        /// In the file.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// No ledger is configured.
    #[error("FAREBOX_LEDGER is not set")]
    Nowhere,
    /// The database belongs to payments of the other mode.
    #[error("the ledger holds {0:?}-mode payments, and Stripe's key is of the other mode")]
    OtherMode(Mode),
    /// Whether the payments are real cannot be told without the keys.
    #[error(transparent)]
    NoMode(#[from] Unreadable),
    /// The work ended early.
    #[error("the ledger's task ended early")]
    Aborted(#[from] tokio::task::JoinError),
}

impl Ledger {
    /// Opens the ledger that `config` names, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be opened, or was made by a newer version.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let backend = match &config.ledger {
            Some(LedgerLocation::Sqlite(path)) => {
                Backend::Sqlite(Sqlite::open(path, config.secrets.mode().await?).await?)
            }
            Some(LedgerLocation::DynamoDb(_)) | None => return Err(Failure::Nowhere),
        };
        Ok(Self {
            backend,
            subscriptions: config.subscriptions.clone(),
        })
    }

    /// The order with `id`, whoever owns it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.order(id.clone()).await
    }

    /// The order that `operation` was about, if it came before.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn replay(&self, operation: &Operation) -> Result<Option<Opened>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.replay(operation.clone()).await
    }

    /// Opens or changes an order, at `now`; in one transaction with the operation that asks for it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; a refusal is an answer.
    pub async fn open_order(&self, opening: Opening, now: i64) -> Result<Opened, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.open_order(opening, now).await
    }

    /// Notes `intent` as the order's own, unless it has one; gives the order as it then is.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn attach_intent(
        &self,
        id: &OrderId,
        intent: &str,
        now: i64,
    ) -> Result<Option<Order>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite
            .attach_intent(id.clone(), intent.to_owned(), now)
            .await
    }

    /// Takes an event into the ledger, once: claims its id, moves its order and appends to the
    /// outbox, in one transaction.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; nothing was written, and the event may be
    /// delivered again.
    pub async fn accept(&self, event: Event, now: i64) -> Result<Accepted, Failure> {
        let is_subscribed = self.subscriptions.include(&event.kind);
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.accept(event, is_subscribed, now).await
    }

    /// Takes up to `most` messages that are due at `now`, the oldest first. Nobody else is given them
    /// for `lease` seconds.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn take_due(&self, now: i64, lease: i64, most: u32) -> Result<Vec<Letter>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.take_due(now, lease, most).await
    }

    /// Notes what became of the delivery of a message.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; the message will be delivered again.
    pub async fn settle(&self, id: &str, outcome: Settled, now: i64) -> Result<(), Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.settle(id.to_owned(), outcome, now).await
    }

    /// The messages that were given up, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn parked(&self) -> Result<Vec<Letter>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.parked().await
    }

    /// Makes parked messages due again: the one with `id`, or all. Gives their number.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.redrive(id.map(str::to_owned), now).await
    }

    /// Events that were set aside for a person to look at, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.quarantined().await
    }

    /// Takes the quarantined event with `id` again when it comes again; whether there is one. The
    /// quarantine keeps it as a record.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn release(&self, id: &str) -> Result<bool, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.release(id.to_owned()).await
    }

    /// How far the work with `name` came, as it noted it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn mark(&self, name: &'static str) -> Result<Option<String>, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.mark(name).await
    }

    /// Notes how far the work with `name` came.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn set_mark(&self, name: &'static str, value: &str) -> Result<(), Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.set_mark(name, value.to_owned()).await
    }

    /// Forgets some of what is older than it has to be remembered; whether there may be more.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn forget_expired(&self, now: i64) -> Result<bool, Failure> {
        let Backend::Sqlite(sqlite) = &self.backend;
        sqlite.forget_expired(now).await
    }
}

/// What became of one try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
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
    Parked {
        /// What went wrong, for the operator.
        error: String,
    },
}

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

#[cfg(test)]
mod tests;
