//! The outbox: it keeps a message until the site acknowledges it.

use tokio_postgres::Row;

use super::{Postgres, Statement, StoreError, Work, Written, at_most_one, column, statement};
use crate::store::{Count, DeliveryOutcome, Message, OutboxMessage, OutboxSize, outbox::Outbox};

/// Delivered messages stay for a while as evidence.
pub(super) const FORGET_DELIVERED: &str = "DELETE FROM farebox.outbox WHERE seq IN
    (SELECT seq FROM farebox.outbox WHERE state = 'delivered' AND delivered_at < $1 LIMIT 500)
    RETURNING seq";

/// Messages that another process leases at this moment are skipped.
const LEASE_DUE: &str = "WITH due AS (
         SELECT seq, due_at FROM farebox.outbox
         WHERE state = 'due' AND due_at <= $1
         ORDER BY due_at, seq LIMIT $3 FOR UPDATE SKIP LOCKED
     ), leased AS (
         UPDATE farebox.outbox SET due_at = $2, attempts = attempts + 1
         FROM due WHERE outbox.seq = due.seq
         RETURNING due.due_at AS was_due_at, outbox.seq, id, type, body, created_at,
             attempts - 1 AS attempts, error
     ) SELECT * FROM leased ORDER BY was_due_at, seq";

/// A new message is due on any clock.
const LEASE: &str = "UPDATE farebox.outbox SET due_at = $3, attempts = attempts + 1
     WHERE id = $1 AND state = 'due' AND (due_at <= $2 OR attempts = 0)
     RETURNING id, type, body, created_at, attempts - 1 AS attempts, error";

/// A delivered message is delivered, whatever happened to it meanwhile.
const RECORD: &str = "UPDATE farebox.outbox SET
         state = done.state,
         due_at = CASE done.state WHEN 'due' THEN done.due_at ELSE outbox.due_at END,
         delivered_at = CASE done.state WHEN 'delivered' THEN $5 ELSE outbox.delivered_at END,
         error = CASE done.state WHEN 'delivered' THEN NULL ELSE done.error END
     FROM unnest($1, $2, $3, $4) AS done (id, state, due_at, error)
     WHERE outbox.id = done.id AND (done.state = 'delivered' OR outbox.state = 'due')";

const SIZE: &str = "SELECT
         (SELECT count(*) FROM (SELECT FROM farebox.outbox WHERE state = 'due' LIMIT $1) AS a)
             AS due,
         (SELECT count(*) FROM
             (SELECT FROM farebox.outbox WHERE state = 'dead_lettered' LIMIT $1) AS b)
             AS dead_lettered";

