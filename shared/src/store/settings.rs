//! The settings of the database: its location, and the Stripe events to forward.

use super::{DatabaseUrl, Subscriptions};
use crate::env::{Reader, need};

/// A Vercel function has a folder of its own, which other instances do not see, and which goes when
/// the instance ends.
const NO_FILES: &str =
    "names a file, and Vercel keeps none: name a table, `dynamodb:` and its name";

/// The location of the database, and the Stripe events to forward.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`: the location of orders, events and the outbox.
    pub location: Option<DatabaseUrl>,
    /// `FAREBOX_NOTIFY_EVENTS`: types of Stripe events to forward unchanged; none by default.
    pub subscriptions: Subscriptions,
}

impl Settings {
    /// Reads the settings; records faults in `read`.
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
