//! Where the database is, and what of Stripe's events it passes on, as the environment says.

use super::{DatabaseUrl, Subscriptions};
use crate::env::{Reader, need};

/// A function there has a folder of its own, which goes when it ends, and others do not see.
const NO_FILES: &str =
    "names a file, and Vercel keeps none: name a table, `dynamodb:` and its name";

/// Where the database is, and what of Stripe's events it passes on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`: where orders, events and the outbox live.
    pub location: Option<DatabaseUrl>,
    /// `FAREBOX_NOTIFY_EVENTS`: types of Stripe's events that are passed on as they are; none by
    /// default.
    pub subscriptions: Subscriptions,
}

impl Settings {
    /// Reads them; records in `read` what is wrong.
    pub(crate) fn read(read: &mut Reader<'_>, is_vercel: bool) -> Self {
        let location = read.value(need::DATABASE_URL, DatabaseUrl::parse);
        if let (true, Some(DatabaseUrl::Sqlite(_))) = (is_vercel, &location) {
            read.problem(need::DATABASE_URL, NO_FILES);
        }
        Self {
            location,
            subscriptions: read
                .value("FAREBOX_NOTIFY_EVENTS", Subscriptions::parse)
                .unwrap_or_default(),
        }
    }
}
