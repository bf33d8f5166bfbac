//! The tables, and the migrations of a file from an earlier version.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior};

use super::StoreError;
use crate::{deployment::Deployment, secrets::Mode};

/// The longest wait for another process's transaction.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// The page cache, in SQLite's negative kB: room for the inner pages of a million orders.
const CACHE: i32 = -8_000;

/// Each migrates the schema from the version that is its index to the next.
pub(in crate::store) const MIGRATIONS: [&str; 13] = [
    "
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
",
    "
    CREATE TABLE marks (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE refund_budgets (
        id         TEXT PRIMARY KEY,
        spent      INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE admissions (
        key        TEXT PRIMARY KEY,
        entries    TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX admissions_by_age ON admissions (expires_at);
",
    // The index includes the existing orders.
    "
    CREATE TABLE customers (
        owner       TEXT PRIMARY KEY,
        reservation TEXT NOT NULL,
        reserved_at INTEGER NOT NULL,
        customer    TEXT UNIQUE
    ) STRICT;
    CREATE INDEX orders_by_owner
        ON orders (body ->> '$.owner', body ->> '$.created_at', id);
",
    // Each intent that an order has, had, or was paid by.
    "
    CREATE TABLE intents (
        id       TEXT PRIMARY KEY,
        order_id TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO intents (id, order_id)
        SELECT intent, id FROM orders WHERE intent IS NOT NULL;
    INSERT OR IGNORE INTO intents (id, order_id)
        SELECT body ->> '$.intent', id FROM orders WHERE body ->> '$.intent' IS NOT NULL;
    INSERT OR IGNORE INTO intents (id, order_id)
        SELECT way.value ->> '$.intent', orders.id
        FROM orders, json_each(orders.body, '$.closed') AS way
        WHERE way.value ->> '$.intent' IS NOT NULL;
",
    // The present names; SQLite cannot change a table's CHECK in place.
    "
    ALTER TABLE operations RENAME TO idempotency_records;
    ALTER TABLE marks RENAME TO cursors;
    ALTER TABLE admissions RENAME TO rate_limits;
    DROP INDEX admissions_by_age;
    CREATE INDEX rate_limits_by_age ON rate_limits (expires_at);
    ALTER TABLE outbox RENAME TO outbox_before;
    DROP INDEX outbox_due;
    DROP INDEX outbox_delivered;
    DROP INDEX outbox_parked;
    CREATE TABLE outbox (
        seq          INTEGER PRIMARY KEY AUTOINCREMENT,
        id           TEXT NOT NULL UNIQUE,
        type         TEXT NOT NULL,
        body         TEXT NOT NULL,
        state        TEXT NOT NULL DEFAULT 'due'
                     CHECK (state IN ('due', 'delivered', 'dead_lettered')),
        created_at   INTEGER NOT NULL,
        due_at       INTEGER NOT NULL,
        attempts     INTEGER NOT NULL DEFAULT 0,
        delivered_at INTEGER,
        error        TEXT
    ) STRICT;
    INSERT INTO outbox
        SELECT seq, id, type, body, iif(state = 'parked', 'dead_lettered', state), created_at, \
        due_at,
               attempts, delivered_at, error
        FROM outbox_before;
    DROP TABLE outbox_before;
    CREATE INDEX outbox_due ON outbox (due_at, seq) WHERE state = 'due';
    CREATE INDEX outbox_delivered ON outbox (delivered_at) WHERE state = 'delivered';
    CREATE INDEX outbox_dead_lettered ON outbox (seq) WHERE state = 'dead_lettered';
",
    // The index includes the existing orders.
    "
    CREATE INDEX orders_by_age ON orders (body ->> '$.created_at', id);
",
    // What a Stripe customer last got.
    "
    ALTER TABLE customers ADD COLUMN profile TEXT;
",
    // The time at which an unpaid order is to expire.
    "
    ALTER TABLE orders ADD COLUMN deadline INTEGER;
    CREATE INDEX orders_by_deadline ON orders (deadline) WHERE deadline IS NOT NULL;
",
    // The copies of subscriptions, and what callers may use by them.
    "
    CREATE TABLE subscriptions (
        id         TEXT PRIMARY KEY,
        owner      TEXT NOT NULL,
        version    INTEGER NOT NULL,
        body       TEXT NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX subscriptions_by_owner ON subscriptions (owner);
    CREATE TABLE billing_accounts (
        owner      TEXT PRIMARY KEY,
        version    INTEGER NOT NULL,
        body       TEXT NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;
",
    // The order or change by which a caller may get each product.
    "
    CREATE TABLE subscription_slots (
        owner   TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        orders  TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    // The accounts whose access may end by time alone.
    "
    ALTER TABLE billing_accounts ADD COLUMN grace_ends_at INTEGER;
    CREATE INDEX graces ON billing_accounts (grace_ends_at) WHERE grace_ends_at IS NOT NULL;
",
];

/// Opens or creates the file and migrates its schema; returns its deployment, where it has an id.
pub(super) fn open(
    path: &Path,
    mode: Option<Mode>,
) -> Result<(Connection, Option<Deployment>), StoreError> {
    make_private(path);
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    use_write_ahead_log(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    migrate(&mut connection)?;
    let deployment = match mode {
        Some(mode) => Some(bind_to(&mut connection, mode)?),
        None => deployment_in(&connection)?,
    };
    Ok((connection, deployment))
}

/// The file names customers, so only its owner may read it. SQLite gives its companion files the
/// same mode.
fn make_private(path: &Path) {
    // An existing file keeps the mode that its owner set. SQLite reports any other failure when it
    // opens the file.
    let _ = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
}

/// Binds the file to one mode: a site must not fulfil orders paid with test cards as real ones.
/// The first process that knows its mode writes it with the deployment's id.
fn bind_to(connection: &mut Connection, mode: Mode) -> Result<Deployment, StoreError> {
    const NAME: &str = "application_id";
    let id = |mode| match mode {
        Mode::Test => 0x4642_5431, // "FBT1"
        Mode::Live => 0x4642_4c31, // "FBL1"
    };
    // Both are written once, and never changed.
    if number(connection, NAME)? == id(mode)
        && let Some(deployment) = deployment_in(connection)?
    {
        return Ok(deployment);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = number(&transaction, NAME)?;
    let other = if mode.is_live() {
        Mode::Test
    } else {
        Mode::Live
    };
    if found == id(other) {
        return Err(StoreError::OtherMode(other));
    }
    if found == 0 {
        transaction.pragma_update(None, NAME, id(mode))?;
    }
    let deployment = match deployment_in(&transaction)? {
        Some(deployment) => deployment,
        None => name_deployment(&transaction, found != 0)?,
    };
    transaction.commit()?;
    Ok(deployment)
}

/// The name of the deployment's id among the stored cursors.
const DEPLOYMENT: &str = "deployment";
/// The name that is stored when the file is older than that id.
const HAS_UNNAMED: &str = "has_unnamed";

fn deployment_in(connection: &Connection) -> Result<Option<Deployment>, StoreError> {
    let mut statement = connection.prepare("SELECT value FROM cursors WHERE name = ?1")?;
    let id: Option<String> = statement
        .query_row([DEPLOYMENT], |row| row.get(0))
        .optional()?;
    let has_unnamed = statement.exists([HAS_UNNAMED])?;
    Ok(id.map(|id| Deployment::new(id, has_unnamed)))
}

fn name_deployment(connection: &Connection, has_unnamed: bool) -> Result<Deployment, StoreError> {
    let deployment = Deployment::random(has_unnamed);
    let mut statement =
        connection.prepare("INSERT OR REPLACE INTO cursors (name, value) VALUES (?1, ?2)")?;
    statement.execute([DEPLOYMENT, deployment.id()])?;
    if has_unnamed {
        statement.execute([HAS_UNNAMED, "yes"])?;
    }
    Ok(deployment)
}

/// SQLite's busy timeout does not cover several processes that create the file at once.
fn use_write_ahead_log(connection: &Connection) -> Result<(), StoreError> {
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

/// A number in the header of the file.
fn number(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

/// Brings the schema to this version. A file that has it is only read: a start neither waits for
/// the writers of other processes, nor for the disk.
fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    const NAME: &str = "user_version";
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if number(connection, NAME)? == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = number(&transaction, NAME)?;
    if version > known {
        return Err(StoreError::NewerSchema {
            found: version,
            known,
        });
    }
    for (index, migration) in MIGRATIONS.iter().enumerate() {
        if usize::try_from(version).is_ok_and(|version| version <= index) {
            transaction.execute_batch(migration)?;
        }
    }
    transaction.pragma_update(None, NAME, known)?;
    transaction.commit()?;
    Ok(())
}
