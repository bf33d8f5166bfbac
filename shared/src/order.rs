//! An order and its state machine; pure.
//!
//! An order consists of its offers (its [`Revision`]s) and of Stripe's reports (its facts). Facts
//! are merged, never overwritten: each is a maximum, a set, or a map of such. So any sequence of
//! the same events, repeated or reordered, leaves the same order. The [`Status`] is derived from
//! them and never stored as a decision. Beside the facts are the refund requests (`refunds`), whose
//! amounts are reserved before the call to Stripe.
//!
//! Read `apply` first: it passes each object to the module of its name (`payment`, `disputes`,
//! `refunds`, `warnings`), which records it in `facts`. Then `status` derives the status. `view` is
//! the order as callers read it.

mod active_payment;
mod apply;
mod authorization;
mod awaited;
mod details;
mod disputes;
mod ending;
mod facts;
mod first_invoice;
mod future_usage;
mod invoice_order;
mod lines;
mod off_session;
mod payer;
mod payment;
mod record;
mod recurring;
mod refund_facts;
mod refunds;
mod signed_payer;
mod status;
mod totals;
mod view;
mod warnings;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

pub use active_payment::{
    ActivePayment, MAX_ATTEMPTS, PaymentUpdate, Session, is_cancellation_by_stripe,
    is_our_cancellation,
};
pub use apply::{Mismatch, OrderEvent, Transition};
pub use authorization::{CaptureMethod, CaptureRequest};
pub use awaited::{Awaited, AwaitedKind};
pub use details::{InvalidDetails, OrderDetails, OrderId};
pub use disputes::DisputeRecord;
pub use future_usage::FutureUsage;
pub use lines::{LineItem, LineTax, OrderItem};
pub use off_session::OffSession;
pub use payer::{OrderPayer, Shipping};
pub(crate) use payment::IntentKeys;
pub use record::{RefundRecord, RefundState};
pub use recurring::{ItemInterval, Recurring};
pub use refund_facts::RefundStatus;
pub(crate) use refunds::RefundKeys;
pub use refunds::{RefundKey, RefundReason, RefundRejection, RefundRequest};
pub use signed_payer::SignedPayer;
pub use status::Status;
pub use totals::{OrderAmounts, Totals};
pub use view::OrderView;
pub use warnings::{WarningKind, WarningRecord};

use self::{active_payment::Closed, facts::Facts};
use crate::{event::Ending, ids::CallerId};

/// The most revisions kept; each is a change of an unpaid order.
const MAX_REVISIONS: usize = 50;
/// The most callers who may own one order in turn.
const MAX_OWNERS: usize = 50;

/// The most failed charges of an order that are counted apart.
pub const MAX_FAILED_CHARGES: usize = facts::MAX_FAILED_CHARGES;

/// One order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    id: OrderId,
    owner: CallerId,
    /// The aliases of the previous owners, each once: payments may still name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previous_owners: Vec<String>,
    /// True when the active payment was opened for a previous owner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_of_previous_owner: bool,
    /// The payment intent of the site's own form, while it is the active payment.
    intent: Option<String>,
    /// The Checkout Session, while it is the active payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    /// True while Farebox closes the active payment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_closing: bool,
    /// The closed attempts, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed: Vec<Closed>,
    /// The first offer.
    first: Revision,
    /// The later offers, each once.
    later: Vec<Revision>,
    /// The index of the current revision; 0 is the first.
    current: usize,
    /// The number of changes of the current revision.
    changes: u32,
    facts: Facts,
    /// The end of an unpaid order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Ending>,
    /// The latest requested capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capture: Option<CaptureRequest>,
    /// The refund requests, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refund_requests: Vec<RefundRequest>,
    /// True where nobody placed the order: it stands for an invoice of a subscription.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_of_invoice: bool,
    created_at: i64,
    updated_at: i64,
}

