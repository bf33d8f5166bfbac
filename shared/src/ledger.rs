//! Where orders, events and the outbox live.
//!
//! The heart is [`Ledger::accept`]: one transaction that claims the event, moves the order and appends
//! to the outbox. What it writes is decided by a pure function, the same for every backend; a
//! backend only reads, and writes where nothing changed since.
//!
//! What a ledger does about `refunds`, `customers`, the `outbox` and the `quarantine` is in files of these
//! names, here and for each backend.

mod accept;
mod admission;
mod customers;
mod day_limit;
mod dynamodb;
mod failure;
mod location;
mod message;
mod opening;
mod outbox;
mod quarantine;
mod refunding;
mod refunds;
mod settings;
mod sqlite;
mod subscriptions;

use accept::Incoming;
pub use accept::{Accepted, Outcome};
pub(crate) use admission::wait;
pub use admission::{Admission, Admitted, Bound, Counted, OPEN_FOR, TooMany, Whose};
pub use customers::{MOST_LISTED, Mapping};
pub use day_limit::DayLimit;
use dynamodb::DynamoDb;
pub use failure::Failure;
pub use location::LedgerLocation;
pub use message::{Letter, Message};
pub use opening::{Opened, Opening, Operation, Refusal};
pub use outbox::{Settled, message_in};
pub use quarantine::Quarantined;
pub use refunding::{RefundRefusal, Refunded};
pub use settings::Settings;
use sqlite::Sqlite;
pub use subscriptions::Subscriptions;

use crate::{
    aws::Aws,
    deployment::Deployment,
    event::Event,
    order::{Note, Order, OrderId},
    secrets::Secrets,
};

/// How long an event id is remembered, in seconds: Stripe delivers an event by itself for three
/// days, and by hand for thirty.
pub const REMEMBERED: i64 = 40 * 24 * 60 * 60;

/// The ledger of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    backend: Backend,
    deployment: Option<Deployment>,
    subscriptions: Subscriptions,
}

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(Sqlite),
    DynamoDb(DynamoDb),
}

impl Ledger {
    /// Opens the ledger that `settings` name; a table in `aws`. The keys in `secrets` tell the
    /// mode. A file is made where it is not there, and brought up to date; a table must be there.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be opened, holds payments of the other mode, or was made by a
    /// newer version.
    pub async fn open(
        settings: &Settings,
        aws: Option<&Aws>,
        secrets: &Secrets,
    ) -> Result<Self, Failure> {
        let (backend, deployment) = match &settings.location {
            Some(LedgerLocation::Sqlite(path)) => {
                let (sqlite, deployment) = Sqlite::open(path, secrets.mode().await?).await?;
                (Backend::Sqlite(sqlite), deployment)
            }
            Some(LedgerLocation::DynamoDb(table)) => {
                let aws = aws.ok_or(Failure::NoAws)?;
                let (table, deployment) = DynamoDb::open(aws, table, secrets).await?;
                (Backend::DynamoDb(table), deployment)
            }
            None => return Err(Failure::Nowhere),
        };
        Ok(Self {
            backend,
            deployment,
            subscriptions: settings.subscriptions.clone(),
        })
    }

    /// Opens it to look at it: one that belongs to no mode yet is not made to belong to that of the keys.
    ///
    /// # Errors
    ///
    /// As [`Ledger::open`], but for the mode.
    pub async fn examine(settings: &Settings, aws: Option<&Aws>) -> Result<Self, Failure> {
        Self::open(settings, aws, &Secrets::none()).await
    }

    /// The deployment whose ledger this is. Its id is made when a process first opens the ledger that
    /// knows its mode and may write.
    ///
    /// # Errors
    ///
    /// [`Failure::NoDeployment`] when there was none yet.
    pub fn deployment(&self) -> Result<&Deployment, Failure> {
        self.deployment.as_ref().ok_or(Failure::NoDeployment)
    }

    /// The order with `id`, whoever owns it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.order(id.clone()).await,
            Backend::DynamoDb(table) => table.order(id).await,
        }
    }

    /// Whether an order is known to be paid, or to be going to be, by `intent`.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn knows_intent(&self, intent: &str) -> Result<bool, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.knows_intent(intent.to_owned()).await,
            Backend::DynamoDb(table) => table.knows_intent(intent).await,
        }
    }

    /// The order that `operation` was about, if it came before.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn replay(&self, operation: &Operation) -> Result<Option<Opened>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.replay(operation.clone()).await,
            Backend::DynamoDb(table) => table.replay(operation).await,
        }
    }

    /// Counts the start of an order at `now`, unless whoever is counted for it started too many. An order
    /// that is there, or was counted before, is admitted and not counted again.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; a refusal is an answer.
    pub async fn admit(&self, admission: Admission, now: i64) -> Result<Admitted, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.admit(admission, now).await,
            Backend::DynamoDb(table) => table.admit(&admission, now).await,
        }
    }

    /// Opens or changes an order, at `now`; in one transaction with the operation that asks for it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; a refusal is an answer.
    pub async fn open_order(&self, opening: Opening, now: i64) -> Result<Opened, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.open_order(opening, now).await,
            Backend::DynamoDb(table) => table.open_order(opening, now).await,
        }
    }

    /// Notes something about the way to pay the order, where that fits what it has; gives the order as
    /// it then is.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn note(&self, id: &OrderId, note: Note, now: i64) -> Result<Option<Order>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.note(id.clone(), note, now).await,
            Backend::DynamoDb(table) => table.note(id, &note, now).await,
        }
    }

    /// Takes an event into the ledger, once: claims its id, moves its order and appends to the
    /// outbox, in one transaction. An event of another deployment's object changes nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; all was written or nothing, and the event may be
    /// delivered again.
    pub async fn accept(&self, event: Event, now: i64) -> Result<Outcome, Failure> {
        let is_subscribed = self.subscriptions.include(&event.kind);
        self.take_in(event, is_subscribed, now).await
    }

    /// Takes `event`, which we made of an object that Stripe was asked for: as [`Ledger::accept`], but no
    /// subscription includes it, since Stripe never sent it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not take it.
    pub async fn learn(&self, event: Event, now: i64) -> Result<Outcome, Failure> {
        self.take_in(event, false, now).await
    }

    async fn take_in(
        &self,
        event: Event,
        is_subscribed: bool,
        now: i64,
    ) -> Result<Outcome, Failure> {
        let deployment = self.deployment()?;
        let incoming = Incoming {
            event,
            deployment: deployment.clone(),
            is_subscribed,
        };
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.accept(incoming, now).await,
            Backend::DynamoDb(table) => table.accept(&incoming, now).await,
        }
    }

    /// How far the work with `name` came, as it noted it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn mark(&self, name: &'static str) -> Result<Option<String>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.mark(name).await,
            Backend::DynamoDb(table) => table.mark(name).await,
        }
    }

    /// Notes how far the work with `name` came.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn set_mark(&self, name: &'static str, value: &str) -> Result<(), Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.set_mark(name, value.to_owned()).await,
            Backend::DynamoDb(table) => table.set_mark(name, value).await,
        }
    }

    /// Forgets some of what is older than it has to be remembered; whether there may be more. DynamoDB
    /// does so by itself.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn forget_expired(&self, now: i64) -> Result<bool, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.forget_expired(now).await,
            Backend::DynamoDb(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests;
