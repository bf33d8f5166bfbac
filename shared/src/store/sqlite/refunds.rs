//! Refunds, and each caller's daily budget.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::{Sqlite, StoreError, orders, outbox};
use crate::store::{
    Refunded,
    refunding::{Budget, RefundDecision, Refunding, Write, decide},
    refunds::Refunds,
};

/// A day's budget is of no use after the day.
pub(super) const FORGET_BUDGETS: &str = "DELETE FROM refund_budgets WHERE rowid IN
    (SELECT rowid FROM refund_budgets WHERE expires_at < ?1 LIMIT 500)";

impl Refunds for Sqlite {
    async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, StoreError> {
        self.write(move |transaction| refund(transaction, &refunding, now))
            .await
    }
}

/// Reads, decides and writes inside one transaction.
fn refund(
    transaction: &Transaction<'_>,
    refunding: &Refunding,
    now: i64,
) -> Result<Refunded, StoreError> {
    let found = orders::find(transaction, &refunding.order)?;
    let found = found.as_ref().map(|(order, version)| (order, *version));
    let budget = refunding.budget.as_ref();
    let spent = budget.map_or(Ok(0), |budget| spent(transaction, budget))?;
    match decide(found, spent, refunding, now) {
        RefundDecision::Answer(answer) => Ok(answer),
        RefundDecision::Write(Write {
            order,
            messages,
            spent,
        }) => {
            let version = found.map_or(0, |(_, version)| version);
            orders::put(transaction, &order, version)?;
            outbox::append(transaction, &messages, now)?;
            if let (Some(budget), Some(spent)) = (budget, spent) {
                spend(transaction, budget, spent)?;
            }
            Ok(Refunded::Changed(order))
        }
    }
}

fn spent(connection: &Connection, budget: &Budget) -> Result<i64, StoreError> {
    let spent = connection
        .prepare_cached("SELECT spent FROM refund_budgets WHERE id = ?1")?
        .query_row([budget.id()], |row| row.get(0))
        .optional()?;
    Ok(spent.unwrap_or(0))
}

fn spend(connection: &Connection, budget: &Budget, spent: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO refund_budgets (id, spent, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET spent = excluded.spent",
        )?
        .execute(params![budget.id(), spent, budget.expires_at()])?;
    Ok(())
}
