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

impl Refunds for Postgres {
    async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, StoreError> {
        let budget = refunding.budget.as_ref();
        let mut reads = vec![orders::find_statement(&refunding.order)];
        reads.extend(budget.map(|budget| {
            let spent = "SELECT spent FROM farebox.refund_budgets WHERE id = $1";
            statement!(spent, budget.id())
        }));
        let mut work = Work::new(self);
        loop {
            let rows = work.all_rows(&reads).await?;
            let [found, spent] = [0, 1].map(|nth| rows.get(nth).and_then(|rows| rows.first()));
            let found = found.map(orders::read).transpose()?;
            let found = found.as_ref().map(|(order, version)| (order, *version));
            let before: Option<i64> = spent.map(|row| column(row, "spent")).transpose()?;
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
            "INSERT INTO farebox.refund_budgets (id, spent, expires_at) VALUES ($1, $2, $3)",
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
