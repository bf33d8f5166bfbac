//! Where orders, events and the outbox live.
//!
//! The heart is [`Store::accept`]: one transaction that claims the event, moves the order and
//! appends to the outbox. What it writes is decided by a pure function, the same for every backend;
//! a backend only reads, and writes where nothing changed since.
//!
//! What a database does about `refunds`, `customers`, the `outbox` and the `quarantine` is in files
//! of these names, here and for each backend.

mod accept;
mod customers;
mod database_url;
mod day_limit;
mod dynamodb;
mod failure;
mod message;
mod outbox;
mod put_order;
mod quarantine;
mod rate_limit;
mod refunding;
mod refunds;
mod settings;
mod sqlite;
mod subscriptions;

use accept::Incoming;
pub use accept::{AcceptOutcome, Accepted};
pub use customers::{CustomerLink, MOST_LISTED};
pub use database_url::DatabaseUrl;
pub use day_limit::DayLimit;
use dynamodb::DynamoDb;
pub use failure::StoreError;
pub use message::{Message, OutboxMessage};
pub use outbox::{DeliveryOutcome, message_in};
pub use put_order::{IdempotencyRecord, PutOrder, PutOrderOutcome, PutOrderRejection};
pub use quarantine::Quarantined;
pub(crate) use rate_limit::wait;
pub use rate_limit::{
    Limit, OPEN_FOR, RateLimitOutcome, RateLimitRequest, RateLimitSubject, RateLimited, SubjectKind,
};
pub use refunding::{RefundRefusal, Refunded};
pub use settings::Settings;
use sqlite::Sqlite;
pub use subscriptions::Subscriptions;

use crate::{
    aws::Aws,
    deployment::Deployment,
    event::Event,
    order::{Order, OrderId, PaymentUpdate},
    secrets::Secrets,
};

/// How long an event id is remembered, in seconds: Stripe delivers an event by itself for three
/// days, and by hand for thirty.
pub const REMEMBERED: i64 = 40 * 24 * 60 * 60;

/// The database of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    backend: Backend,
    deployment: Option<Deployment>,
    subscriptions: Subscriptions,
}

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(Sqlite),
    DynamoDb(DynamoDb),
}

impl Store {
    /// Opens the database that `settings` name; a table in `aws`. The keys in `secrets` tell the
    /// mode. A file is made where it is not there, and brought up to date; a table must be there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be opened, holds payments of the other mode, or was made by a
    /// newer version.
    pub async fn open(
        settings: &Settings,
        aws: Option<&Aws>,
        secrets: &Secrets,
    ) -> Result<Self, StoreError> {
        let (backend, deployment) = match &settings.location {
            Some(DatabaseUrl::Sqlite(path)) => {
                let (sqlite, deployment) = Sqlite::open(path, secrets.mode().await?).await?;
                (Backend::Sqlite(sqlite), deployment)
            }
            Some(DatabaseUrl::DynamoDb(table)) => {
                let aws = aws.ok_or(StoreError::NoAws)?;
                let (table, deployment) = DynamoDb::open(aws, table, secrets).await?;
                (Backend::DynamoDb(table), deployment)
            }
            None => return Err(StoreError::Nowhere),
        };
        Ok(Self {
            backend,
            deployment,
            subscriptions: settings.subscriptions.clone(),
        })
    }

    /// Opens it to look at it: one that belongs to no mode yet is not made to belong to that of the
    /// keys.
    ///
    /// # Errors
    ///
    /// As [`Store::open`], but for the mode.
    pub async fn examine(settings: &Settings, aws: Option<&Aws>) -> Result<Self, StoreError> {
        Self::open(settings, aws, &Secrets::none()).await
    }

    /// The deployment whose database this is. Its id is made when a process first opens the
    /// database that knows its mode and may write.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoDeployment`] when there was none yet.
    pub fn deployment(&self) -> Result<&Deployment, StoreError> {
        self.deployment.as_ref().ok_or(StoreError::NoDeployment)
    }

    /// The order with `id`, whoever owns it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.order(id.clone()).await,
            Backend::DynamoDb(table) => table.order(id).await,
        }
    }

    /// Whether an order is known to be paid, or to be going to be, by `intent`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn knows_intent(&self, intent: &str) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.knows_intent(intent.to_owned()).await,
            Backend::DynamoDb(table) => table.knows_intent(intent).await,
        }
    }

    /// The order that `operation` was about, if it came before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn replay(
        &self,
        operation: &IdempotencyRecord,
    ) -> Result<Option<PutOrderOutcome>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.replay(operation.clone()).await,
            Backend::DynamoDb(table) => table.replay(operation).await,
        }
    }

    /// Counts the start of an order at `now`, unless whoever is counted for it started too many. An
    /// order that is there, or was counted before, is admitted and not counted again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; a refusal is an answer.
    pub async fn admit(
        &self,
        request: RateLimitRequest,
        now: i64,
    ) -> Result<RateLimitOutcome, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.admit(request, now).await,
            Backend::DynamoDb(table) => table.admit(&request, now).await,
        }
    }

    /// Opens or changes an order, at `now`; in one transaction with the operation that asks for it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; a refusal is an answer.
    pub async fn put_order(&self, put: PutOrder, now: i64) -> Result<PutOrderOutcome, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.put_order(put, now).await,
            Backend::DynamoDb(table) => table.put_order(put, now).await,
        }
    }

    /// Notes something about the way to pay the order, where that fits what it has; gives the order
    /// as it then is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn update_payment(
        &self,
        id: &OrderId,
        note: PaymentUpdate,
        now: i64,
    ) -> Result<Option<Order>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.update_payment(id.clone(), note, now).await,
            Backend::DynamoDb(table) => table.update_payment(id, &note, now).await,
        }
    }

    /// Takes an event into the database, once: claims its id, moves its order and appends to the
    /// outbox, in one transaction. An event of another deployment's object changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; all was written or nothing, and the event
    /// may be delivered again.
    pub async fn accept(&self, event: Event, now: i64) -> Result<AcceptOutcome, StoreError> {
        let is_subscribed = self.subscriptions.include(&event.kind);
        self.take_in(event, is_subscribed, now).await
    }

    /// Takes `event`, which we made of an object that Stripe was asked for: as [`Store::accept`],
    /// but no subscription includes it, since Stripe never sent it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not take it.
    pub async fn accept_fetched(
        &self,
        event: Event,
        now: i64,
    ) -> Result<AcceptOutcome, StoreError> {
        self.take_in(event, false, now).await
    }

    async fn take_in(
        &self,
        event: Event,
        is_subscribed: bool,
        now: i64,
    ) -> Result<AcceptOutcome, StoreError> {
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
    /// [`StoreError`] when the database did not answer.
    pub async fn cursor(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.cursor(name).await,
            Backend::DynamoDb(table) => table.cursor(name).await,
        }
    }

    /// Notes how far the work with `name` came.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn set_cursor(&self, name: &'static str, value: &str) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.set_cursor(name, value.to_owned()).await,
            Backend::DynamoDb(table) => table.set_cursor(name, value).await,
        }
    }

    /// Forgets some of what is older than it has to be remembered; whether there may be more.
    /// DynamoDB does so by itself.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn forget_expired(&self, now: i64) -> Result<bool, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.forget_expired(now).await,
            Backend::DynamoDb(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests;
