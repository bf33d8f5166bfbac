//! Who started which orders, lately.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{StoreError, orders};
use crate::{
    order::OrderId,
    store::rate_limit::{
        Decision, RateLimitOutcome, RateLimitRequest, Standing, StartHistory, decide, is_unpaid,
        to_look_at,
    },
};

/// Rows in which nothing counts any more.
pub(super) const FORGET: &str = "DELETE FROM admissions WHERE rowid IN
    (SELECT rowid FROM admissions WHERE expires_at < ?1 LIMIT 500)";

/// The whole of it, inside one transaction.
pub(super) fn admit(
    transaction: &Transaction<'_>,
    admission: &RateLimitRequest,
    now: i64,
) -> Result<RateLimitOutcome, StoreError> {
    if orders::find(transaction, &admission.order)?.is_some() {
        return Ok(RateLimitOutcome::Yes);
    }
    let counted = admission.counted.iter();
    let rows = counted.map(|who| row(transaction, &who.key));
    let mut rows: Vec<StartHistory> = rows.collect::<Result<_, _>>()?;
    let before = rows.clone();
    let mut decision = decide(admission, &rows, now);
    if let Decision::Full(_) = decision {
        let standing = standing(transaction, to_look_at(admission, &rows, now))?;
        let settled = |row: StartHistory| row.settled(&standing, admission.window, now);
        rows = rows.into_iter().map(settled).collect();
        decision = decide(admission, &rows, now);
    }
    let (answer, rows) = match decision {
        Decision::Answer(answer) => (answer, rows),
        Decision::Full(many) => (RateLimitOutcome::No(many), rows),
        Decision::Write(rows) => (RateLimitOutcome::Yes, rows),
    };
    for ((who, row), before) in admission.counted.iter().zip(rows).zip(before) {
        if row != before {
            put(transaction, &who.key, &row, admission.window)?;
        }
    }
    Ok(answer)
}

fn row(connection: &Connection, key: &str) -> Result<StartHistory, StoreError> {
    let found: Option<String> = connection
        .prepare_cached("SELECT entries FROM admissions WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let found = found.map(|entries| serde_json::from_str(&entries));
    Ok(found
        .transpose()
        .map_err(StoreError::Unreadable)?
        .unwrap_or_default())
}

/// How `orders` stand.
fn standing(connection: &Connection, orders: HashSet<OrderId>) -> Result<Standing, StoreError> {
    let mut statement = connection.prepare_cached("SELECT status FROM orders WHERE id = ?1")?;
    let mut standing = Standing::new();
    for order in orders {
        let status = statement.query_row([order.as_str()], |row| row.get::<_, String>(0));
        let status = status.optional()?;
        standing.insert(order, status.map(|status| is_unpaid(&status)));
    }
    Ok(standing)
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
            "INSERT INTO admissions (key, entries, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET entries = excluded.entries,
                 expires_at = excluded.expires_at",
        )?
        .execute(params![key, entries, row.expires_at(window)])?;
    Ok(())
}
