//! The tables, their migrations, and the row that binds them to one mode and one deployment.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout};
use tokio_postgres::Row;

use super::{
    Postgres, Source, Work, Written,
    failure::{Failed, PostgresFailure},
    pool::Pool,
    statement::{column, exactly_one, statement},
};
use crate::{
    deployment::Deployment,
    secrets::{Mode, Secrets},
    store::{Migrated, StoreError},
};

/// Each migrates the schema from the version that is its index to the next.
///
/// An older program keeps running on a newer schema, unless `SINCE` says otherwise: so a migration
/// adds, and removes only what no supported version uses.
const MIGRATIONS: [&str; 4] = [
    "
    CREATE TABLE farebox.meta (
        is_only       boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        schema        bigint NOT NULL,
        usable_since  bigint NOT NULL,
        mode          text CHECK (mode IN ('test', 'live')),
        deployment    text,
        has_unnamed   bigint NOT NULL DEFAULT 0
    );
    INSERT INTO farebox.meta (schema, usable_since) VALUES (0, 0);
    CREATE TABLE farebox.orders (
        id         text COLLATE \"C\" PRIMARY KEY,
        version    bigint NOT NULL,
        owner      text COLLATE \"C\" NOT NULL,
        status     text NOT NULL,
        body       text NOT NULL,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        deadline   bigint
    ) WITH (fillfactor = 80);
    CREATE INDEX orders_by_owner ON farebox.orders (owner, created_at, id);
    CREATE INDEX orders_by_age ON farebox.orders (created_at, id);
    CREATE INDEX orders_by_deadline ON farebox.orders (deadline) WHERE deadline IS NOT NULL;
    CREATE TABLE farebox.intents (
        id       text COLLATE \"C\" PRIMARY KEY,
        order_id text NOT NULL
    );
    CREATE TABLE farebox.idempotency_records (
        key      text COLLATE \"C\" PRIMARY KEY,
        digest   text NOT NULL,
        order_id text NOT NULL
    );
    CREATE TABLE farebox.events (
        id          text COLLATE \"C\" PRIMARY KEY,
        type        text NOT NULL,
        outcome     text NOT NULL,
        received_at bigint NOT NULL
    );
    CREATE INDEX events_by_age ON farebox.events (received_at);
    CREATE TABLE farebox.outbox (
        seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id           text COLLATE \"C\" NOT NULL UNIQUE,
        type         text NOT NULL,
        body         text NOT NULL,
        order_id     text,
        state        text NOT NULL DEFAULT 'due'
                     CHECK (state IN ('due', 'delivered', 'dead_lettered')),
        created_at   bigint NOT NULL,
        due_at       bigint NOT NULL,
        attempts     bigint NOT NULL DEFAULT 0,
        delivered_at bigint,
        error        text
    );
    CREATE INDEX outbox_due ON farebox.outbox (due_at, seq) WHERE state = 'due';
    CREATE INDEX outbox_undelivered ON farebox.outbox (created_at) WHERE state = 'due';
    CREATE INDEX outbox_delivered ON farebox.outbox (delivered_at) WHERE state = 'delivered';
    CREATE INDEX outbox_dead_lettered ON farebox.outbox (seq) WHERE state = 'dead_lettered';
    CREATE INDEX outbox_by_order ON farebox.outbox (order_id) WHERE order_id IS NOT NULL;
    CREATE TABLE farebox.quarantine (
        seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text NOT NULL,
        type     text NOT NULL,
        reason   text NOT NULL,
        body     text NOT NULL,
        at       bigint NOT NULL
    );
    CREATE TABLE farebox.cursors (
        name  text COLLATE \"C\" PRIMARY KEY,
        value text NOT NULL
    );
    CREATE TABLE farebox.refund_budgets (
        id         text COLLATE \"C\" PRIMARY KEY,
        spent      bigint NOT NULL,
        expires_at bigint NOT NULL
    );
    CREATE INDEX refund_budgets_by_age ON farebox.refund_budgets (expires_at);
    CREATE TABLE farebox.rate_limits (
        key        text COLLATE \"C\" PRIMARY KEY,
        entries    text NOT NULL,
        expires_at bigint NOT NULL
    );
    CREATE INDEX rate_limits_by_age ON farebox.rate_limits (expires_at);
    CREATE TABLE farebox.customers (
        owner       text COLLATE \"C\" PRIMARY KEY,
        reservation text NOT NULL,
        reserved_at bigint NOT NULL,
        customer    text COLLATE \"C\" UNIQUE,
        profile     text
    );
",
    // The copies of subscriptions, and what callers may use by them.
    "
    CREATE TABLE farebox.subscriptions (
        id         text COLLATE \"C\" PRIMARY KEY,
        owner      text COLLATE \"C\" NOT NULL,
        version    bigint NOT NULL,
        body       text NOT NULL,
        updated_at bigint NOT NULL
    );
    CREATE INDEX subscriptions_by_owner ON farebox.subscriptions (owner);
    CREATE TABLE farebox.billing_accounts (
        owner      text COLLATE \"C\" PRIMARY KEY,
        version    bigint NOT NULL,
        body       text NOT NULL,
        updated_at bigint NOT NULL
    );
",
    // The order or change by which a caller may get each product.
    "
    CREATE TABLE farebox.subscription_slots (
        owner   text COLLATE \"C\" PRIMARY KEY,
        version bigint NOT NULL,
        orders  text NOT NULL
    );
",
    // The accounts whose access may end by time alone.
    "
    ALTER TABLE farebox.billing_accounts ADD COLUMN grace_ends_at bigint;
    CREATE INDEX graces ON farebox.billing_accounts (grace_ends_at)
        WHERE grace_ends_at IS NOT NULL;
",
];

