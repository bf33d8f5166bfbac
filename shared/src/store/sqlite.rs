//! The database as one SQLite file: the default on one machine; several processes may share it.
//!
//! Every write is a transaction that takes the write lock when it begins, so that no other process
//! changes what it read. Commits are synced to the disk (`synchronous = FULL`): a `200` to Stripe
//! means that the event survives a loss of power.

mod backup;
mod customers;
mod deadlines;
mod events;
mod forgetting;
mod jobs;
mod orders;
mod outbox;
mod quarantine;
mod rate_limits;
mod recorded;
mod refunds;
mod schema;
mod subscription_slots;
mod subscriptions;

pub use backup::{Backup, BackupError, backup};
#[cfg(test)]
pub(super) use orders::{LIST_ALL, LIST_OF_OWNER};
#[cfg(test)]
pub(super) use schema::MIGRATIONS;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::StoreError;
use crate::{deployment::Deployment, secrets::Mode};

/// One connection of this process; work on it is short, and done off the async threads.
#[derive(Clone, Debug)]
pub(super) struct Sqlite {
    connection: Arc<Mutex<Connection>>,
}

impl Sqlite {
    pub(super) async fn open(
        path: &Path,
        mode: Option<Mode>,
    ) -> Result<(Self, Option<Deployment>), StoreError> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || schema::open(&path, mode));
        let (connection, deployment) = opened.await??;
        let sqlite = Self {
            connection: Arc::new(Mutex::new(connection)),
        };
        Ok((sqlite, deployment))
    }

    /// Runs `work` in a transaction that holds the write lock; rolls back on failure.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.with(move |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    /// Runs `work` on the connection.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let task = move || {
            // A panic that poisoned the lock rolled its transaction back: the connection is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        tokio::task::spawn_blocking(task).await?
    }
}
