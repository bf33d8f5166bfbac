//! Timers of objects: sessions expire, bank debits and refunds end, subscriptions renew.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

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

/// The timers of the objects of one test clock, in Unix seconds.
///
/// Those of one second run by the rank of their kind, then in the order of their first timer.
#[derive(Debug, Default)]
pub(crate) struct Timetable {
    due: BTreeSet<(u64, u8, usize, String)>,
    known: HashMap<String, usize>,
}

impl Timetable {
    /// Sets a timer of an object; a second one for the same second has no effect.
    pub(crate) fn schedule(&mut self, at: u64, rank: u8, id: &str) {
        let next = self.known.len();
        let number = *self.known.entry(id.to_owned()).or_insert(next);
        self.due.insert((at, rank, number, id.to_owned()));
    }

    /// Takes the earliest timer that is due at `now`: its time and its object.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<(u64, String)> {
        let first = self.due.first().filter(|(at, ..)| *at <= now)?.clone();
        self.due.remove(&first);
        Some((first.0, first.3))
    }
}

#[cfg(test)]
mod tests {
    use super::Timetable;

    #[test]
    fn timers_of_one_second_run_by_rank_and_then_in_order_of_their_objects() {
        let mut timetable = Timetable::default();
        for (at, rank, id) in [
            (9, 1, "sub_z"),
            (5, 2, "in_a"),
            (5, 1, "sub_z"),
            (5, 1, "sub_a"),
            (5, 1, "sub_z"),
        ] {
            timetable.schedule(at, rank, id);
        }

        let due = std::iter::from_fn(|| timetable.pop_due(8));
        let due: Vec<(u64, String)> = due.collect();
        let expected = [(5, "sub_z"), (5, "sub_a"), (5, "in_a")];
        assert_eq!(due, expected.map(|(at, id)| (at, id.to_owned())));
        assert_eq!(timetable.pop_due(9), Some((9, "sub_z".to_owned())));
    }
}