/// One offer. A payment may match any revision, since the payer may have confirmed just before a
/// change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// A hash that identifies the contents; the intent's metadata names it.
    pub digest: String,
    /// The offered contents.
    pub contents: OrderDetails,
}

/// The reason why an order does not take new contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviseError {
    /// It is paid, or was.
    Paid,
    /// A payment is processing.
    Processing,
    /// It was canceled.
    Canceled,
    /// Its time ran out.
    Expired,
    /// The site signed newer contents than these.
    Newer,
    /// The site signed other contents at the same time, or as the same version.
    SignedAtOnce,
    /// A subscription pays the one, and a single payment the other.
    OtherMode,
    /// It changed too often.
    TooManyRevisions,
}

impl Order {
    /// Creates an order of `owner` with `contents` at `now` (Unix seconds).
    #[must_use]
    pub fn new(id: OrderId, owner: CallerId, contents: OrderDetails, now: i64) -> Self {
        Self {
            id,
            owner,
            previous_owners: Vec::new(),
            is_of_previous_owner: false,
            intent: None,
            session: None,
            is_closing: false,
            closed: Vec::new(),
            first: Revision::of(contents),
            later: Vec::new(),
            current: 0,
            changes: 0,
            facts: Facts::default(),
            ended: None,
            capture: None,
            refund_requests: Vec::new(),
            is_of_invoice: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// The order's id.
    #[must_use]
    pub fn id(&self) -> &OrderId {
        &self.id
    }

    /// The caller who owns it.
    #[must_use]
    pub fn owner(&self) -> &CallerId {
        &self.owner
    }

    /// The payment intent that paid; before that, the active one of the site's own form.
    #[must_use]
    pub fn intent(&self) -> Option<&str> {
        self.facts.paid_by().or(self.intent.as_deref())
    }

    /// The current revision; of a paid or authorized order, that of the payment.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        let paid = self.facts.paid_digest();
        let authorized = self.authorization().map(|one| one.revision);
        self.revisions()
            .find(|revision| Some(revision.digest.as_str()) == paid)
            .or(self.revisions().nth(authorized.unwrap_or(self.current)))
            .unwrap_or(&self.first)
    }

    /// The contents with this digest, where the order offered them.
    pub(crate) fn offered(&self, digest: &str) -> Option<&OrderDetails> {
        let mut revisions = self.revisions();
        let found = revisions.find(|revision| revision.digest == digest);
        found.map(|revision| &revision.contents)
    }

    /// All revisions, in order of their first offer.
    fn revisions(&self) -> impl Iterator<Item = &Revision> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// The number of changes of the current revision: it tells two changes to the same contents
    /// apart.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// The status, derived from the facts.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.facts, self.ended, self.attempt_status(), self.total())
    }

    /// The pending step of a payment that ends long after the payer left, if any.
    #[must_use]
    pub fn awaited(&self) -> Option<Awaited> {
        match self.status() {
            Status::Processing | Status::RequiresAction => self.facts.awaited(&self.reporters()),
            _ => None,
        }
    }

    /// The refunded amount, in minor units of the order's currency.
    #[must_use]
    pub fn refunded_amount(&self) -> i64 {
        self.facts.refunded_amount()
    }

    /// The amount of pending refunds, in minor units of the order's currency, including those that
    /// require the payer's action.
    #[must_use]
    pub fn refund_pending_amount(&self) -> i64 {
        self.facts.refunds().pending()
    }

    /// The times of the failed charges, in Unix seconds; of very many, the newest.
    pub fn failed_charges(&self) -> impl Iterator<Item = i64> {
        self.facts.failed_charges()
    }

    /// Returns true when the active payment was opened for a previous owner: the present owner
    /// needs another.
    #[must_use]
    pub fn is_of_previous_owner(&self) -> bool {
        self.is_of_previous_owner
    }

