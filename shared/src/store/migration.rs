//! The migration of a database to the schema of this version.

use super::{Store, StoreError, postgres, settings::Settings};
use crate::secrets::Secrets;

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version of the schema before.
    pub from: i64,
    /// The version of the schema now.
    pub to: i64,
}

impl Store {
    /// Creates or migrates the schema of the Postgres database that `settings` name; `None` for
    /// another: a file is migrated at each start, and a table has no schema.
    ///
    /// Several processes may migrate at once: one does the work. Nothing is half done.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer, or the role lacks the right.
    pub async fn migrate(
        settings: &Settings,
        secrets: &Secrets,
    ) -> Result<Option<Migrated>, StoreError> {
        match settings.postgres(secrets).await? {
            Some(source) => Box::pin(postgres::migrate(source)).await.map(Some),
            None => Ok(None),
        }
    }
}
