//! Timers of objects: sessions expire, bank debits and refunds end.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::sync::Notify;

/// The ids of the objects with timers, the earliest first.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    due: BTreeSet<(u64, String)>,
    changed: Arc<Notify>,
}

impl Scheduler {
    /// Sets an object's timer to a time in milliseconds since 1970.
    pub(crate) fn schedule(&mut self, at: u64, id: &str) {
        self.due.insert((at, id.to_owned()));
        self.changed.notify_one();
    }

    /// Takes the earliest object that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<String> {
        let first = self.due.first().filter(|(at, _)| *at <= now)?.clone();
        self.due.remove(&first);
        Some(first.1)
    }

    /// The time until the next timer is due; `None` without timers.
    pub(crate) fn until_next(&self, now: u64) -> Option<Duration> {
        let (at, _) = self.due.first()?;
        Some(Duration::from_millis(at.saturating_sub(now)))
    }

    /// Notified by every [`Scheduler::schedule`].
    pub(crate) fn changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }
}
