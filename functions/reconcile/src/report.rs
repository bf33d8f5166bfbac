//! The report of a run.

use std::fmt;

use serde::Serialize;
use shared::{processor::Outcome, store::Accepted};

use crate::time_range::TimeRange;

/// The report of one run; it counts events, but for the pages, the expired orders and the callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Pages that Stripe returned.
    pub pages: usize,
    /// All events on them.
    pub events: usize,
    /// New to the database: they updated an order, or went to the outbox.
    pub applied: usize,
    /// Already in the database.
    pub seen: usize,
    /// Without effect on any order.
    pub ignored: usize,
    /// New to the database, and quarantined for an operator.
    pub quarantined: usize,
    /// Of the other mode, test or live.
    pub other_mode: usize,
    /// Of other deployments on the same account.
    pub other_deployment: usize,
    /// Of connected accounts that the settings do not name.
    pub other_account: usize,
    /// Unpaid orders that expired, since their time was over.
    pub expired: usize,
    /// Callers whose access ended with the grace for a missing payment.
    pub lapsed: usize,
    /// True when the whole list was processed; else the next run goes on, or `rest` must be
    /// requested.
    pub complete: bool,
    /// The rest of a time range that was requested by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<TimeRange>,
}

impl Report {
    /// The events that Stripe had not delivered.
    #[must_use]
    pub fn found(&self) -> usize {
        self.applied + self.quarantined
    }

    pub(crate) fn count(&mut self, outcome: Outcome) {
        self.events += 1;
        let count = match outcome {
            Outcome::OtherMode => &mut self.other_mode,
            Outcome::OtherDeployment => &mut self.other_deployment,
            Outcome::OtherAccount => &mut self.other_account,
            Outcome::Store(Accepted::Applied) => &mut self.applied,
            Outcome::Store(Accepted::Duplicate) => &mut self.seen,
            Outcome::Store(Accepted::Quarantined) => &mut self.quarantined,
            Outcome::Store(_) => &mut self.ignored,
        };
        *count += 1;
    }

    /// Logs the run, so that the operator sees when the webhook missed events. Of a failed run it
    /// logs only the counts; its caller reports the cause.
    pub(crate) fn log(&self, is_through: bool) {
        let Self {
            pages,
            events,
            seen,
            ignored,
            ..
        } = self;
        match self.found() {
            0 if !is_through => {}
            0 => tracing::info!(pages, events, seen, ignored, "the webhook missed no event"),
            found => tracing::warn!(
                pages,
                events,
                seen,
                ignored,
                metric.reconciled = found,
                "reconcile processed events that the webhook missed: look at the endpoint in \
                 Stripe's dashboard"
            ),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events on {} pages: {} applied, {} seen before, {} ignored, {} quarantined",
            self.events, self.pages, self.applied, self.seen, self.ignored, self.quarantined
        )?;
        if self.expired > 0 {
            write!(f, ", {} orders expired", self.expired)?;
        }
        if self.lapsed > 0 {
            write!(f, ", the grace of {} callers is over", self.lapsed)?;
        }
        if self.other_mode > 0 {
            write!(f, ", {} of the other mode", self.other_mode)?;
        }
        if self.other_deployment > 0 {
            write!(f, ", {} of other deployments", self.other_deployment)?;
        }
        if self.other_account > 0 {
            write!(f, ", {} of connected accounts", self.other_account)?;
        }
        match (self.complete, self.rest) {
            (true, _) => Ok(()),
            (false, None) => f.write_str("; the next run goes on"),
            (false, Some(rest)) => write!(f, "; left: {rest}"),
        }
    }
}
