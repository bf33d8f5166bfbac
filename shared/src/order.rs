//! An order and its state machine; pure.
//!
//! An order is what was offered (its [`Revision`]s) and what Stripe reported (its facts). Facts are
//! merged, never overwritten: each is a maximum, a set, or a map of such, so that any sequence of
//! the same events, repeated or reordered, leaves the same order. The [`Status`] is derived from
//! them and never stored as a decision. Beside the facts are the requests to give money back
//! (`refunds`), which are set aside before Stripe hears of them.

mod active_payment;
mod apply;
mod awaited;
mod details;
mod disputes;
mod facts;
mod payment;
mod record;
mod refund_facts;
mod refunds;
mod status;
mod warnings;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

pub use active_payment::{
    ActivePayment, MAX_ATTEMPTS, PaymentUpdate, Session, is_cancellation_by_stripe,
    is_our_cancellation,
};
pub use apply::{Mismatch, OrderEvent, Transition};
pub use awaited::{Awaited, AwaitedKind};
pub use details::{InvalidDetails, LineItem, OrderDetails, OrderId, OrderItem};
pub use disputes::DisputeRecord;
pub(crate) use payment::IntentKeys;
pub use record::{RefundRecord, RefundState};
pub use refund_facts::RefundStatus;
pub(crate) use refunds::RefundKeys;
pub use refunds::{RefundKey, RefundReason, RefundRejection, RefundRequest};
pub use status::Status;
pub use warnings::{WarningKind, WarningRecord};

use self::{active_payment::Closed, facts::Facts};
use crate::ids::CallerId;

/// The most versions of an order that are kept; each is a change of an unpaid order.
const MOST_REVISIONS: usize = 50;
/// The most callers whose one order was, one after the other.
const MOST_OWNERS: usize = 50;

/// The most failed charges of an order that are told apart.
pub const MAX_FAILED_CHARGES: usize = facts::MAX_FAILED_CHARGES;

/// One order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    id: OrderId,
    owner: CallerId,
    /// The aliases of those whose it was before, each once: payments may still name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previous_owners: Vec<String>,
    /// Whether the way to pay was opened for a previous owner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_of_previous_owner: bool,
    /// The payment intent of the site's own form, while it is the way to pay.
    intent: Option<String>,
    /// The page of Stripe's, while it is the way to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    /// Whether the intent is being canceled in favour of another way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_closing: bool,
    /// The ways that were closed, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    closed: Vec<Closed>,
    /// What was offered first.
    first: Revision,
    /// What was offered since; each is there once.
    later: Vec<Revision>,
    /// Which revision is offered now; 0 is the first.
    current: usize,
    /// How often another revision became the current one.
    changes: u32,
    facts: Facts,
    /// Requests to give money back, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refund_requests: Vec<RefundRequest>,
    created_at: i64,
    updated_at: i64,
}

/// What was offered at one time. A payment is good for any revision that was offered, since the
/// payer may have confirmed just before a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Tells contents apart; written to the intent's metadata.
    pub digest: String,
    /// What was offered.
    pub contents: OrderDetails,
}

/// Why an order does not take new contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReviseError {
    /// It is paid, or was.
    Paid,
    /// A payment is under way.
    Processing,
    /// It was canceled.
    Canceled,
    /// The site signed newer contents than these.
    Newer,
    /// The site signed other contents at the same time, or as the same version.
    SignedAtOnce,
    /// It was changed too often.
    TooManyRevisions,
}

impl Order {
    /// A new order of `owner`, offered as `contents` at `now` (Unix seconds).
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
            refund_requests: Vec::new(),
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

    /// The payment intent that paid; before that, the one of the site's own form, while that is the
    /// way to pay.
    #[must_use]
    pub fn intent(&self) -> Option<&str> {
        self.facts.paid_by().or(self.intent.as_deref())
    }

