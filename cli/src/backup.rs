//! `farebox backup FILE`: a consistent copy of the SQLite database, while others write it.
//!
//! A server of databases has a tool of its own, which this command names.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use shared::{
    env::need,
    host::{self, ReadConfig},
    store::{self, Backup, DatabaseUrl},
};

use crate::terminal;

/// Runs the command with its `arguments`, after its name.
pub async fn run(arguments: &[String], config: ReadConfig) -> ExitCode {
    match arguments {
        [file] if !file.starts_with('-') && !file.is_empty() => {
            host::run("farebox", backup(Path::new(file), config)).await
        }
        _ => {
            let about = "copy the SQLite database into a new file, while others write it";
            let usage = host::usage_lines("farebox", &[("backup FILE", about)]);
            host::usage(arguments, &usage)
        }
    }
}

async fn backup(file: &Path, config: ReadConfig) -> Result<(), host::Error> {
    let config = config(&[need::DATABASE_URL])?;
    let database = file_of(config.store.location).map_err(|tool| host::Error::Work(tool.into()))?;
    let written = store::backup(&database, file).await;
    let Backup { bytes, orders } = written.map_err(|error| host::Error::Work(error.into()))?;
    let file = file.display();
    terminal::print(&format!("wrote {file}: {orders} orders, {bytes} bytes"));
    Ok(())
}

/// The file of the database; for another database, the tool that copies it.
fn file_of(location: Option<DatabaseUrl>) -> Result<PathBuf, &'static str> {
    match location {
        Some(DatabaseUrl::Sqlite(path)) => Ok(path),
        Some(DatabaseUrl::DynamoDb(_)) => Err(
            "DATABASE_URL names a DynamoDB table: turn on its point-in-time recovery, and restore \
             with it",
        ),
        // Without a variable, the URL is in the secret with the keys.
        _ => Err(
            "DATABASE_URL names a Postgres server: copy the database with pg_dump, or by its \
             recovery to a point in time",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_no_file_has_its_own_tool() {
        let of = |url| file_of(Some(DatabaseUrl::parse(url).unwrap()));
        let table = of("dynamodb:farebox").unwrap_err();
        assert!(table.contains("point-in-time recovery"), "{table}");
        let server = of("postgres://farebox@localhost/farebox").unwrap_err();
        assert!(server.contains("pg_dump"), "{server}");
        assert_eq!(
            of("sqlite:farebox.sqlite"),
            Ok(PathBuf::from("farebox.sqlite"))
        );
    }
}
