//! `DATABASE_URL`: the location of the database.

use std::path::PathBuf;

use super::PostgresUrl;

/// The location of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseUrl {
    /// `sqlite:PATH`: a file, created when missing.
    Sqlite(PathBuf),
    /// `postgres://USER:PASSWORD@HOST/DATABASE`: a Postgres server.
    Postgres(PostgresUrl),
    /// `dynamodb:TABLE`: a table from `template.yaml`, in the region of `AWS_REGION`.
    DynamoDb(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `postgres://…` or `dynamodb:TABLE`.
    ///
    /// # Errors
    ///
    /// A text that names the fault, and no value.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("dynamodb", table)) if is_table(table) => Ok(Self::DynamoDb(table.to_owned())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                PostgresUrl::parse(text).map(Self::Postgres)
            }
            _ => Err(
                "must be `sqlite:` and the path of a file, the `postgres://` URL of a server, or \
                 `dynamodb:` and the name of a table"
                    .to_owned(),
            ),
        }
    }
}

/// DynamoDB's rule for table names.
fn is_table(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    (3..=255).contains(&name.len()) && name.bytes().all(is_allowed)
}