/// The newest schema that this program knows.
const KNOWN: i64 = MIGRATIONS.len() as i64;
/// The oldest version of the schema whose programs can use the newest one.
const SINCE: i64 = 1;

/// The lock that a migration holds, in the whole database: the letters of `farebox`.
const LOCK: i64 = 0x0066_6172_6562_6f78;

const META: &str = "SELECT schema, usable_since, mode, deployment, has_unnamed FROM farebox.meta";

/// Checks the schema, and binds the database to one mode: a site must not fulfil orders paid with
/// test cards as real ones. The first process that knows its mode writes it with the deployment's
/// id.
pub(super) async fn bind(
    postgres: &Postgres,
    secrets: &Secrets,
) -> Result<Option<Deployment>, StoreError> {
    let mut work = Work::new(postgres);
    // The keys may still be loading as well.
    let read = statement!(META);
    let (found, mode) = tokio::join!(work.row(&read), secrets.mode());
    let (mut found, mode) = (found?, mode?);
    loop {
        let meta = Meta::read(&found.ok_or(PostgresFailure::NoSchema)?)?;
        meta.check()?;
        let Some(mode) = mode else {
            return Ok(meta.deployment);
        };
        if let Some(other) = meta.mode.filter(|found| *found != mode) {
            return Err(StoreError::OtherMode(other));
        }
        if let Some(deployment) = meta.deployment {
            return Ok(Some(deployment));
        }
        let made = Deployment::random(meta.mode.is_some());
        let name = statement!(
            exactly_one!(
                "UPDATE farebox.meta SET mode = $1, deployment = $2, has_unnamed = $3
                 WHERE deployment IS NULL AND (mode IS NULL OR mode = $1)"
            ),
            mode.as_str(),
            made.id(),
            i64::from(made.has_unnamed()),
        );
        match work.write(&[name]).await? {
            Written::Done => return Ok(Some(made)),
            Written::Undone(undone) => work.again(undone).await?,
        }
        found = work.row(&read).await?;
    }
}

struct Meta {
    schema: i64,
    usable_since: i64,
    mode: Option<Mode>,
    deployment: Option<Deployment>,
}

impl Meta {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let mode: Option<&str> = column(row, "mode")?;
        let deployment: Option<&str> = column(row, "deployment")?;
        let has_unnamed = column::<i64>(row, "has_unnamed")? != 0;
        Ok(Self {
            schema: column(row, "schema")?,
            usable_since: column(row, "usable_since")?,
            mode: mode.and_then(Mode::parse),
            deployment: deployment.map(|id| Deployment::new(id, has_unnamed)),
        })
    }

    fn check(&self) -> Result<(), StoreError> {
        let (found, known) = (self.schema, KNOWN);
        if self.usable_since > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        if found < known {
            return Err(PostgresFailure::OlderSchema { found, known }.into());
        }
        Ok(())
    }
}

/// Creates or changes the tables: all of it, or nothing. Of several that migrate at once, one does
/// the work and the others find it done.
pub(in crate::store) async fn migrate(source: Source) -> Result<Migrated, StoreError> {
    /// An index on millions of rows takes a while.
    const PATIENCE: Duration = Duration::from_secs(3600);

    let pool = Pool::new(source, 1);
    // It is repeated until the server has started, or has room.
    let postgres = Postgres {
        pool: Arc::clone(&pool),
    };
    match postgres.row(statement!(META)).await {
        // A role without the rights to change tables may find that there is nothing to do.
        Ok(Some(row)) => {
            let from = column(&row, "schema")?;
            if from >= KNOWN {
                return Ok(Migrated { from, to: from });
            }
        }
        Ok(None) | Err(StoreError::Postgres(PostgresFailure::NoSchema)) => {}
        Err(failure) => return Err(failure),
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    let connection = pool.connection(deadline).await;
    let mut connection = connection.map_err(|failed| StoreError::from(failed.failure))?;
    connection.is_busy = true;
    let migrated = timeout(PATIENCE, run(connection.client())).await;
    let migrated = migrated.unwrap_or_else(|_| Err(Failed::timed_out().failure.into()));
    // Without COMMIT, the end of the connection rolls everything back.
    connection.is_busy = migrated.is_err();
    migrated
}

async fn run(client: &tokio_postgres::Client) -> Result<Migrated, StoreError> {
    let failed = |error: tokio_postgres::Error| StoreError::from(Failed::statement(&error).failure);
    let rows = async |sql| client.query_typed(sql, &[]).await.map_err(failed);
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; \
         SELECT pg_advisory_xact_lock({LOCK})"
    );
    client.batch_execute(&begin).await.map_err(failed)?;
    // The schema may exist, made by whoever has the right to.
    let schema = rows("SELECT 1 WHERE to_regnamespace('farebox') IS NOT NULL").await?;
    if schema.is_empty() {
        let create = client.batch_execute("CREATE SCHEMA farebox").await;
        create.map_err(failed)?;
    }
    let table = rows("SELECT 1 WHERE to_regclass('farebox.meta') IS NOT NULL").await?;
    let from = match table.is_empty() {
        true => 0,
        false => {
            let meta = rows(META).await?;
            meta.first().map_or(Ok(0), |row| column(row, "schema"))?
        }
    };
    let done = usize::try_from(from).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(done) {
        client.batch_execute(migration).await.map_err(failed)?;
    }
    if from < KNOWN {
        let record = format!("UPDATE farebox.meta SET schema = {KNOWN}, usable_since = {SINCE}");
        client.batch_execute(&record).await.map_err(failed)?;
    }
    client.batch_execute("COMMIT").await.map_err(failed)?;
    Ok(Migrated {
        from,
        to: KNOWN.max(from),
    })
}
