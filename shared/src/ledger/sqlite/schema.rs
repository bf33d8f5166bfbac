//! The tables, and how a file of an earlier version is brought up to date.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::Failure;

/// How long a process waits for another's transaction to end.
const BUSY: Duration = Duration::from_secs(5);

/// Each brings the schema from the version that is its index to the next.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE orders (
        id         TEXT PRIMARY KEY,
        version    INTEGER NOT NULL,
        intent     TEXT UNIQUE,
        status     TEXT NOT NULL,
        body       TEXT NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE operations (
        key      TEXT PRIMARY KEY,
        digest   TEXT NOT NULL,
        order_id TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE events (
        id          TEXT PRIMARY KEY,
        type        TEXT NOT NULL,
        outcome     TEXT NOT NULL,
        received_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX events_by_age ON events (received_at);
    CREATE TABLE outbox (
        seq          INTEGER PRIMARY KEY AUTOINCREMENT,
        id           TEXT NOT NULL UNIQUE,
        type         TEXT NOT NULL,
        body         TEXT NOT NULL,
        state        TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'parked')),
        created_at   INTEGER NOT NULL,
        due_at       INTEGER NOT NULL,
        attempts     INTEGER NOT NULL DEFAULT 0,
        delivered_at INTEGER,
        error        TEXT
    ) STRICT;
    CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE state = 'due';
    CREATE INDEX outbox_delivered ON outbox (delivered_at) WHERE state = 'delivered';
    CREATE INDEX outbox_parked ON outbox (seq) WHERE state = 'parked';
    CREATE TABLE quarantine (
        event_id TEXT NOT NULL,
        type     TEXT NOT NULL,
        reason   TEXT NOT NULL,
        body     TEXT NOT NULL,
        at       INTEGER NOT NULL
    ) STRICT;
"];

/// Opens the file, makes it where it is not there, and brings its schema up to date.
pub(super) fn open(path: &Path) -> Result<Connection, Failure> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    use_write_ahead_log(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Several processes that make the file at once may find it locked, without SQLite's own waiting.
fn use_write_ahead_log(connection: &Connection) -> Result<(), Failure> {
    let mut tries = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && tries < 100 => tries += 1,
            done => return Ok(done?),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn migrate(connection: &mut Connection) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(Failure::NewerSchema {
            found: version,
            known,
        });
    }
    for (index, migration) in MIGRATIONS.iter().enumerate() {
        if usize::try_from(version).is_ok_and(|version| version <= index) {
            transaction.execute_batch(migration)?;
        }
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
