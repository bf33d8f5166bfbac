//! `DATABASE_URL`: the location of the database.

use std::path::PathBuf;

/// The location of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseUrl {
    /// `sqlite:PATH`: a file, created when missing.
    Sqlite(PathBuf),
    /// `dynamodb:TABLE`: a table from `template.yaml`, in the region of `AWS_REGION`.
    DynamoDb(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` or `dynamodb:TABLE`.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("dynamodb", table)) if is_table(table) => Ok(Self::DynamoDb(table.to_owned())),
            _ => Err(
                "must be `sqlite:` and the path of a file, or `dynamodb:` and the name of a table",
            ),
        }
    }
}

/// DynamoDB's rule for table names.
fn is_table(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    (3..=255).contains(&name.len()) && name.bytes().all(is_allowed)
}
