//! The outbox: it keeps a message until the site acknowledges it.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Sqlite, StoreError};
use crate::store::{Count, DeliveryOutcome, Message, OutboxMessage, OutboxSize, outbox::Outbox};

/// Delivered messages stay for a while as evidence.
pub(super) const FORGET_DELIVERED: &str = "DELETE FROM outbox WHERE seq IN
    (SELECT seq FROM outbox WHERE state = 'delivered' AND delivered_at < ?1 LIMIT 500)";

const COLUMNS: &str = "id, type, body, created_at, attempts, error";

impl Outbox for Sqlite {
    async fn append_messages(&self, messages: &[Message], now: i64) -> Result<(), StoreError> {
        let messages = messages.to_vec();
        self.write(move |transaction| append(transaction, &messages, now))
            .await
    }

    async fn lease_due(
        &self,
        now: i64,
        lease: i64,
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.write(move |transaction| lease_due(transaction, now, lease, most))
            .await
    }

    async fn lease(
        &self,
        id: &str,
        now: i64,
        lease: i64,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        let id = id.to_owned();
        self.write(move |transaction| lease_one(transaction, &id, now, lease))
            .await
    }

    async fn record_deliveries(
        &self,
        outcomes: &[(String, DeliveryOutcome)],
        now: i64,
    ) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(move |transaction| {
            let mut each = outcomes.iter();
            each.try_for_each(|(id, outcome)| record_delivery(transaction, id, outcome, now))
        })
        .await
    }

    async fn oldest_undelivered(&self) -> Result<Option<i64>, StoreError> {
        self.with(|connection| {
            let oldest = connection
                .prepare_cached("SELECT MIN(created_at) FROM outbox WHERE state = 'due'")?
                .query_row([], |row| row.get(0))?;
            Ok(oldest)
        })
        .await
    }

    async fn outbox_size(&self) -> Result<OutboxSize, StoreError> {
        self.with(|connection| {
            Ok(OutboxSize {
                due: count(connection, "outbox WHERE state = 'due'")?,
                dead_lettered: count(connection, "outbox WHERE state = 'dead_lettered'")?,
            })
        })
        .await
    }

    async fn dead_letters(&self) -> Result<Vec<OutboxMessage>, StoreError> {
        self.with(|connection| dead_letters(connection)).await
    }

    async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, StoreError> {
        let id = id.map(str::to_owned);
        self.write(move |transaction| {
            let redriven = transaction
                .prepare_cached(
                    "UPDATE outbox SET state = 'due', due_at = ?1, attempts = 0
                     WHERE state = 'dead_lettered' AND (?2 IS NULL OR id = ?2)",
                )?
                .execute(params![now, id])?;
            Ok(redriven)
        })
        .await
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<OutboxMessage> {
    Ok(OutboxMessage {
        message: Message {
            id: row.get(0)?,
            kind: row.get(1)?,
            body: row.get(2)?,
        },
        created_at: row.get(3)?,
        attempts: row.get(4)?,
        error: row.get(5)?,
    })
}

/// Appends `messages`. A message with the id of an earlier one is the same message: the site
/// receives it once, even when its event was released from the quarantine and arrived again.
pub(super) fn append(
    connection: &Connection,
    messages: &[Message],
    now: i64,
) -> Result<(), StoreError> {
    for message in messages {
        connection
            .prepare_cached(
                "INSERT INTO outbox (id, type, body, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![message.id, message.kind, message.body, now])?;
    }
    Ok(())
}

/// Leases the messages that are due. They are due again when the lease ends: a process that dies
/// during a delivery loses nothing.
fn lease_due(
    connection: &Connection,
    now: i64,
    lease: i64,
    most: u32,
) -> Result<Vec<OutboxMessage>, StoreError> {
    let due =
        "SELECT seq FROM outbox WHERE state = 'due' AND due_at <= ?1 ORDER BY due_at, seq LIMIT ?2";
    let mut statement = connection.prepare_cached(due)?;
    let sequence: Vec<i64> = statement
        .query_map(params![now, most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let select = format!("SELECT {COLUMNS} FROM outbox WHERE seq = ?1");
    let mut due = Vec::with_capacity(sequence.len());
    for seq in sequence {
        due.push(
            connection
                .prepare_cached(&select)?
                .query_row([seq], message)?,
        );
        connection
            .prepare_cached(
                "UPDATE outbox SET due_at = ?2, attempts = attempts + 1 WHERE seq = ?1",
            )?
            .execute(params![seq, now + lease])?;
    }
    Ok(due)
}

/// Leases the message with `id`, unless another process holds its lease or a retry is scheduled for
/// later. A new one is due on any clock.
fn lease_one(
    connection: &Connection,
    id: &str,
    now: i64,
    lease: i64,
) -> Result<Option<OutboxMessage>, StoreError> {
    let lease_one = "UPDATE outbox SET due_at = ?3, attempts = attempts + 1
         WHERE id = ?1 AND state = 'due' AND (due_at <= ?2 OR attempts = 0)
         RETURNING id, type, body, created_at, attempts - 1, error";
    let mut statement = connection.prepare_cached(lease_one)?;
    Ok(statement
        .query_row(params![id, now, now + lease], message)
        .optional()?)
}

fn record_delivery(
    connection: &Connection,
    id: &str,
    outcome: &DeliveryOutcome,
    now: i64,
) -> Result<(), StoreError> {
    match outcome {
        DeliveryOutcome::Delivered => connection
            .prepare_cached(
                "UPDATE outbox SET state = 'delivered', delivered_at = ?2, error = NULL WHERE id \
                 = ?1",
            )?
            .execute(params![id, now])?,
        DeliveryOutcome::Again { due_at, error } => connection
            .prepare_cached(
                "UPDATE outbox SET due_at = ?2, error = ?3 WHERE id = ?1 AND state = 'due'",
            )?
            .execute(params![id, due_at, error])?,
        DeliveryOutcome::DeadLettered { error } => connection
            .prepare_cached(
                "UPDATE outbox SET state = 'dead_lettered', error = ?2 WHERE id = ?1 AND state = \
                 'due'",
            )?
            .execute(params![id, error])?,
    };
    Ok(())
}

fn dead_letters(connection: &Connection) -> Result<Vec<OutboxMessage>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE state = 'dead_lettered' ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    let messages = statement
        .query_map([], message)?
        .collect::<Result<_, _>>()?;
    Ok(messages)
}

/// Counts the rows of a table and its condition.
pub(super) fn count(connection: &Connection, rows: &'static str) -> Result<Count, StoreError> {
    let most = Count::MAX + 1;
    let query = format!("SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT {most})");
    let counted: u32 = connection
        .prepare_cached(&query)?
        .query_row([], |row| row.get(0))?;
    Ok(Count::of(counted as usize))
}
