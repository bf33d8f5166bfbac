//! What happens, as it happens: rows that the page shows as they come.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// So many rows are kept for a page that opens late.
const KEPT: usize = 300;

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A call of the shop's page to a function.
    Shop,
    /// A call to Stripe.
    Stripe,
    /// An event that arrived at the webhook.
    Webhook,
    /// A message that was delivered to the site.
    Fulfil,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    seq: u64,
    at: u128,
    source: Source,
    title: String,
    ok: bool,
    detail: String,
    order_id: Option<String>,
}

/// The rows so far, and whoever waits for the next.
#[derive(Clone, Debug)]
pub struct Activity {
    rows: Arc<Mutex<VecDeque<Row>>>,
    /// The number of the latest row; it ends with the server.
    latest: watch::Sender<u64>,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            rows: Arc::default(),
            latest: watch::Sender::new(0),
        }
    }
}

/// The number that tells readers that no row will follow.
const END: u64 = u64::MAX;

impl Activity {
    /// Notes what happened.
    pub fn note(
        &self,
        source: Source,
        title: impl Into<String>,
        ok: bool,
        detail: impl Into<String>,
        order_id: Option<String>,
    ) {
        let mut rows = self.rows();
        let seq = rows.back().map_or(1, |row| row.seq + 1);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        rows.push_back(Row {
            seq,
            at: since.map_or(0, |since| since.as_millis()),
            source,
            title: title.into(),
            ok,
            detail: detail.into(),
            order_id,
        });
        if rows.len() > KEPT {
            rows.pop_front();
        }
        drop(rows);
        self.latest
            .send_modify(|latest| *latest = (*latest).max(seq));
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

    /// The rows after number `seen`, then each as it comes.
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