impl Outbox for Postgres {
    async fn append_messages(&self, messages: &[Message], now: i64) -> Result<(), StoreError> {
        let statements: Vec<Statement> = append(messages, now).into_iter().collect();
        let mut work = Work::new(self);
        loop {
            match work.write(&statements).await? {
                Written::Done => return Ok(()),
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }

    /// Leased messages are due again when the lease ends: a process that dies during a delivery, or
    /// whose answer gets lost, loses nothing.
    async fn lease_due(
        &self,
        now: i64,
        lease: i64,
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let lease_due = statement!(LEASE_DUE, now, now + lease, i64::from(most));
        let leased = self.change(lease_due).await?;
        leased.iter().map(message).collect()
    }

    async fn lease(
        &self,
        id: &str,
        now: i64,
        lease: i64,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        let leased = self.change(statement!(LEASE, id, now, now + lease)).await?;
        leased.first().map(message).transpose()
    }

    async fn record_deliveries(
        &self,
        outcomes: &[(String, DeliveryOutcome)],
        now: i64,
    ) -> Result<(), StoreError> {
        self.change(recording(outcomes, now)).await.map(drop)
    }

    async fn oldest_undelivered(&self) -> Result<Option<i64>, StoreError> {
        let oldest = "SELECT min(created_at) AS oldest FROM farebox.outbox WHERE state = 'due'";
        let row = self.row(statement!(oldest)).await?;
        row.map_or(Ok(None), |row| column(&row, "oldest"))
    }

    async fn outbox_size(&self) -> Result<OutboxSize, StoreError> {
        let row = self.row(statement!(SIZE, most_counted())).await?;
        let row = row.ok_or(StoreError::Malformed("due"))?;
        Ok(OutboxSize {
            due: count(&row, "due")?,
            dead_lettered: count(&row, "dead_lettered")?,
        })
    }

    async fn dead_letters(&self) -> Result<Vec<OutboxMessage>, StoreError> {
        let list = "SELECT id, type, body, created_at, attempts, error FROM farebox.outbox
             WHERE state = 'dead_lettered' ORDER BY seq";
        self.rows(statement!(list))
            .await?
            .iter()
            .map(message)
            .collect()
    }

    async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, StoreError> {
        let redrive = "UPDATE farebox.outbox SET state = 'due', due_at = $1, attempts = 0
             WHERE state = 'dead_lettered' AND ($2 IS NULL OR id = $2) RETURNING seq";
        Ok(self.change(statement!(redrive, now, id)).await?.len())
    }
}

/// The statement that records `outcomes`.
fn recording(outcomes: &[(String, DeliveryOutcome)], now: i64) -> Statement {
    let (mut ids, mut states, mut due, mut errors) = (vec![], vec![], vec![], vec![]);
    for (id, outcome) in outcomes {
        let (state, due_at, error) = match outcome {
            DeliveryOutcome::Delivered => ("delivered", 0, ""),
            DeliveryOutcome::Again { due_at, error } => ("due", *due_at, error.as_str()),
            DeliveryOutcome::DeadLettered { error } => ("dead_lettered", 0, error.as_str()),
        };
        ids.push(id.clone());
        states.push(state.to_owned());
        due.push(due_at);
        // Postgres has no NUL: it would keep all of them from being recorded.
        errors.push(error.replace('\0', ""));
    }
    statement!(RECORD, ids, states, due, errors, now)
}

/// The number up to which a list is counted, and one more.
pub(super) fn most_counted() -> i64 {
    i64::from(Count::MAX) + 1
}

/// The count in the column `name`.
pub(super) fn count(row: &Row, name: &'static str) -> Result<Count, StoreError> {
    let counted: i64 = column(row, name)?;
    Ok(Count::of(usize::try_from(counted).unwrap_or_default()))
}

fn message(row: &Row) -> Result<OutboxMessage, StoreError> {
    let attempts: i64 = column(row, "attempts")?;
    Ok(OutboxMessage {
        message: Message {
            id: column(row, "id")?,
            kind: column(row, "type")?,
            body: column(row, "body")?,
        },
        created_at: column(row, "created_at")?,
        attempts: u32::try_from(attempts).map_err(|_| StoreError::Malformed("attempts"))?,
        error: column(row, "error")?,
    })
}

/// Appends messages in their order. One with the id of an earlier one is the same message: the site
/// receives it once, even when its event was released from the quarantine and arrived again.
const APPEND: &str = at_most_one!(
    "INSERT INTO farebox.outbox (id, type, body, order_id, created_at, due_at)
     SELECT id, type, body, nullif(order_id, ''), $5, $5
     FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS new (id, type, body, order_id, nth)
     ORDER BY nth ON CONFLICT (id) DO NOTHING"
);

/// Appends `messages`, if there are any, in one statement.
pub(super) fn append(messages: &[Message], now: i64) -> Option<Statement> {
    let texts = |of: fn(&Message) -> String| messages.iter().map(of).collect::<Vec<_>>();
    let append = || {
        statement!(
            APPEND,
            texts(|message| message.id.clone()),
            texts(|message| message.kind.clone()),
            texts(|message| message.body.clone()),
            texts(|message| message.order().unwrap_or_default()),
            now,
        )
    };
    (!messages.is_empty()).then(append)
}
