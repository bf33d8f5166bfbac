//! `farebox migrate`: creates or updates Farebox's tables in a Postgres database.
//!
//! It runs before the functions of a new version are deployed, by a role that may change tables.
//! The functions themselves need no such right.

use std::process::ExitCode;

use shared::{
    Config,
    env::need,
    host::{self, ReadConfig},
    store::{Migrated, Store, StoreError},
};

/// Runs the command with its `arguments`, after its name.
pub async fn run(arguments: &[String], config: ReadConfig) -> ExitCode {
    if !arguments.is_empty() {
        let about = "create or update the tables of the Postgres database in DATABASE_URL";
        return host::usage(
            arguments,
            &host::usage_lines("farebox", &[("migrate", about)]),
        );
    }
    host::run("farebox", migrate(config)).await
}

async fn migrate(config: ReadConfig) -> Result<(), host::Error> {
    let config = config(&[need::DATABASE_URL])?;
    print(&match of(&config).await? {
        None => "nothing to do: only a Postgres database is migrated by this command".to_owned(),
        Some(Migrated { from, to }) if from == to => format!("the schema is {to} already"),
        Some(Migrated { from, to }) => format!("migrated the schema from {from} to {to}"),
    });
    Ok(())
}

/// Migrates the database of `config`, where it is in Postgres.
pub(crate) async fn of(config: &Config) -> Result<Option<Migrated>, StoreError> {
    Store::migrate(&config.store, &config.secrets).await
}

#[expect(clippy::print_stdout, reason = "an operator asked for it")]
fn print(line: &str) {
    println!("{line}");
}
