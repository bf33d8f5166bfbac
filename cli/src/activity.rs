//! The activity feed: live rows that the page shows.
//!
//! Read [`Entry`] for a row, then [`Activity`] for the list of rows and its readers.

mod entry;

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::watch;

pub(crate) use entry::AuditRecord;
pub use entry::{Entry, Source};

/// The most rows kept for a page that opens late, and the most audit rows. The page polls its
/// order, and each poll is a decision: with one common limit, decisions would push out all other
/// rows.
const KEPT: usize = 300;

/// An entry with its number and time.
#[derive(Clone, Debug, Serialize)]
struct Row {
    seq: u64,
    /// In milliseconds since 1970.
    at: u128,
    #[serde(flatten)]
    entry: Entry,
}

/// The rows so far, and the readers that wait for more.
#[derive(Clone, Debug)]
pub struct Activity {
    rows: Arc<Mutex<VecDeque<Row>>>,
    /// The number of the latest row. [`END`] closes the feed.
    latest: watch::Sender<u64>,
    /// True when notifications go to another site than the demo shop.
    is_external: Arc<AtomicBool>,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            rows: Arc::default(),
            latest: watch::Sender::new(0),
            is_external: Arc::default(),
        }
    }
}

/// The sequence number that ends the feed.
const END: u64 = u64::MAX;

impl Activity {
    /// Adds a row.
    pub fn add(&self, entry: Entry) {
        let mut rows = self.rows();
        let seq = rows.back().map_or(1, |row| row.seq + 1);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let at = since.map_or(0, |since| since.as_millis());
        let is_alike = |row: &Row| row.entry.decision.is_some() == entry.decision.is_some();
        if rows.iter().filter(|row| is_alike(row)).count() >= KEPT {
            let oldest = rows.iter().position(is_alike);
            oldest.and_then(|oldest| rows.remove(oldest));
        }
        rows.push_back(Row { seq, at, entry });
        drop(rows);
        self.latest
            .send_modify(|latest| *latest = (*latest).max(seq));
    }

    /// Records that notifications go to another site than the demo shop.
    pub(crate) fn set_external(&self) {
        self.is_external.store(true, Ordering::Relaxed);
    }

    /// Adds a delivery to another site; the demo shop adds its own.
    pub(crate) fn add_external(&self, delivery: Entry) {
        if self.is_external.load(Ordering::Relaxed) {
            self.add(delivery);
        }
    }

    /// Ends every stream, so that the server can stop.
    pub fn end(&self) {
        self.latest.send_replace(END);
    }

    fn rows(&self) -> MutexGuard<'_, VecDeque<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self, seq: u64) -> Vec<Row> {
        self.rows()
            .iter()
            .filter(|row| row.seq > seq)
            .cloned()
            .collect()
    }

    /// Streams the rows after number `seen`, then new ones.
    fn follow(&self, seen: u64) -> impl Stream<Item = Row> + use<> {
        let start = (self.clone(), self.latest.subscribe(), seen);
        stream::unfold(start, |(activity, mut latest, seen)| async move {
            let now = *latest.wait_for(|latest| *latest > seen).await.ok()?;
            if now == END {
                return None;
            }
            let rows = activity.after(seen);
            let seen = rows.last().map_or(now, |row| row.seq);
            Some((stream::iter(rows), (activity, latest, seen)))
        })
        .flatten()
    }
}

/// `GET /dev/activity`: the rows as server-sent events.
pub(crate) async fn stream_rows(
    State(activity): State<Activity>,
    headers: HeaderMap,
) -> impl IntoResponse {
    let seen = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    let events = activity.follow(seen).map(|row| {
        let data = serde_json::to_string(&row).unwrap_or_default();
        Ok::<_, Infallible>(Event::default().id(row.seq.to_string()).data(data))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_push_out_decisions_alone() {
        let activity = Activity::default();
        activity.add(Entry::new(Source::Shop, "first"));
        for _ in 0..=KEPT {
            activity.add(Entry::of_decision(AuditRecord::default()));
        }
        activity.add(Entry::new(Source::Shop, "last"));

        let rows = activity.after(0);

        let (others, decided): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| row.entry.decision.is_none());
        assert_eq!(others.len(), 2);
        assert_eq!(decided.len(), KEPT);
        assert_eq!(decided[0].seq, 3, "the oldest decision left");
    }
}
