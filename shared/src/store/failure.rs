//! Why a database did not do what it was asked.

use crate::{
    Error,
    secrets::{Mode, Unreadable},
};

/// The database did not do what it was asked, or cannot tell whether it did: the same may be asked
/// again. Texts name tables, actions and AWS's codes, and never what was read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file could not be opened, read or written.
    #[error("the database's database failed")]
    Database(#[from] rusqlite::Error),
    /// What was read is not what was written.
    #[error("the database holds what this version cannot read")]
    Unreadable(#[source] serde_json::Error),
    /// What was read lacks an attribute.
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
    /// The database is on AWS, and nothing says where that is and who calls.
    #[error("DATABASE_URL names a table, and AWS's region and keys are not set")]
    NoAws,
    /// The database belongs to payments of the other mode.
    #[error("the database holds {0:?}-mode payments, and Stripe's key is of the other mode")]
    OtherMode(Mode),
    /// There is no deployment id yet, and this process could not make one.
    #[error("the database has no deployment id: start a function first that may write to it")]
    NoDeployment,
    /// Whether the payments are real cannot be told without the keys.
    #[error(transparent)]
    NoMode(#[from] Unreadable),
    /// The payment intent is noted for another order.
    #[error("the payment intent belongs to another order")]
    IntentTaken,
    /// The Stripe customer is noted for another caller.
    #[error("the Stripe customer belongs to another caller")]
    CustomerTaken,
    /// The work ended early.
    #[error("the database's task ended early")]
    Aborted(#[from] tokio::task::JoinError),
    /// There is no such table.
    #[error(
        "there is no DynamoDB table `{table}` in {region}: deploy it, or correct DATABASE_URL or AWS_REGION"
    )]
    NoTable {
        /// Its name.
        table: String,
        /// Where it was looked for.
        region: String,
    },
    /// AWS does not let us.
    #[error(
        "AWS denies {action} on the table `{table}` ({code}, request {request_id}): check the function's role and keys"
    )]
    Denied {
        /// What was asked for, as a policy names it.
        action: &'static str,
        /// The table's name.
        table: String,
        /// AWS's code.
        code: String,
        /// AWS's id of the request.
        request_id: String,
    },
    /// DynamoDB was too busy, or others changed the same items, for as long as there was time.
    #[error("{action} was not done in time ({code}, request {request_id})")]
    Busy {
        /// What was asked for, as a policy names it.
        action: &'static str,
        /// AWS's code.
        code: String,
        /// AWS's id of the request.
        request_id: String,
    },
    /// DynamoDB refused, and would refuse again.
    #[error("DynamoDB refused {action} ({code}, request {request_id})")]
    Refused {
        /// What was asked for, as a policy names it.
        action: &'static str,
        /// AWS's code.
        code: String,
        /// AWS's id of the request.
        request_id: String,
    },
    /// DynamoDB did not answer; the text says how that showed.
    #[error("DynamoDB did not answer {action}: {what}")]
    Unreachable {
        /// What was asked for, as a policy names it.
        action: &'static str,
        /// What the connection met.
        what: String,
    },
}

impl From<StoreError> for Error {
    fn from(failure: StoreError) -> Self {
        Self::Unavailable(Box::new(failure))
    }
}
