//! The database: orders, events and the outbox.
//!
//! [`Store::accept`] is the core. In one transaction it claims the event, updates the order and
//! appends to the outbox. A pure function, the same for every backend, decides what to write. A
//! backend only reads, and writes on the condition that nothing changed since.
//!
//! `refunds`, `customers`, the `outbox` and the `quarantine` have files of these names, here and
//! for each backend.

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

/// The seconds for which the database keeps an event id.
///
/// Stripe redelivers an event by itself for three days, and on request for thirty.
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
    /// Opens the database that `settings` name; a table in `aws`.
    ///
    /// The keys in `secrets` tell the mode. The function creates a missing file and migrates an old
    /// one; a table must exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database cannot be opened, holds payments of the other mode, or was
    /// made by a newer version.
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

    /// Opens the database for reading.
    ///
    /// A database without a mode is not bound to the mode of the keys.
    ///
    /// # Errors
    ///
    /// As [`Store::open`], but for the mode.
    pub async fn examine(settings: &Settings, aws: Option<&Aws>) -> Result<Self, StoreError> {
        Self::open(settings, aws, &Secrets::none()).await
    }

    /// The deployment that owns this database.
    ///
    /// The first process that opens the database, knows its mode and may write creates the id.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoDeployment`] when there was none yet.
    pub fn deployment(&self) -> Result<&Deployment, StoreError> {
        self.deployment.as_ref().ok_or(StoreError::NoDeployment)
    }

    /// The order with `id`, of any owner.
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

    /// Returns true when an order is paid, or is to be paid, by `intent`.
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

    /// The order of an earlier request with the same `operation`.
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

    /// Records a payment start at `now`, unless a rate limit is exceeded.
    ///
    /// An order that exists, or was counted before, is admitted and not counted again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; exceeding a limit is an outcome, not an
    /// error.
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

    /// Creates or changes an order at `now`, in one transaction with its idempotency record.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; a rejection is an outcome, not an error.
    pub async fn put_order(&self, put: PutOrder, now: i64) -> Result<PutOrderOutcome, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.put_order(put, now).await,
            Backend::DynamoDb(table) => table.put_order(put, now).await,
        }
    }

    /// Applies `update` to the order's payment where it fits; returns the order as it then is.
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

    /// Processes an event once: claims its id, updates its order and appends to the outbox.
    ///
    /// All of it is one transaction. An event of another deployment's object changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; it wrote all or nothing, and Stripe may
    /// deliver the event again.
    pub async fn accept(&self, event: Event, now: i64) -> Result<AcceptOutcome, StoreError> {
        let is_subscribed = self.subscriptions.include(&event.kind);
        self.take_in(event, is_subscribed, now).await
    }

    /// Processes `event`, which Farebox built from an object that it fetched from Stripe.
    ///
    /// Works as [`Store::accept`], but no subscription includes the event: Stripe never sent it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
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

    /// The stored cursor of the job `name`.
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

    /// Stores the cursor of the job `name`.
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

    /// Deletes a batch of expired rows; returns true when there may be more.
    ///
    /// DynamoDB expires items by itself.
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
