//! The cursors of scheduled jobs, and the deletion of expired rows.

use rusqlite::{OptionalExtension as _, params};

use super::{Sqlite, StoreError, events, outbox, rate_limits, refunds};
use crate::store::{REMEMBERED, jobs::Jobs};

impl Jobs for Sqlite {
    async fn cursor(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.with(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT value FROM cursors WHERE name = ?1")?;
            Ok(statement.query_row([name], |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn set_cursor(&self, name: &'static str, value: &str) -> Result<(), StoreError> {
        let value = value.to_owned();
        self.write(move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO cursors (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )?
                .execute(params![name, value])?;
            Ok(())
        })
        .await
    }

    async fn forget_expired(&self, now: i64) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let mut forgotten = 0;
            for (sql, before) in [
                (events::FORGET, now - REMEMBERED),
                (outbox::FORGET_DELIVERED, now - REMEMBERED),
                (refunds::FORGET_BUDGETS, now - REMEMBERED),
                (rate_limits::FORGET, now),
            ] {
                let mut statement = transaction.prepare_cached(sql)?;
                forgotten += statement.execute([before])?;
            }
            Ok(forgotten > 0)
        })
        .await
    }
}
