//! The settings of the database: its location, and the Stripe events to forward.

use super::{DatabaseUrl, ForwardedEvents, StoreError, postgres::Source};
use crate::{
    env::{RUNTIME_API, Reader, need},
    secrets::Secrets,
};

/// A Vercel function has a folder of its own, which other instances do not see, and which goes when
/// the instance ends.
const NO_FILES: &str = "names a file, and Vercel keeps none: name a Postgres server, \
     `postgres://…`, or a table, `dynamodb:` and its name";
/// The most connections of a server to Postgres.
const OF_A_SERVER: usize = 8;

/// The location of the database, and the Stripe events to forward.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`: the location of orders, events and the outbox.
    pub location: Option<DatabaseUrl>,
    /// The most connections to Postgres: one in a function, of which the platform starts as many as
    /// it needs.
    pub(crate) connections: usize,
    /// `FAREBOX_NOTIFY_EVENTS`: types of Stripe events to forward unchanged; none by default.
    pub forwarded_events: ForwardedEvents,
}

impl Settings {
    /// The address of a Postgres server: from the environment, else from the secret that holds the
    /// keys; `None` for another database.
    pub(super) async fn postgres(&self, secrets: &Secrets) -> Result<Option<Source>, StoreError> {
        match &self.location {
            Some(DatabaseUrl::Postgres(url)) => Ok(Some(Source::Settings(url.clone()))),
            None if secrets.current().await?.database_url().is_ok() => {
                Ok(Some(Source::Secret(secrets.clone())))
            }
            _ => Ok(None),
        }
    }

    /// Reads the settings; records faults in `read`.
    pub(crate) fn read(read: &mut Reader<'_>, is_vercel: bool) -> Self {
        let location = read.value(need::DATABASE_URL, DatabaseUrl::parse);
        if let (true, Some(DatabaseUrl::Sqlite(_))) = (is_vercel, &location) {
            read.problem(need::DATABASE_URL, NO_FILES);
        }
        Self {
            location,
            connections: match is_vercel || read.holds(RUNTIME_API) {
                true => 1,
                false => OF_A_SERVER,
            },
            forwarded_events: read
                .value("FAREBOX_NOTIFY_EVENTS", ForwardedEvents::parse)
                .unwrap_or_default(),
        }
    }
}
