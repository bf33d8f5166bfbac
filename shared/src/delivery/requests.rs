//! Delivers within requests, on Vercel: no process runs between requests there, and the schedule
//! may call once a day.
//!
//! Nothing depends on these attempts. What they do not deliver stays in the outbox, and `notify`
//! or a later request delivers it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::try_join_all;
use tokio::time::{Instant, timeout_at};

use super::{Deliverer, Report, Settings};
use crate::{
    Clock,
    cause::causes,
    store::{Store, StoreError},
};

/// The longest delay of an answer whose request appended messages.
const OWN: Duration = Duration::from_secs(3);
/// The longest delay of an answer by other messages.
const SWEEP: Duration = Duration::from_secs(1);
/// The part of both for the database, which records the outcome.
const RECORDING: Duration = Duration::from_millis(200);
/// The most messages of a sweep.
const MOST: u32 = 5;
/// The seconds without a sweep after a failed delivery: on a site that hangs, requests of a process
/// wait once a minute.
const PAUSE: i64 = 60;

/// Delivers within the requests of a function, or not at all; cheap to clone, and all clones share
/// when a delivery failed.
#[derive(Clone, Debug)]
pub struct RequestDelivery {
    /// `None` where another process delivers.
    deliverer: Option<Deliverer>,
    clock: Clock,
    /// The end of the present pause, in Unix seconds.
    paused_until: Arc<AtomicI64>,
}

impl RequestDelivery {
    /// Assembles existing parts; without `settings` nothing is delivered.
    #[must_use]
    pub fn new(settings: Option<&Settings>, store: &Store, clock: &Clock) -> Self {
        let deliverer = |settings| Deliverer::new(settings, store.clone(), clock.clone());
        Self {
            deliverer: settings.map(deliverer),
            clock: clock.clone(),
            paused_until: Arc::default(),
        }
    }

    /// Delivers `messages`, which this request appended, then others that are due.
    pub async fn deliver(&self, messages: &[String]) {
        let Some(deliverer) = &self.deliverer else {
            return;
        };
        let end = Instant::now() + OWN;
        let all = async {
            let each = messages
                .iter()
                .map(|id| deliverer.deliver_one(id, left_until(end)));
            let reports = try_join_all(each).await?;
            Ok(reports.into_iter().fold(Report::default(), Report::and))
        };
        if self.attempt(end, all).await {
            self.sweep_until(end).await;
        }
    }

    /// Delivers a few messages that are due, if the last delivery of this process did not just
    /// fail.
    pub async fn sweep(&self) {
        self.sweep_until(Instant::now() + SWEEP).await;
    }

    async fn sweep_until(&self, end: Instant) {
        let Some(deliverer) = &self.deliverer else {
            return;
        };
        if self.clock.now() < self.paused_until.load(Ordering::Relaxed) {
            return;
        }
        let end = end.min(Instant::now() + SWEEP);
        let due = deliverer.deliver_due(MOST, left_until(end));
        self.attempt(end, due).await;
    }

    /// Waits for `work` until `end`; returns true when nothing failed. A failure begins a pause,
    /// and a delivery ends it.
    async fn attempt(
        &self,
        end: Instant,
        work: impl Future<Output = Result<Report, StoreError>>,
    ) -> bool {
        let report = match timeout_at(end, work).await {
            Ok(Ok(report)) => report,
            Ok(Err(failure)) => {
                let cause = causes(&failure);
                tracing::warn!(cause, "a request could not deliver the outbox: {failure}");
                return self.pause();
            }
            Err(_) => {
                tracing::warn!("a request had no time left to deliver the outbox");
                return self.pause();
            }
        };
        if report.delayed + report.dead_lettered > 0 {
            return self.pause();
        }
        if report.delivered > 0 {
            self.paused_until.store(0, Ordering::Relaxed);
        }
        true
    }

    fn pause(&self) -> bool {
        let end = self.clock.now() + PAUSE;
        self.paused_until.store(end, Ordering::Relaxed);
        false
    }
}

/// The time for deliveries that are recorded by `end`.
fn left_until(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now() + RECORDING)
}