    /// What is offered now; of a paid order, what was paid.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        let paid = self.facts.paid_digest();
        self.revisions()
            .find(|revision| Some(revision.digest.as_str()) == paid)
            .or(self.revisions().nth(self.current))
            .unwrap_or(&self.first)
    }

    /// All that was ever offered.
    fn revisions(&self) -> impl Iterator<Item = &Revision> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// How often another revision became the current one: tells two changes to the same contents
    /// apart.
    #[must_use]
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// The state, as the facts tell it.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.facts, self.stage(), self.revision().contents.amount())
    }

    /// What its payment waits for, while one is under way that ends long after the payer left.
    #[must_use]
    pub fn awaited(&self) -> Option<Awaited> {
        match self.status() {
            Status::Processing | Status::RequiresAction => self.facts.awaited(&self.reporters()),
            _ => None,
        }
    }

    /// What reached the payer, in minor units of the order's currency.
    #[must_use]
    pub fn refunded_amount(&self) -> i64 {
        self.facts.refunded_amount()
    }

    /// What Stripe is about to refund, in minor units of the order's currency: it is under way, or
    /// waits for the payer.
    #[must_use]
    pub fn refund_pending_amount(&self) -> i64 {
        self.facts.refunds().pending()
    }

    /// When each charge for it that failed did, in Unix seconds; of very many the newest.
    pub fn failed_charges(&self) -> impl Iterator<Item = i64> {
        self.facts.failed_charges()
    }

    /// Whether the way to pay was opened for a previous owner: the owner's payment is another.
    #[must_use]
    pub fn is_of_previous_owner(&self) -> bool {
        self.is_of_previous_owner
    }

    /// Whether `alias` is that of the owner, or of a previous one.
    fn is_or_was_of(&self, alias: &str) -> bool {
        alias == self.owner.alias() || self.previous_owners.iter().any(|owner| owner == alias)
    }

    /// Makes it `owner`'s.
    ///
    /// # Errors
    ///
    /// [`ReviseError::TooManyRevisions`] when it was too many callers'.
    pub fn move_to(&mut self, owner: CallerId, now: i64) -> Result<(), ReviseError> {
        let alias = self.owner.alias();
        if !self.previous_owners.contains(&alias) {
            if self.previous_owners.len() >= MOST_OWNERS {
                return Err(ReviseError::TooManyRevisions);
            }
            self.previous_owners.push(alias);
        }
        self.owner = owner;
        self.is_of_previous_owner = self.active_payment().is_some();
        self.updated_at = now;
        Ok(())
    }

    /// When it was opened, in Unix seconds.
    #[must_use]
    pub fn created_at(&self) -> i64 {
        self.created_at
    }

    /// When it last changed here, in Unix seconds.
    #[must_use]
    pub fn updated_at(&self) -> i64 {
        self.updated_at
    }

    /// When the payment succeeded, as Stripe tells, in Unix seconds.
    #[must_use]
    pub fn paid_at(&self) -> Option<i64> {
        self.facts.paid_at()
    }

    /// Takes `contents` for what is offered now. The same contents again change nothing, and
    /// neither do earlier ones that the site did not sign anew.
    ///
    /// # Errors
    ///
    /// [`ReviseError`] says why the order stays as it is.
    pub fn revise(&mut self, contents: OrderDetails, now: i64) -> Result<(), ReviseError> {
        // Where there is a refund there was a payment, whether or not its own event came.
        let is_refunded = self.facts.refunds().iter().next().is_some();
        match self.status() {
            _ if is_refunded => return Err(ReviseError::Paid),
            Status::Created | Status::RequiresAction | Status::Failed => {}
            Status::Processing if self.revision().digest == contents.digest() => return Ok(()),
            Status::Processing => return Err(ReviseError::Processing),
            Status::Canceled => return Err(ReviseError::Canceled),
            _ => return Err(ReviseError::Paid),
        }
        let revision = Revision::of(contents);
        if revision == *self.revision() {
            return Ok(());
        }
        let known = self.revisions().position(|r| r.digest == revision.digest);
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
            None if self.later.len() >= MOST_REVISIONS => {
                return Err(ReviseError::TooManyRevisions);
            }
            None => self.later.push(revision),
        }
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
