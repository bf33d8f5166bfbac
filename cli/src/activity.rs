//! What happens, as it happens: rows that the page shows as they come.

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

use crate::{
    exchange::{Answered, Sent},
    mask,
};

/// So many rows are kept for a page that opens late, and as many decisions: the page reads its
/// order again and again, which would else push everything out.
const KEPT: usize = 300;

/// Why something was decided about an object that is there, so that its name is ours.
const FOUND: [&str; 3] = ["owner", "any", "limit"];

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
    /// A run that asked Stripe for missed events.
    Reconcile,
    /// An order whose state changed.
    Order,
    /// A message that was delivered to the site.
    Notify,
    /// A decision about a caller, as a function recorded it.
    Audit,
}

/// Who wanted what, and whether and why it was allowed; the words are those of `docs/security.md`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditRecord {
    /// The caller's alias.
    pub(crate) who: String,
    /// With commas between.
    pub(crate) roles: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) allowed: bool,
    pub(crate) why: String,
    pub(crate) request_id: Option<String>,
}

/// What is told of one thing that happened; no secret is kept of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    source: Source,
    title: String,
    ok: bool,
    detail: String,
    order_id: Option<String>,
    event_id: Option<String>,
    intents: Option<usize>,
    request: Option<Sent>,
    response: Option<Answered>,
    decision: Option<AuditRecord>,
}

impl Note {
    /// Something that went well.
    pub fn new(source: Source, title: impl AsRef<str>) -> Self {
        Self {
            source,
            title: mask::text(title.as_ref()),
            ok: true,
            detail: String::new(),
            order_id: None,
            event_id: None,
            intents: None,
            request: None,
            response: None,
            decision: None,
        }
    }

    /// A decision. Its object is searched for secrets where it may be any word that the caller
    /// sent.
    pub(crate) fn of_decision(decision: AuditRecord) -> Self {
        let object = match FOUND.contains(&decision.why.as_str()) {
            true => decision.object,
            false => mask::text(&decision.object),
        };
        let note = Self::new(Source::Audit, &decision.action).ok(decision.allowed);
        let decision = Some(AuditRecord { object, ..decision });
        Self { decision, ..note }
    }

    /// Whether it went well.
    #[must_use]
    pub fn ok(self, ok: bool) -> Self {
        Self { ok, ..self }
    }

    /// A line about how it went.
    #[must_use]
    pub fn detail(self, detail: impl AsRef<str>) -> Self {
        let detail = mask::text(detail.as_ref());
        Self { detail, ..self }
    }

    /// The order that it is about. Of what went wrong the id is searched for secrets: whoever sends
    /// an unsigned event chooses it. Of the rest it stays whole, since the page counts by it.
    #[must_use]
    pub fn order(self, id: Option<String>) -> Self {
        let order_id = match self.ok {
            true => id,
            false => id.map(|id| mask::text(&id)),
        };
        Self { order_id, ..self }
    }

    /// A message of type `kind` and what became of it; `cause` says why it was not delivered.
    #[must_use]
    pub(crate) fn of_delivery(
        kind: &str,
        id: &str,
        order: Option<String>,
        cause: Option<&str>,
    ) -> Self {
        let detail = match cause {
            None => format!("{id} · delivered to your site"),
            Some(cause) => format!("{id} · not delivered: {cause}"),
        };
        Self::new(Source::Notify, kind)
            .ok(cause.is_none())
            .detail(detail)
            .order(order)
    }

    /// The event that it is about.
    #[must_use]
    pub fn event(self, id: Option<&str>) -> Self {
        let event_id = id.map(mask::text);
        Self { event_id, ..self }
    }

    /// How many payment intents the order has at Stripe now.
    #[must_use]
    pub fn intents(self, intents: Option<usize>) -> Self {
        Self { intents, ..self }
    }

    /// What was sent.
    #[must_use]
    pub fn request(self, sent: Sent) -> Self {
        let request = Some(sent);
        Self { request, ..self }
    }

    /// What was answered.
    #[must_use]
    pub fn answer(self, answered: Answered) -> Self {
        let response = Some(answered);
        Self { response, ..self }
    }
}

/// A note with its number and time.
#[derive(Clone, Debug, Serialize)]
struct Row {
    seq: u64,
    /// In milliseconds since 1970.
    at: u128,
    #[serde(flatten)]
    note: Note,
}

/// The rows so far, and whoever waits for the next.
#[derive(Clone, Debug)]
pub struct Activity {
    rows: Arc<Mutex<VecDeque<Row>>>,
    /// The number of the latest row; it ends with the server.
    latest: watch::Sender<u64>,
    /// Whether messages go to another site than the demo shop.
    is_elsewhere: Arc<AtomicBool>,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            rows: Arc::default(),
            latest: watch::Sender::new(0),
            is_elsewhere: Arc::default(),
        }
    }
}

/// The number that tells readers that no row will follow.
const END: u64 = u64::MAX;

impl Activity {
    /// Notes what happened.
    pub fn note(&self, note: Note) {
        let mut rows = self.rows();
        let seq = rows.back().map_or(1, |row| row.seq + 1);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let at = since.map_or(0, |since| since.as_millis());
        let is_alike = |row: &Row| row.note.decision.is_some() == note.decision.is_some();
        if rows.iter().filter(|row| is_alike(row)).count() >= KEPT {
            let oldest = rows.iter().position(is_alike);
            oldest.and_then(|oldest| rows.remove(oldest));
        }
        rows.push_back(Row { seq, at, note });
        drop(rows);
        self.latest
            .send_modify(|latest| *latest = (*latest).max(seq));
    }

    /// From here on messages go to another site than the demo shop.
    pub(crate) fn deliver_elsewhere(&self) {
        self.is_elsewhere.store(true, Ordering::Relaxed);
    }

    /// Notes a delivery, if it went to another site: the demo shop notes its own.
    pub(crate) fn note_elsewhere(&self, delivery: Note) {
        if self.is_elsewhere.load(Ordering::Relaxed) {
            self.note(delivery);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_push_out_decisions_alone() {
        let activity = Activity::default();
        activity.note(Note::new(Source::Shop, "first"));
        for _ in 0..=KEPT {
            activity.note(Note::of_decision(AuditRecord::default()));
        }
        activity.note(Note::new(Source::Shop, "last"));

        let rows = activity.after(0);

        let (told, decided): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| row.note.decision.is_none());
        assert_eq!(told.len(), 2);
        assert_eq!(decided.len(), KEPT);
        assert_eq!(decided[0].seq, 3, "the oldest decision left");
    }
}
