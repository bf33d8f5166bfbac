//! The reasons why Postgres did not do what was asked, and which of them may pass.

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::cause::causes;

/// Postgres failed, or could not be reached.
///
/// Texts name SQL states, constraints and what a server says of a connection, and never the data
/// read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresFailure {
    /// The file of `sslrootcert` cannot be used.
    #[error("the certificates of DATABASE_URL's `sslrootcert` cannot be used: {0}")]
    Roots(String),
    /// The database has no tables of Farebox.
    #[error("the database has no tables of Farebox: run `farebox migrate`")]
    NoSchema,
    /// The database was made by an older version.
    #[error(
        "the database's schema {found} is older than {known}, which this version needs: run \
         `farebox migrate`"
    )]
    OlderSchema {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// The server refuses the connection: a wrong password, no such database.
    #[error("Postgres refuses the connection: {0}")]
    NotAdmitted(String),
    /// The server could not be reached, or did not answer.
    #[error("Postgres did not answer: {0}")]
    Unreachable(String),
    /// No answer came until no time was left.
    #[error("Postgres did not answer in time")]
    Late,
    /// All connections of this process were in use until no time was left.
    #[error("no connection to Postgres was free in time")]
    NoConnection,
    /// Others changed the same rows, or the server was too busy, until no time was left.
    #[error("Postgres was not done in time ({0})")]
    Busy(String),
    /// The role lacks a right.
    #[error("Postgres denies a statement ({0}): grant the role its rights")]
    Denied(String),
    /// The server refused a statement, and would refuse it again.
    #[error("Postgres refused a statement ({0})")]
    Refused(String),
}

/// What a failed attempt means for the next.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) failure: PostgresFailure,
    /// Another attempt may succeed.
    pub(super) is_transient: bool,
    /// The connection is of no use any more.
    pub(super) is_lost: bool,
    /// A condition of the statement was not met, or a row with the same key is there.
    pub(super) is_unmet: bool,
    /// The server, or a pooler before it, answered and refused the connection.
    pub(super) is_refusal: bool,
}

impl Failed {
    /// The failure of an attempt to connect.
    pub(super) fn to_connect(error: &tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else {
            return Self::lost(error);
        };
        // The server's text names the role or the database.
        let what = format!(
            "{} (SQLSTATE {})",
            database.message(),
            database.code().code()
        );
        // A pooler reports by 08 or XX that it has no room, or that the server refused it.
        let is_transient = is_transient(database) || is_of_class(database, &["08", "XX"]);
        Self {
            is_transient,
            is_refusal: true,
            ..Self::for_good(match is_transient {
                true => PostgresFailure::Unreachable(what),
                false => PostgresFailure::NotAdmitted(what),
            })
        }
    }

    /// The failure of a statement.
    pub(super) fn statement(error: &tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else {
            return Self::lost(error);
        };
        let what = match database.constraint() {
            Some(constraint) => format!("SQLSTATE {}, {constraint}", database.code().code()),
            None => format!("SQLSTATE {}", database.code().code()),
        };
        let code = database.code();
        let is_unmet = *code == UNMET || *code == SqlState::UNIQUE_VIOLATION;
        let is_lost = is_fatal(database) || *code == SqlState::READ_ONLY_SQL_TRANSACTION;
        let is_transient = is_unmet || is_lost || is_transient(database);
        Self {
            failure: match () {
                () if is_transient => PostgresFailure::Busy(what),
                () if *code == SqlState::INSUFFICIENT_PRIVILEGE => PostgresFailure::Denied(what),
                () if is_missing(code) => PostgresFailure::NoSchema,
                () => PostgresFailure::Refused(what),
            },
            is_transient,
            is_lost,
            is_unmet,
            is_refusal: false,
        }
    }

    /// The failure of BEGIN, such as that of a server that became a standby.
    pub(super) fn to_begin(error: &tokio_postgres::Error) -> Self {
        let failed = Self::statement(error);
        Self {
            is_transient: true,
            ..Self::for_good(match failed.failure {
                PostgresFailure::Refused(what) => PostgresFailure::Busy(what),
                failure => failure,
            })
        }
    }

    /// No answer came in time.
    pub(super) fn timed_out() -> Self {
        Self {
            is_transient: true,
            ..Self::for_good(PostgresFailure::Late)
        }
    }

    /// A failure that another attempt would meet again.
    pub(super) fn for_good(failure: PostgresFailure) -> Self {
        Self {
            failure,
            is_transient: false,
            is_lost: true,
            is_unmet: false,
            is_refusal: false,
        }
    }

    fn lost(error: &tokio_postgres::Error) -> Self {
        // The causes are those of the network, of TLS, or of the client's own reading.
        let what = format!("{error}: {}", causes(error));
        Self {
            is_transient: true,
            ..Self::for_good(PostgresFailure::Unreachable(what))
        }
    }
}

/// The state of a statement whose condition was not met: see `exactly_one!`.
const UNMET: SqlState = SqlState::DIVISION_BY_ZERO;

fn is_missing(code: &SqlState) -> bool {
    [
        SqlState::UNDEFINED_TABLE,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::UNDEFINED_COLUMN,
    ]
    .contains(code)
}

fn is_fatal(error: &DbError) -> bool {
    matches!(
        error.parsed_severity(),
        Some(Severity::Fatal | Severity::Panic)
    )
}

fn is_of_class(error: &DbError, classes: &[&str]) -> bool {
    let code = error.code().code();
    classes.iter().any(|class| code.starts_with(class))
}

/// Conflicts (40), the lack of memory, disk or connections (53), and the intervention of an
/// operator, which includes the start and the end of the server (57)
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn is_transient(error: &DbError) -> bool {
    is_of_class(error, &["40", "53", "57"]) || *error.code() == SqlState::LOCK_NOT_AVAILABLE
}
