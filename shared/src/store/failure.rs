//! The reasons why a database operation fails.

use super::PostgresFailure;
use crate::{
    Error,
    secrets::{Mode, Unreadable},
};

/// The database failed, or its outcome is unknown: the caller may retry.
///
/// Texts name tables, actions and AWS's codes, and never the data read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened, read or written.
    #[error("SQLite failed")]
    Database(#[from] rusqlite::Error),
    /// Postgres failed, or could not be reached.
    #[error(transparent)]
    Postgres(PostgresFailure),
    /// The stored JSON does not parse.
    #[error("the database holds what this version cannot read")]
    Unreadable(#[source] serde_json::Error),
    /// The stored item lacks an attribute.
    #[error("the database holds an item without `{0}`, which this version cannot read")]
    Malformed(&'static str),
    /// The database was made by a newer version.
    #[error(
        "the database's schema {found} is newer than {known}, the newest that this version knows"
    )]
    NewerSchema {
        /// In the file.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// No database is configured.
    #[error("DATABASE_URL is not set")]
    Nowhere,
    /// The database is on AWS, and no AWS region or credentials are configured.
    #[error("DATABASE_URL names a table, and AWS's region and keys are not set")]
    NoAws,
    /// The database belongs to payments of the other mode.
    #[error("the database holds {0:?}-mode payments, and Stripe's key is of the other mode")]
    OtherMode(Mode),
    /// There is no deployment id yet, and this process could not make one.
    #[error("the database has no deployment id: start a function first that may write to it")]
    NoDeployment,
    /// The mode, test or live, is unknown without the keys.
    #[error(transparent)]
    NoMode(#[from] Unreadable),
    /// The payment intent belongs to another order.
    #[error("the payment intent belongs to another order")]
    IntentTaken,
    /// The Stripe customer belongs to another caller.
    #[error("the Stripe customer belongs to another caller")]
    CustomerTaken,
    /// The task ended early.
    #[error("the task on the database ended early")]
    Aborted(#[from] tokio::task::JoinError),
    /// There is no such table.
    #[error(
        "there is no DynamoDB table `{table}` in {region}: deploy it, or correct DATABASE_URL or \
         AWS_REGION"
    )]
    NoTable {
        /// Its name.
        table: String,
        /// The region of the search.
        region: String,
    },
    /// AWS denies access.
    #[error(
        "AWS denies {action} on the table `{table}` ({code}, request {request_id}): check the \
         function's role and keys"
    )]
    Denied {
        /// The action, as a policy names it.
        action: &'static str,
        /// The table's name.
        table: String,
        /// AWS's code.
        code: String,
        /// AWS's id of the request.
        request_id: String,
    },
    /// DynamoDB was too busy, or others changed the same items, until no time was left.
    #[error("{action} was not done in time ({code}, request {request_id})")]
    Busy {
        /// The action, as a policy names it.
        action: &'static str,
        /// AWS's code.
        code: String,
        /// AWS's id of the request.
        request_id: String,
    },
    /// DynamoDB refused, and would refuse a retry.
    #[error("DynamoDB refused {action} ({code}, request {request_id})")]
    Refused {
        /// The action, as a policy names it.
        action: &'static str,
        /// AWS's code.
        code: String,
        /// AWS's id of the request.
        request_id: String,
    },
    /// DynamoDB did not answer; the text tells the symptom.
    #[error("DynamoDB did not answer {action}: {what}")]
    Unreachable {
        /// The action, as a policy names it.
        action: &'static str,
        /// The connection's error.
        what: String,
    },
}

impl From<StoreError> for Error {
    fn from(failure: StoreError) -> Self {
        Self::Unavailable(Box::new(failure))
    }
}
