//! One piece of work: its statements, and their retries.
//!
//! A read is one round trip, and so is a transaction: all of its statements are sent at once, from
//! BEGIN to COMMIT. A statement whose condition is not met fails, and the transaction with it. The
//! work then starts again from a new read, as it does when nobody knows whether the transaction was
//! committed: what the database holds decides.

use std::time::Duration;

use futures_util::future::{join_all, join3};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{Client, Row};

use super::{
    Postgres,
    failure::{Failed, PostgresFailure},
    pool::Connection,
    statement::Statement,
};
use crate::{
    retry::{Backoff, Retries},
    store::{DEADLINE, StoreError},
};

/// The longest wait for the answer to one attempt: a connection may be dead without a word.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The delays between attempts.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_millis(10), Duration::from_secs(1));

/// The beginning of a transaction, whatever the defaults of the server, the database and the role.
///
/// An answer to Stripe means that the event survives a loss of power. The server ends a transaction
/// that waits too long, or whose process is gone.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL synchronous_commit = on; \
     SET LOCAL statement_timeout = '1500ms'; \
     SET LOCAL idle_in_transaction_session_timeout = '5s'; \
     SET LOCAL farebox.is_begun = 'yes'";

/// A piece of work, on one connection as long as that lasts.
#[derive(Debug)]
pub(super) struct Work<'a> {
    postgres: &'a Postgres,
    retries: Retries,
    connection: Option<Connection>,
    /// The failure of the latest attempt that was answered.
    failure: Option<StoreError>,
}

/// The outcome of a transaction.
#[derive(Debug)]
pub(super) enum Written {
    /// It is committed.
    Done,
    /// It is not, as far as is known: read again.
    Undone(Undone),
}

/// A transaction that is not known to be committed.
#[derive(Debug)]
pub(super) struct Undone {
    /// The statement whose condition was not met, or whose row was there already.
    pub(super) unmet: Option<usize>,
    failure: StoreError,
}

impl<'a> Work<'a> {
    pub(super) fn new(postgres: &'a Postgres) -> Self {
        Self {
            postgres,
            retries: Retries::new(BACKOFF, Instant::now() + DEADLINE),
            connection: None,
            failure: None,
        }
    }

    /// Waits before the work starts again.
    ///
    /// # Errors
    ///
    /// The reason, when no time is left.
    pub(super) async fn again(&mut self, undone: Undone) -> Result<(), StoreError> {
        // Others may use it meanwhile.
        self.connection = None;
        let failure = match (undone.failure, self.failure.take()) {
            // The end of the time says less than an earlier answer.
            (StoreError::Postgres(PostgresFailure::Late), Some(earlier)) => earlier,
            (latest, _) => latest,
        };
        match self.retries.wait(Duration::ZERO).await {
            true => {
                self.failure = Some(failure);
                Ok(())
            }
            false => Err(failure),
        }
    }

