//! The database in Postgres, which any number of functions and servers share.
//!
//! All tables are in the schema `farebox`, by whose name each statement calls them: no session has
//! a state of its own, so that a pooler may hand every transaction to another connection. Decisions
//! are those of the other backends: a read, a pure function, and a transaction whose statements
//! have conditions. See [`work`] for the round trips and the retries, [`url`] for the address,
//! [`pool`] for the connections, and [`schema`] for the tables.

mod customers;
mod deadlines;
mod events;
mod failure;
mod forgetting;
mod jobs;
mod orders;
mod outbox;
mod pool;
mod quarantine;
mod rate_limits;
mod recorded;
mod refunds;
mod schema;
mod statement;
mod subscription_slots;
mod subscriptions;
mod tls;
mod url;
mod work;

use std::sync::Arc;

use tokio_postgres::Row;

#[cfg(test)]
pub(super) use self::orders::{LIST_ALL, LIST_OF_OWNER};
pub use self::{failure::PostgresFailure, url::PostgresUrl};
use self::{
    pool::Pool,
    statement::{Statement, at_most_one, column, exactly_one, statement},
    work::{Undone, Work, Written},
};
pub(super) use self::{pool::Source, schema::migrate};
use super::StoreError;
use crate::{deployment::Deployment, secrets::Secrets};

/// The connections of this process to the database; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Postgres {
    pool: Arc<Pool>,
}

impl Postgres {
    /// Connects by at most `most` connections, checks the schema, and binds the database to one
    /// mode and one deployment.
    pub(super) async fn open(
        source: Source,
        most: usize,
        secrets: &Secrets,
    ) -> Result<(Self, Option<Deployment>), StoreError> {
        let postgres = Self {
            pool: Pool::new(source, most),
        };
        let deployment = schema::bind(&postgres, secrets).await?;
        Ok((postgres, deployment))
    }

    /// The rows of a statement that is safe to send twice.
    async fn rows(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        Work::new(self).rows(&statement).await
    }

    /// The rows of a change that is safe to make twice.
    async fn change(&self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        let rows = Work::new(self).change(&[statement]).await?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// The first row of a statement that is safe to send twice.
    async fn row(&self, statement: Statement) -> Result<Option<Row>, StoreError> {
        Work::new(self).row(&statement).await
    }
}