    /// True when `alias` is the owner's or a previous owner's.
    fn is_or_was_of(&self, alias: &str) -> bool {
        alias == self.owner.alias() || self.previous_owners.iter().any(|owner| owner == alias)
    }

    /// Transfers the order to `owner`.
    ///
    /// # Errors
    ///
    /// [`ReviseError::TooManyRevisions`] when the order had too many owners.
    pub fn move_to(&mut self, owner: CallerId, now: i64) -> Result<(), ReviseError> {
        let alias = self.owner.alias();
        if !self.previous_owners.contains(&alias) {
            if self.previous_owners.len() >= MAX_OWNERS {
                return Err(ReviseError::TooManyRevisions);
            }
            self.previous_owners.push(alias);
        }
        self.owner = owner;
        self.is_of_previous_owner = self.active_payment().is_some();
        self.updated_at = now;
        Ok(())
    }

    /// The time of its creation, in Unix seconds.
    #[must_use]
    pub fn created_at(&self) -> i64 {
        self.created_at
    }

    /// The time of its latest change here, in Unix seconds.
    #[must_use]
    pub fn updated_at(&self) -> i64 {
        self.updated_at
    }

    /// The time when the payment succeeded, by Stripe's report, in Unix seconds.
    #[must_use]
    pub fn paid_at(&self) -> Option<i64> {
        self.facts.paid_at()
    }

    /// Makes `contents` the current offer.
    ///
    /// The same contents change nothing, and neither do earlier ones that the site did not sign
    /// anew.
    ///
    /// # Errors
    ///
    /// [`ReviseError`] tells why the order stays as it is.
    pub fn revise(&mut self, contents: OrderDetails, now: i64) -> Result<(), ReviseError> {
        // A deadline that the site did not sign stays as it was.
        let contents = contents.until(self.expires_at());
        // A refund proves a payment, whether or not its own event arrived.
        let is_refunded = self.facts.refunds().iter().next().is_some();
        match self.status() {
            _ if is_refunded => return Err(ReviseError::Paid),
            Status::Created | Status::RequiresAction | Status::Failed | Status::Expired => {}
            Status::Processing | Status::Authorized
                if self.revision().digest == contents.digest() =>
            {
                return Ok(());
            }
            Status::Processing | Status::Authorized => return Err(ReviseError::Processing),
            Status::Canceled => return Err(ReviseError::Canceled),
            _ => return Err(ReviseError::Paid),
        }
        let is_over = self.ended.is_some() || self.is_overdue(now);
        if is_over && contents.expires_at().is_some_and(|at| at <= now) {
            return Err(ReviseError::Expired);
        }
        let revision = Revision::of(contents);
        if revision == *self.revision() {
            return Ok(());
        }
        let known = self.revisions().position(|r| r.digest == revision.digest);
        let is_subscription = self.revision().contents.is_subscription();
        if revision.contents.is_subscription() != is_subscription {
            return Err(ReviseError::OtherMode);
        }
        match revision.contents.compare_signed(&self.revision().contents) {
            Ordering::Less => return known.map(|_| ()).ok_or(ReviseError::Newer),
            // The payer would choose between the two.
            Ordering::Equal if revision.digest != self.revision().digest => {
                return Err(ReviseError::SignedAtOnce);
            }
            _ => {}
        }
        match known {
            Some(0) => self.first = revision,
            Some(index) => self.later[index - 1] = revision,
            None if self.later.len() >= MAX_REVISIONS => {
                return Err(ReviseError::TooManyRevisions);
            }
            None => self.later.push(revision),
        }
        // The site signed a later deadline.
        self.ended = None;
        let current = known.unwrap_or(self.later.len());
        if self.current != current {
            self.current = current;
            self.changes += 1;
        }
        self.updated_at = now;
        Ok(())
    }
}

impl Revision {
    fn of(contents: OrderDetails) -> Self {
        Self {
            digest: contents.digest(),
            contents,
        }
    }
}

#[cfg(test)]
mod tests;
