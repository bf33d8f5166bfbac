//! Quarantined events, with their bodies.

use super::{
    Postgres, Statement, StoreError, column, exactly_one,
    outbox::{count, most_counted},
    statement,
};
use crate::{
    event::Event,
    store::{Accepted, QuarantineSize, Quarantined, quarantine::Quarantine},
};

const SIZE: &str = "SELECT
         (SELECT count(*) FROM (SELECT FROM farebox.quarantine LIMIT $1) AS a) AS quarantined,
         (SELECT at FROM farebox.quarantine ORDER BY seq DESC LIMIT 1) AS latest";

impl Quarantine for Postgres {
    async fn quarantine_size(&self) -> Result<QuarantineSize, StoreError> {
        let row = self.row(statement!(SIZE, most_counted())).await?;
        let row = row.ok_or(StoreError::Malformed("quarantined"))?;
        Ok(QuarantineSize {
            quarantined: count(&row, "quarantined")?,
            latest: column(&row, "latest")?,
        })
    }

    async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let list = "SELECT event_id, type, reason, at FROM farebox.quarantine ORDER BY seq";
        let rows = self.rows(statement!(list)).await?;
        let read = |row| {
            Ok(Quarantined {
                event_id: column(row, "event_id")?,
                kind: column(row, "type")?,
                reason: column(row, "reason")?,
                at: column(row, "at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Deletes the event's claim, where that says that the event was quarantined.
    async fn release(&self, id: &str) -> Result<bool, StoreError> {
        let release = "DELETE FROM farebox.events WHERE id = $1 AND outcome = $2 RETURNING id";
        let quarantined = Accepted::Quarantined.as_str();
        let released = self.change(statement!(release, id, quarantined)).await?;
        Ok(!released.is_empty())
    }
}

pub(super) fn write(event: &Event, reason: &str, now: i64) -> Statement {
    statement!(
        exactly_one!(
            "INSERT INTO farebox.quarantine (event_id, type, reason, body, at)
             VALUES ($1, $2, $3, $4, $5)"
        ),
        &event.id,
        &event.kind,
        reason,
        &event.body,
        now,
    )
}
