//! Quarantined events, with their bodies.

use rusqlite::{Connection, params};

use super::{Accepted, Quarantined, StoreError};
use crate::event::Event;

pub(super) fn set_aside(
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

pub(super) fn list(connection: &Connection) -> Result<Vec<Quarantined>, StoreError> {
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

/// Deletes the event's claim; returns true when it was quarantined.
pub(super) fn release(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    let released = connection
        .prepare_cached("DELETE FROM events WHERE id = ?1 AND outcome = ?2")?
        .execute([id, Accepted::Quarantined.as_str()])?;
    Ok(released > 0)
}
