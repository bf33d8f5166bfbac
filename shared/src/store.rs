//! The database: orders, events and the outbox.
//!
//! [`Store::accept`] is the core. In one transaction it claims the event, updates the order and
//! appends to the outbox. A pure function, the same for every backend, decides what to write. A
//! backend only reads, and writes on the condition that nothing changed since.
//!
//! `orders`, `events`, the `outbox`, the `quarantine`, `refunds`, `customers`, `forgetting`,
//! `deadlines`, `rate_limits`, `subscriptions`, `subscription_slots` and `jobs` declare the
//! operations. Each backend implements them in files of the same names. The pure decisions are in
//! `put_order`, `accept`, `refunding` and `rate_limiting`.

mod accept;
mod backend;
mod customers;
mod database_url;
mod day_limit;
mod deadlines;
mod dynamodb;
mod events;
mod failure;
mod forgetting;
mod forwarded_events;
mod jobs;
mod message;
mod meter_event;
mod migration;
mod orders;
mod outbox;
mod postgres;
mod put_order;
mod quarantine;
mod rate_limiting;
mod rate_limits;
mod recorded;
mod refunding;
mod refunds;
mod settings;
mod sqlite;
mod subscription_slots;
mod subscriptions;

use std::time::Duration;

pub(crate) use accept::is_payment_for_an_order;
pub use accept::{AcceptOutcome, Accepted};
use backend::Backend;
pub use customers::CustomerLink;
pub use database_url::DatabaseUrl;
pub use day_limit::DayLimit;
use dynamodb::DynamoDb;
pub use dynamodb::message_in;
pub use failure::StoreError;
pub use forwarded_events::ForwardedEvents;
pub use jobs::{RECONCILE, RECONCILE_SUBSCRIPTIONS, RECONCILED_AT};
pub use message::{Message, OutboxMessage, notifications};
pub use meter_event::{METER_EVENT, MeterEvent};
pub use migration::Migrated;
pub use orders::{OrderList, OrderPosition, OrderRange};
pub use outbox::{Count, DeliveryOutcome, OutboxSize};
use postgres::Postgres;
pub use postgres::{PostgresFailure, PostgresUrl};
pub use put_order::{IdempotencyRecord, PutOrder, PutOrderOutcome, PutOrderRejection};
pub use quarantine::{QuarantineSize, Quarantined};
pub(crate) use rate_limiting::wait;
pub use rate_limiting::{
    Limit, OPEN_FOR, RateLimitOutcome, RateLimitRequest, RateLimitSubject, RateLimited, SubjectKind,
};
pub use recorded::RecordedOperation;
pub use refunding::{RefundRefusal, Refunded};
pub use settings::Settings;
use sqlite::Sqlite;
pub use sqlite::{Backup, BackupError, backup};
pub use subscription_slots::{SlotHolder, SubscriptionSlots};
pub use subscriptions::{BillingWrite, Versioned};

use crate::{aws::Aws, deployment::Deployment, secrets::Secrets};

/// The seconds for which the database keeps an event id.
///
/// Stripe redelivers an event by itself for three days, and on request for thirty.
pub const REMEMBERED: i64 = 40 * 24 * 60 * 60;

/// The deadline of one piece of work on a server: shorter than Stripe, or a payer, waits.
const DEADLINE: Duration = Duration::from_secs(5);

/// The database of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    backend: Backend,
    deployment: Option<Deployment>,
    forwarded_events: ForwardedEvents,
}

impl Store {
    /// Opens the database that `settings` name; a table in `aws`.
    ///
    /// The keys in `secrets` tell the mode. The function creates a missing file and migrates an old
    /// one; a table must exist, and so must the schema in Postgres ([`Store::migrate`]).
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
        Self::open_as(settings, aws, secrets, secrets).await
    }

    /// Opens the database for reading.
    ///
    /// A database without a mode is not bound to the mode of the keys.
    ///
    /// # Errors
    ///
    /// As [`Store::open`], but for the mode.
    pub async fn examine(
        settings: &Settings,
        aws: Option<&Aws>,
        secrets: &Secrets,
    ) -> Result<Self, StoreError> {
        Self::open_as(settings, aws, secrets, &Secrets::none()).await
    }

    /// Opens the database, whose address may be in `secrets`, for the mode of `keys`.
    async fn open_as(
        settings: &Settings,
        aws: Option<&Aws>,
        secrets: &Secrets,
        keys: &Secrets,
    ) -> Result<Self, StoreError> {
        let (backend, deployment) = match &settings.location {
            Some(DatabaseUrl::Sqlite(path)) => {
                let (sqlite, deployment) = Sqlite::open(path, keys.mode().await?).await?;
                (Backend::Sqlite(sqlite), deployment)
            }
            Some(DatabaseUrl::DynamoDb(table)) => {
                let aws = aws.ok_or(StoreError::NoAws)?;
                let (table, deployment) = DynamoDb::open(aws, table, keys).await?;
                (Backend::DynamoDb(table), deployment)
            }
            Some(DatabaseUrl::Postgres(_)) | None => {
                let source = settings.postgres(secrets).await?;
                let source = source.ok_or(StoreError::Nowhere)?;
                let (postgres, deployment) =
                    Box::pin(Postgres::open(source, settings.connections, keys)).await?;
                (Backend::Postgres(postgres), deployment)
            }
        };
        Ok(Self {
            backend,
            deployment,
            forwarded_events: settings.forwarded_events.clone(),
        })
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
}

#[cfg(test)]
mod tests;
