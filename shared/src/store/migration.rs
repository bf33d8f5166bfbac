//! The migration of a database to the schema of this version.

use super::{Store, StoreError, postgres, settings::Settings};
use crate::{aws::Aws, secrets::Secrets};

/// What a migration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version of the schema before.
    pub from: i64,
    /// The version of the schema now.
    pub to: i64,
}

impl Store {
    /// Creates or migrates the schema of the database that `settings` name; `None` for a table,
    /// which has none, and for a file, which each start migrates.
    ///
    /// Several processes may migrate at once: one does the work. Nothing is half done.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer, or the role lacks the right.
    pub async fn migrate(
        settings: &Settings,
        aws: Option<&Aws>,
        secrets: &Secrets,
    ) -> Result<Option<Migrated>, StoreError> {
        let Some(source) = settings.postgres(secrets).await? else {
            Self::examine(settings, aws).await?;
            return Ok(None);
        };
        postgres::migrate(source).await.map(Some)
    }
}
