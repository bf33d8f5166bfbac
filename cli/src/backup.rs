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
    store::{self, Backup, DatabaseUrl, StoreError},
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
    let location = config.store.location.ok_or(StoreError::Nowhere)?;
    let database = file_of(location).map_err(|tool| host::Error::Work(tool.into()))?;
    let written = store::backup(&database, file).await;
    let Backup { bytes, orders } = written.map_err(|error| host::Error::Work(error.into()))?;
    let file = file.display();
    terminal::print(&format!("wrote {file}: {orders} orders, {bytes} bytes"));
    Ok(())
}

/// The file of the database; for another database, the tool that copies it.
fn file_of(location: DatabaseUrl) -> Result<PathBuf, &'static str> {
    match location {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::DynamoDb(_) => Err(
            "DATABASE_URL names a DynamoDB table: turn on its point-in-time recovery, and restore \
             with it",
        ),
        _ => Err("DATABASE_URL names a server: copy its database with pg_dump"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_no_file_has_its_own_tool() {
        let location = DatabaseUrl::parse("dynamodb:farebox").unwrap();
        assert!(file_of(location).is_err_and(|text| text.contains("point-in-time recovery")));
        let location = DatabaseUrl::parse("sqlite:farebox.sqlite").unwrap();
        assert_eq!(file_of(location), Ok(PathBuf::from("farebox.sqlite")));
    }
}
