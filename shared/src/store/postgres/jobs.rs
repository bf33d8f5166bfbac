//! The cursors of scheduled jobs, and the deletion of expired rows.

use super::{Postgres, StoreError, Work, column, events, outbox, rate_limits, refunds, statement};
use crate::store::{REMEMBERED, jobs::Jobs};

impl Jobs for Postgres {
    async fn cursor(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        let find = "SELECT value FROM farebox.cursors WHERE name = $1";
        let found = self.row(statement!(find, name)).await?;
        found.map(|row| column(&row, "value")).transpose()
    }

    async fn set_cursor(&self, name: &'static str, value: &str) -> Result<(), StoreError> {
        let set = "INSERT INTO farebox.cursors (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.change(statement!(set, name, value)).await?;
        Ok(())
    }

    async fn forget_expired(&self, now: i64) -> Result<bool, StoreError> {
        let mut work = Work::new(self);
        let mut forgotten = 0;
        for (sql, before) in [
            (events::FORGET, now - REMEMBERED),
            (outbox::FORGET_DELIVERED, now - REMEMBERED),
            (refunds::FORGET_BUDGETS, now - REMEMBERED),
            (rate_limits::FORGET, now),
        ] {
            let rows = work.change(&[statement!(sql, before)]).await?;
            forgotten += rows.iter().map(Vec::len).sum::<usize>();
        }
        Ok(forgotten > 0)
    }
}
