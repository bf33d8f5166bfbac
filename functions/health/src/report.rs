//! The numbers, and the thresholds of a healthy deployment.
//!
//! | problem | threshold |
//! |---|---|
//! | `outbox_late` | the oldest notification waits for [`LATE`] seconds |
//! | `dead_letters` | a notification was given up, and not redriven |
//! | `quarantined` | an event was quarantined within the last [`RECENT`] seconds |
//! | `reconcile_late` | `reconcile` did not succeed within `FAREBOX_RECONCILE_LATE`, or never |

use std::{collections::HashMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    Error,
    store::{self, OutboxSize, QuarantineSize, RECONCILE, RECONCILED_AT, Store, StoreError},
};
use utoipa::ToSchema;

/// The seconds that a notification may wait: `notify` runs each minute.
pub const LATE: i64 = 5 * 60;
/// The seconds for which a quarantined event counts: the quarantine keeps it as a record.
pub const RECENT: i64 = 24 * 60 * 60;

/// The health of the deployment. Times are in Unix seconds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Health)]
pub struct Report {
    /// The thresholds that are passed; empty with status 200.
    pub problems: Vec<Problem>,
    /// The notifications that wait for their delivery, or for a further attempt.
    due: Count,
    /// The notifications that were given up.
    dead_lettered: Count,
    /// The quarantined events, also those that were released.
    quarantined: Count,
    /// The age of the oldest waiting notification, in seconds; `null` if none waits. On DynamoDB
    /// it considers the 25 that are due next.
    #[schema(required)]
    oldest_due_seconds: Option<i64>,
    /// The arrival of the event that was quarantined last; `null` without one.
    #[schema(required)]
    last_quarantined_at: Option<i64>,
    /// The time of the latest success of `reconcile`; `null` if it never ran.
    #[schema(required)]
    reconciled_at: Option<i64>,
    /// The cursor of `reconcile`: all events that Stripe created before this time were processed.
    #[schema(required)]
    reconciled_until: Option<i64>,
}

/// A number that is counted to 100.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Count {
    /// The number, at most 100.
    number: u32,
    /// True when there are more than 100.
    is_capped: bool,
}

/// A threshold that is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthProblem)]
#[non_exhaustive]
pub enum Problem {
    /// The oldest notification waits for too long.
    OutboxLate,
    /// A notification was given up.
    DeadLetters,
    /// An event was quarantined lately.
    Quarantined,
    /// `reconcile` does not run, or fails.
    ReconcileLate,
}

/// The place that `reconcile` reached in Stripe's events.
#[derive(Deserialize)]
struct Reached {
    from: i64,
}

impl Report {
    /// Reads the numbers at `now`. `reconcile` is late when it did not succeed within
    /// `reconcile_late`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn read(
        store: &Store,
        reconcile_late: Duration,
        now: i64,
    ) -> Result<Self, StoreError> {
        let (outbox, oldest, quarantine, reconciled_at, cursor) = tokio::try_join!(
            store.outbox_size(),
            store.oldest_undelivered(),
            store.quarantine_size(),
            store.cursor(RECONCILED_AT),
            store.cursor(RECONCILE),
        )?;
        let OutboxSize { due, dead_lettered } = outbox;
        let QuarantineSize {
            quarantined,
            latest,
        } = quarantine;
        let mut report = Self {
            problems: Vec::new(),
            due: Count::of(due),
            dead_lettered: Count::of(dead_lettered),
            quarantined: Count::of(quarantined),
            oldest_due_seconds: oldest.map(|since| (now - since).max(0)),
            last_quarantined_at: latest,
            reconciled_at: reconciled_at.and_then(|at| at.parse().ok()),
            reconciled_until: cursor.as_deref().and_then(reached),
        };
        report.problems = report.problems_at(reconcile_late, now);
        Ok(report)
    }

    /// The report, if no threshold is passed.
    ///
    /// # Errors
    ///
    /// [`Error::Unhealthy`] with the numbers.
    pub fn if_healthy(self) -> Result<Self, Error> {
        if self.problems.is_empty() {
            return Ok(self);
        }
        let Ok(Value::Object(numbers)) = serde_json::to_value(&self) else {
            return Err(Error::Internal("a report is an object".into()));
        };
        let problems = self.problems.iter().map(|problem| problem.text());
        let problems: Vec<&str> = problems.collect();
        Err(Error::Unhealthy(problems.join("; "), numbers))
    }

    fn problems_at(&self, reconcile_late: Duration, now: i64) -> Vec<Problem> {
        let is_recent = |at: Option<i64>, within: i64| at.is_some_and(|at| now - at < within);
        let reconcile_late = i64::try_from(reconcile_late.as_secs()).unwrap_or(i64::MAX);
        let all = [
            (
                Problem::OutboxLate,
                self.oldest_due_seconds.is_some_and(|age| age >= LATE),
            ),
            (Problem::DeadLetters, self.dead_lettered.number > 0),
            (
                Problem::Quarantined,
                is_recent(self.last_quarantined_at, RECENT),
            ),
            (
                Problem::ReconcileLate,
                !is_recent(self.reconciled_at, reconcile_late),
            ),
        ];
        let passed = all.into_iter().filter(|(_, is_passed)| *is_passed);
        passed.map(|(problem, _)| problem).collect()
    }
}

impl Problem {
    fn text(self) -> &'static str {
        match self {
            Self::OutboxLate => "notifications are late",
            Self::DeadLetters => "notifications were given up",
            Self::Quarantined => "an event was quarantined",
            Self::ReconcileLate => "reconcile does not run, or fails",
        }
    }
}

impl Count {
    fn of(count: store::Count) -> Self {
        Self {
            number: count.number,
            is_capped: count.is_capped,
        }
    }
}

/// The start of the next window in the cursor of `reconcile`, under the name of the cursor's kind.
fn reached(cursor: &str) -> Option<i64> {
    let kinds: HashMap<String, Reached> = serde_json::from_str(cursor).ok()?;
    kinds.into_values().next().map(|reached| reached.from)
}
