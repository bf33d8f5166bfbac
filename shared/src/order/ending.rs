//! Orders that end unpaid: a caller cancels them, or their time runs out.
//!
//! The caller closes the open payment at Stripe first. The database then records the end on the
//! condition that no payment is open. Money that arrives all the same counts: the order is paid.

use super::{Order, Status, payment::Applied};
use crate::event::{CancelReason, Ending, Event};

impl Order {
    /// The time after which the order may not be paid any more, in Unix seconds.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.revision().contents.expires_at()
    }

    /// True when the order may not be paid any more at `now`, since its time ran out.
    pub(super) fn is_overdue(&self, now: i64) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    /// Returns true when the order's time ran out: it ended so, or is to, at `now`.
    #[must_use]
    pub fn has_expired(&self, now: i64) -> bool {
        self.ended == Some(Ending::Expired) || self.is_overdue(now)
    }

    /// The time at which the order is to expire: that of an unpaid order whose payer is not known
    /// to have done their part.
    #[must_use]
    pub fn deadline(&self) -> Option<i64> {
        let is_open = self.status().is_open() && self.awaited().is_none();
        self.expires_at().filter(|_| is_open)
    }

    /// Returns true when the order may yet have a deadline: its payment is under way, or open.
    #[must_use]
    pub fn may_expire(&self) -> bool {
        let status = self.status();
        let is_under_way = matches!(status, Status::Processing | Status::Authorized);
        self.expires_at().is_some() && (is_under_way || status.is_open())
    }

    /// The reason for which a caller canceled the order, if they named one.
    #[must_use]
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        match self.ended {
            Some(Ending::Canceled(reason)) if self.status() == Status::Canceled => reason,
            _ => None,
        }
    }

    /// The event that the order ends so, at `now` (Unix seconds). Of the same state of the order it
    /// has the same id.
    pub(crate) fn ended(&self, ending: Ending, now: i64) -> Event {
        let status = self.status().as_str();
        let state = format!("{status} {} {}", self.updated_at, self.attempt_number());
        Event::ended(self.id.as_str(), &state, ending, now)
    }

    /// Ends an unpaid order without an open payment. A canceled order cannot expire, and one that
    /// the site signed anew meanwhile is not overdue.
    pub(super) fn apply_ending(&mut self, ending: Ending, now: i64) -> Applied {
        let is_superseded = match (ending, self.ended) {
            (_, Some(Ending::Canceled(_))) | (Ending::Expired, Some(Ending::Expired)) => true,
            (Ending::Expired, None) => !self.is_overdue(now),
            (Ending::Canceled(_), _) => false,
        };
        let is_paid = self.facts.paid_at().is_some();
        if is_paid || is_superseded || self.active_payment().is_some() {
            return Applied::Nothing;
        }
        self.ended = Some(ending);
        ().into()
    }
}
