//! Folds the looks of one process: events that arrive while a look is under way cause one more
//! look, and not one each.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex as Lock, MutexGuard};

/// The looks under way, by the id of what they look at.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<String, Arc<Flight>>>);

/// The looks at one object, one at a time.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// The number of looks that began.
    begun: AtomicU64,
    /// The number of the latest look that succeeded.
    landed: Lock<u64>,
}

/// The turn of one caller, during which no other look at the object is under way.
pub(super) struct Turn<'a> {
    /// The number of looks that had begun when the caller arrived.
    seen: u64,
    number: u64,
    landed: MutexGuard<'a, u64>,
}

impl Flights {
    /// The looks at the object with `id`.
    pub(super) fn of(&self, id: &str) -> Arc<Flight> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, flight| Arc::strong_count(flight) > 1);
        Arc::clone(all.entry(id.to_owned()).or_default())
    }
}

impl Flight {
    /// Waits for the looks that began earlier.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let seen = self.begun.load(Ordering::SeqCst);
        let landed = self.landed.lock().await;
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        Turn {
            seen,
            number,
            landed,
        }
    }
}

impl Turn<'_> {
    /// True when a look succeeded that began after the caller arrived.
    pub(super) fn is_covered(&self) -> bool {
        *self.landed > self.seen
    }

    /// Records that the look succeeded.
    pub(super) fn landed(mut self) {
        *self.landed = self.number;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    /// Looks once, unless a look covers it; waits for `until` while it looks.
    async fn look(flights: Arc<Flights>, looks: Arc<AtomicUsize>, until: Arc<Notify>, ok: bool) {
        let flight = flights.of("sub_1");
        let turn = flight.turn().await;
        if turn.is_covered() {
            return;
        }
        looks.fetch_add(1, Ordering::SeqCst);
        until.notified().await;
        if ok {
            turn.landed();
        }
    }

    async fn looks_of_ten_during_one(ok: bool) -> usize {
        let flights = Arc::new(Flights::default());
        let (looks, until) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let spawn = || tokio::spawn(look(flights.clone(), looks.clone(), until.clone(), ok));
        let mut tasks = vec![spawn()];
        while looks.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        tasks.extend((0..10).map(|_| spawn()));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        // All have arrived.
        while !tasks.iter().all(tokio::task::JoinHandle::is_finished) {
            until.notify_one();
            tokio::task::yield_now().await;
        }
        assert!(flights.0.lock().unwrap().len() <= 1);
        looks.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn ten_events_during_a_look_cause_one_more() {
        assert_eq!(looks_of_ten_during_one(true).await, 2);
    }

    #[tokio::test]
    async fn a_look_that_failed_covers_nobody() {
        assert_eq!(looks_of_ten_during_one(false).await, 11);
    }

    #[tokio::test]
    async fn another_object_does_not_wait() {
        let flights = Flights::default();
        let (one, two) = (flights.of("sub_1"), flights.of("sub_2"));
        let _turn = one.turn().await;
        assert!(!two.turn().await.is_covered());
    }
}
