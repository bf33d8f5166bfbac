//! Refunds and captures, and each caller's daily budget.

use super::{
    Postgres, Statement, StoreError, Work, Written, column, exactly_one, orders, outbox, statement,
};
use crate::store::{
    Refunded,
    refunding::{Budget, RefundDecision, Refunding, Write, decide},
    refunds::Refunds,
};

/// A day's budget is of no use after the day.
pub(super) const FORGET_BUDGETS: &str = "DELETE FROM farebox.refund_budgets WHERE id IN
    (SELECT id FROM farebox.refund_budgets WHERE expires_at < $1 LIMIT 500) RETURNING id";

/// The order $1, and what is spent of the budget $2.
const FIND: &str = "SELECT body, version,
         (SELECT spent FROM farebox.refund_budgets WHERE refund_budgets.id = $2) AS spent
     FROM farebox.orders WHERE orders.id = $1";

impl Refunds for Postgres {
    async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, StoreError> {
        let budget = refunding.budget.as_ref();
        let read = statement!(FIND, refunding.order.as_str(), budget.map(Budget::id));
        let mut work = Work::new(self);
        loop {
            let row = work.row(&read).await?;
            let found = row.as_ref().map(orders::read).transpose()?;
            let found = found.as_ref().map(|(order, version)| (order, *version));
            let before: Option<i64> = match &row {
                Some(row) => column(row, "spent")?,
                None => None,
            };
            let decided = decide(found, before.unwrap_or_default(), &refunding, now);
            let Write {
                order,
                messages,
                spent,
            } = match decided {
                RefundDecision::Answer(answer) => return Ok(answer),
                RefundDecision::Write(write) => write,
            };
            let version = found.map_or(0, |(_, version)| version);
            let mut writes = vec![orders::write(&order, version)?];
            writes.extend(outbox::append(&messages, now));
            if let (Some(budget), Some(spent)) = (budget, spent) {
                writes.push(spend(budget, before, spent));
            }
            match work.write(&writes).await? {
                Written::Done => return Ok(Refunded::Changed(order)),
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }
}

/// Writes what is spent of `budget` in place of what was spent `before`.
fn spend(budget: &Budget, before: Option<i64>, spent: i64) -> Statement {
    match before {
        None => statement!(
            exactly_one!(
                "INSERT INTO farebox.refund_budgets (id, spent, expires_at) VALUES ($1, $2, $3)"
            ),
            budget.id(),
            spent,
            budget.expires_at(),
        ),
        Some(before) => statement!(
            exactly_one!(
                "UPDATE farebox.refund_budgets SET spent = $2 WHERE id = $1 AND spent = $3"
            ),
            budget.id(),
            spent,
            before,
        ),
    }
}
