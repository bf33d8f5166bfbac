//! Quarantined events, with their bodies.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Sqlite, StoreError, outbox::count};
use crate::{
    event::Event,
    store::{Accepted, QuarantineSize, Quarantined, quarantine::Quarantine},
};

impl Quarantine for Sqlite {
    async fn quarantine_size(&self) -> Result<QuarantineSize, StoreError> {
        self.with(|connection| {
            let latest = connection
                .prepare_cached("SELECT at FROM quarantine ORDER BY rowid DESC LIMIT 1")?
                .query_row([], |row| row.get(0));
            Ok(QuarantineSize {
                quarantined: count(connection, "quarantine")?,
                latest: latest.optional()?,
            })
        })
        .await
    }

    async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.with(|connection| list(connection)).await
    }

    /// Deletes the event's claim, where that says that the event was quarantined.
    async fn release(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |transaction| {
            let released = transaction
                .prepare_cached("DELETE FROM events WHERE id = ?1 AND outcome = ?2")?
                .execute([id.as_str(), Accepted::Quarantined.as_str()])?;
            Ok(released > 0)
        })
        .await
    }
}

pub(super) fn put(
    connection: &Connection,
    event: &Event,
    reason: &str,
    now: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO quarantine (event_id, type, reason, body, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![event.id, event.kind, reason, event.body, now])?;
    Ok(())
}

fn list(connection: &Connection) -> Result<Vec<Quarantined>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT event_id, type, reason, at FROM quarantine ORDER BY rowid")?;
    let rows = statement.query_map([], |row| {
        Ok(Quarantined {
            event_id: row.get(0)?,
            kind: row.get(1)?,
            reason: row.get(2)?,
            at: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
