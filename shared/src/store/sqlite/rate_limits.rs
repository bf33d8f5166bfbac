//! Recent payment starts of each subject.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{Sqlite, StoreError, orders};
use crate::{
    order::OrderId,
    store::{
        RateLimitOutcome, RateLimitRequest,
        rate_limiting::{
            RateLimitDecision, StartHistory, UnpaidOrders, decide, is_unpaid, orders_to_read,
        },
        rate_limits::{REFRESH_INTERVAL, RateLimits},
    },
};

/// Rows in which nothing counts any more.
pub(super) const FORGET: &str = "DELETE FROM rate_limits WHERE rowid IN
    (SELECT rowid FROM rate_limits WHERE expires_at < ?1 LIMIT 500)";

impl RateLimits for Sqlite {
    async fn admit(
        &self,
        request: RateLimitRequest,
        now: i64,
    ) -> Result<RateLimitOutcome, StoreError> {
        self.write(move |transaction| admit(transaction, &request, now))
            .await
    }

    async fn admit_refresh_of(&self, row: String, now: i64) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO rate_limits (key, entries, expires_at) VALUES (?1, '[]', ?3)
                 ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at
                     WHERE rate_limits.expires_at <= ?2",
            )?;
            Ok(statement.execute(params![row, now, now + REFRESH_INTERVAL])? > 0)
        })
        .await
    }
}

/// Reads, decides and writes inside one transaction.
fn admit(
    transaction: &Transaction<'_>,
    request: &RateLimitRequest,
    now: i64,
) -> Result<RateLimitOutcome, StoreError> {
    if orders::find(transaction, &request.order)?.is_some() {
        return Ok(RateLimitOutcome::Yes);
    }
    let subjects = request.subjects.iter();
    let rows = subjects.map(|subject| row(transaction, &subject.key));
    let mut rows: Vec<StartHistory> = rows.collect::<Result<_, _>>()?;
    let before = rows.clone();
    let mut decision = decide(request, &rows, now);
    if let RateLimitDecision::Full(_) = decision {
        let unpaid = unpaid(transaction, orders_to_read(request, &rows, now))?;
        let settled = |row: StartHistory| row.settled(&unpaid, request.window, now);
        rows = rows.into_iter().map(settled).collect();
        decision = decide(request, &rows, now);
    }
    let (answer, rows) = match decision {
        RateLimitDecision::Answer(answer) => (answer, rows),
        RateLimitDecision::Full(many) => (RateLimitOutcome::No(many), rows),
        RateLimitDecision::Write(rows) => (RateLimitOutcome::Yes, rows),
    };
    for ((subject, row), before) in request.subjects.iter().zip(rows).zip(before) {
        if row != before {
            put(transaction, &subject.key, &row, request.window)?;
        }
    }
    Ok(answer)
}

fn row(connection: &Connection, key: &str) -> Result<StartHistory, StoreError> {
    let found: Option<String> = connection
        .prepare_cached("SELECT entries FROM rate_limits WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let found = found.map(|entries| serde_json::from_str(&entries));
    Ok(found
        .transpose()
        .map_err(StoreError::Unreadable)?
        .unwrap_or_default())
}

/// The payment state of `orders`.
fn unpaid(connection: &Connection, orders: HashSet<OrderId>) -> Result<UnpaidOrders, StoreError> {
    let mut statement = connection.prepare_cached("SELECT status FROM orders WHERE id = ?1")?;
    let mut unpaid = UnpaidOrders::new();
    for order in orders {
        let status = statement.query_row([order.as_str()], |row| row.get::<_, String>(0));
        let status = status.optional()?;
        unpaid.insert(order, status.map(|status| is_unpaid(&status)));
    }
    Ok(unpaid)
}

fn put(
    connection: &Connection,
    key: &str,
    row: &StartHistory,
    window: i64,
) -> Result<(), StoreError> {
    let entries = serde_json::to_string(row).map_err(StoreError::Unreadable)?;
    connection
        .prepare_cached(
            "INSERT INTO rate_limits (key, entries, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET entries = excluded.entries,
                 expires_at = excluded.expires_at",
        )?
        .execute(params![key, entries, row.expires_at(window)])?;
    Ok(())
}
