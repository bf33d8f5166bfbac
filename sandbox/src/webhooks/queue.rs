//! The queue between the dispatcher and the senders.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::{endpoint::Payload, event, store::text};

/// Events for one endpoint, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The delay before the first event.
    pub(crate) delay: Duration,
    pub(crate) jobs: Vec<Job>,
}

/// One event for one endpoint.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) message: Message,
    /// The endpoint's id.
    pub(crate) endpoint: String,
    /// True to send it once, with an invalid signature.
    pub(crate) forged: bool,
    pub(crate) _pending: Pending,
}

/// Counts a delivery as pending while it lives.
#[derive(Debug)]
pub(crate) struct Pending(watch::Sender<usize>);

impl Pending {
    pub(crate) fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// An event in its wire format.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) kind: String,
    snapshot: Bytes,
    thin: Bytes,
}

impl Message {
    /// Indented like Stripe's bodies: a receiver that verifies re-serialised JSON fails.
    pub(super) fn of(event: &Value) -> Self {
        let (id, kind) = (text(event, "id").to_owned(), text(event, "type").to_owned());
        let snapshot = format!("{event:#}").into();
        let thin = format!("{:#}", event::thin(event)).into();
        Self {
            id,
            kind,
            snapshot,
            thin,
        }
    }

    /// The body for an endpoint.
    pub(crate) fn body(&self, payload: Payload) -> Bytes {
        match payload {
            Payload::Snapshot => self.snapshot.clone(),
            Payload::Thin => self.thin.clone(),
        }
    }
}