    /// The rows of a statement, which must be safe to send twice.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when another attempt would fail too, or no time is left.
    pub(super) async fn rows(&mut self, statement: &Statement) -> Result<Vec<Row>, StoreError> {
        let all = self.all_rows(std::slice::from_ref(statement)).await?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    /// The first row of a statement, which must be safe to send twice.
    ///
    /// # Errors
    ///
    /// As [`Work::rows`].
    pub(super) async fn row(&mut self, statement: &Statement) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The rows of several statements, in one round trip; each is a transaction of its own.
    ///
    /// # Errors
    ///
    /// As [`Work::rows`].
    pub(super) async fn all_rows(
        &mut self,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.until_answered(statements, false).await
    }

    /// Makes changes that are safe to make twice, in one transaction; returns the rows of each
    /// statement.
    ///
    /// # Errors
    ///
    /// As [`Work::rows`].
    pub(super) async fn change(
        &mut self,
        statements: &[Statement],
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.until_answered(statements, true).await
    }

    async fn until_answered(
        &mut self,
        statements: &[Statement],
        is_transaction: bool,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        loop {
            match Box::pin(self.attempt(statements, is_transaction)).await {
                Ok(rows) => {
                    self.failure = None;
                    return Ok(rows);
                }
                Err((_, failed)) if failed.is_transient => self.again(undone(None, failed)).await?,
                Err((_, failed)) => return Err(failed.failure.into()),
            }
        }
    }

    /// Runs the statements in one transaction, in one round trip.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when another attempt would fail too.
    pub(super) async fn write(&mut self, statements: &[Statement]) -> Result<Written, StoreError> {
        // On the heap: a call is a deep future, which would enlarge every caller's.
        match Box::pin(self.attempt(statements, true)).await {
            Ok(_) => Ok(Written::Done),
            Err((nth, failed)) if failed.is_transient => {
                let unmet = nth.filter(|_| failed.is_unmet);
                Ok(Written::Undone(undone(unmet, failed)))
            }
            Err((_, failed)) => Err(failed.failure.into()),
        }
    }

    /// Sends the statements once; returns the rows of each, or the first failure and its statement.
    async fn attempt(
        &mut self,
        statements: &[Statement],
        is_transaction: bool,
    ) -> Result<Vec<Vec<Row>>, (Option<usize>, Failed)> {
        let deadline = self.retries.deadline();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let opened = self.postgres.pool.connection(deadline).await;
                opened.map_err(|failed| (None, failed))?
            }
        };
        connection.is_busy = true;
        let deadline = deadline.min(Instant::now() + ATTEMPT);
        let sent = send(&connection, statements, is_transaction);
        let Ok(answered) = timeout_at(deadline, sent).await else {
            // A COMMIT that waits for a replica must not be canceled: it would be visible, and
            // acknowledged, without the replica.
            if !is_transaction {
                connection.cancel();
            }
            self.postgres.pool.forget_idle();
            return Err((None, Failed::timed_out()));
        };
        let is_lost = answered.as_ref().is_err_and(|(_, failed)| failed.is_lost);
        match is_lost {
            // The others may be no better.
            true => self.postgres.pool.forget_idle(),
            false => {
                connection.is_busy = false;
                self.connection = Some(connection);
            }
        }
        answered
    }
}

fn undone(unmet: Option<usize>, failed: Failed) -> Undone {
    Undone {
        unmet,
        failure: failed.failure.into(),
    }
}

/// Sends all statements before it waits for an answer: the client writes a request when its future
/// is first polled.
async fn send(
    connection: &Connection,
    statements: &[Statement],
    is_transaction: bool,
) -> Result<Vec<Vec<Row>>, (Option<usize>, Failed)> {
    let client = connection.client();
    // `join_all` polls up to 30 futures in their sequence.
    assert!(statements.len() <= 30, "a transaction has few statements");
    let queries = join_all(statements.iter().map(|statement| query(client, statement)));
    let (begun, answers, committed) = if is_transaction {
        join3(
            client.batch_execute(BEGIN),
            queries,
            client.batch_execute("COMMIT"),
        )
        .await
    } else {
        (Ok(()), queries.await, Ok(()))
    };
    // The statements behind it then failed as well, and the server may be a standby.
    begun.map_err(|error| (None, Failed::to_begin(&error)))?;
    let mut rows = Vec::with_capacity(answers.len());
    for (nth, answer) in answers.into_iter().enumerate() {
        // A failed statement made COMMIT a rollback, and the later statements failed with it.
        rows.push(answer.map_err(|error| (Some(nth), Failed::statement(&error)))?);
    }
    committed.map_err(|error| (None, Failed::statement(&error)))?;
    Ok(rows)
}

async fn query(client: &Client, statement: &Statement) -> Result<Vec<Row>, tokio_postgres::Error> {
    let parameters = statement.parameters();
    client.query_typed(statement.sql, &parameters).await
}

impl From<PostgresFailure> for StoreError {
    fn from(failure: PostgresFailure) -> Self {
        Self::Postgres(failure)
    }
}
