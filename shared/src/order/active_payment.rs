//! Keeps one active payment at a time: a payment intent for the site's own form, or a Checkout
//! Session.
//!
//! Two that are open at once could both take money. So the order stores the open one, and stores
//! another only after Stripe closed that one for good. Closed attempts stay stored: Stripe's later
//! reports on them do not end the order.

use serde::{Deserialize, Serialize};

use super::{
    Order,
    facts::{Attempt, AttemptStatus},
};
use crate::{
    checkout::{AddedParts, DueToday},
    event::Subject,
    ids::CallerId,
};

/// The most attempts of one order: its stored size has to stay small. Another limit covers the rate
/// of attempts. An order whose Checkout Sessions expire, one a day, can be paid for a year.
pub const MAX_ATTEMPTS: usize = 400;

/// The reason that Farebox gives Stripe when it cancels an intent in favour of another attempt.
const OURS: &str = "abandoned";

/// Returns true when `reason` is the one that Farebox gives for its cancellations.
///
/// The shop may give the same reason in its dashboard.
#[must_use]
pub fn is_our_cancellation(reason: Option<&str>) -> bool {
    reason == Some(OURS)
}

/// Returns true when `reason` means that Stripe canceled an intent by itself.
///
/// Stripe does so after too many confirmations, or because the intent's time ran out. The order can
/// be paid with another. Any other reason, and none, is a decision of the shop, and ends the order:
/// `failed_invoice` and `void_invoice` are about invoices, and an unknown reason must not reopen
/// what the shop closed.
#[must_use]
pub fn is_cancellation_by_stripe(reason: Option<&str>) -> bool {
    matches!(reason, Some("automatic" | "expired"))
}

/// A Checkout Session of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `cs_…`
    pub id: String,
    /// The digest of its contents.
    pub contents: String,
    /// Identifies the URLs to which the payer returns.
    pub returns: String,
    /// The parts that it may add to the contents' amount.
    #[serde(default, skip_serializing_if = "AddedParts::is_none")]
    pub allows: AddedParts,
    /// The part of a subscription's first period that it takes.
    #[serde(default, skip_serializing_if = "DueToday::is_all")]
    pub due: DueToday,
}

/// The open payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivePayment<'a> {
    /// A payment intent, which the site's own form confirms.
    Intent(&'a str),
    /// A Checkout Session.
    Session(&'a Session),
}

impl ActivePayment<'_> {
    /// `pi_…` or `cs_…`
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Intent(id) => id,
            Self::Session(session) => &session.id,
        }
    }
}

/// An attempt that was closed at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Closed {
    Intent(String),
    Session(String),
}

/// A change of the order's active payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentUpdate {
    /// The intent with this id becomes the active payment; it was created for this owner.
    Intent(String, CallerId),
    /// This session becomes the active payment; it was created as this attempt, for this owner.
    Session(Session, usize, CallerId),
    /// The payment with this id is about to be closed by Farebox: its end does not end the order.
    Closing(String),
    /// The payment with this id is closed at Stripe.
    Closed(String),
}

/// The origin of a payment intent or a session, as far as the order knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The order has it: as its present or past active payment, or as the one that paid.
    Stored,
    /// It belongs to a Checkout Session of the order, as its metadata says.
    Page,
    /// The order may store it later, and its reports count from then on. Money through it counts at
    /// once where it `may_pay`: where the order never had another attempt.
    NotStored { may_pay: bool },
    /// Not from an attempt of this order.
    Unknown,
}

impl Order {
    /// The latest stored payment that is not known to be closed.
    #[must_use]
    pub fn active_payment(&self) -> Option<ActivePayment<'_>> {
        let session = self.session.as_ref().map(ActivePayment::Session);
        session.or(self.intent.as_deref().map(ActivePayment::Intent))
    }

    /// The number of closed attempts: the number of the open one, or of the next.
    #[must_use]
    pub fn attempt_number(&self) -> usize {
        self.closed.len()
    }

    /// Returns true while Farebox closes the active payment.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Applies `update` at `now` (Unix seconds); returns true when anything changed.
    pub fn update_payment(&mut self, update: &PaymentUpdate, now: i64) -> bool {
        let is_free = self.active_payment().is_none();
        match update {
            // Created for a caller who no longer owns the order, which moved to another meanwhile.
            PaymentUpdate::Intent(_, owner) | PaymentUpdate::Session(_, _, owner)
                if *owner != self.owner =>
            {
                return false;
            }
            // It ended while the payment was made: nobody received that.
            PaymentUpdate::Intent(..) | PaymentUpdate::Session(..) if self.ended.is_some() => {
                return false;
            }
            PaymentUpdate::Intent(id, _) if is_free && !self.has_closed(id) => {
                self.intent = Some(id.clone());
            }
            PaymentUpdate::Session(session, number, _)
                if is_free
                    && *number == self.attempt_number()
                    && session.contents == self.revision().digest =>
            {
                self.session = Some(session.clone());
            }
            PaymentUpdate::Closing(id) if self.is_active(id) && !self.is_closing => {
                self.is_closing = true;
            }
            PaymentUpdate::Closed(id) if self.closed.len() < MAX_ATTEMPTS => {
                return self.close(id, now);
            }
            _ => return false,
        }
        let reporters = self.reporters();
        self.facts.keep_attempts_of(&reporters);
        self.updated_at = now;
        true
    }

    fn close(&mut self, id: &str, now: i64) -> bool {
        let closed = match self.active_payment() {
            Some(ActivePayment::Intent(open)) if open == id => Closed::Intent(id.to_owned()),
            Some(ActivePayment::Session(open)) if open.id == id => Closed::Session(id.to_owned()),
            _ => return false,
        };
        self.closed.push(closed);
        (self.intent, self.session, self.is_closing) = (None, None, false);
        self.capture = None;
        self.facts.forget_attempts();
        self.is_of_previous_owner = false;
        self.updated_at = now;
        true
    }

    /// True when the active payment has the id `id`.
    fn is_active(&self, id: &str) -> bool {
        self.active_payment()
            .is_some_and(|active| active.id() == id)
    }

    fn has_closed(&self, intent: &str) -> bool {
        self.closed
            .iter()
            .any(|closed| matches!(closed, Closed::Intent(id) if id == intent))
    }

    /// Returns true when this order has the object of an event, by the object's id.
    pub(crate) fn knows(&self, subject: &Subject) -> bool {
        let intent = match subject {
            Subject::Intent(intent) => Some(&intent.id),
            Subject::Charge(charge) => charge.payment_intent.as_ref(),
            Subject::Refund(refund) => refund.payment_intent.as_ref(),
            Subject::Refunds { payment_intent, .. } => Some(payment_intent),
            Subject::Dispute(dispute) => dispute.payment_intent.as_ref(),
            Subject::EarlyFraudWarning(warning) => warning.payment_intent.as_ref(),
            Subject::Review(review) => review.payment_intent.as_ref(),
            Subject::Session(session) if self.has_session(&session.id) => return true,
            Subject::Session(session) => session.payment_intent.as_ref(),
            Subject::PaidInvoice(invoice) => Some(&invoice.payment_intent),
            Subject::NothingToPay { order, .. } | Subject::Ended { order, .. } => {
                return order == self.id.as_str();
            }
            Subject::Related(_) | Subject::Look(_) | Subject::Other | Subject::Unreadable(_) => {
                None
            }
        };
        intent.is_some_and(|id| {
            [self.intent.as_deref(), self.intent()].contains(&Some(id)) || self.has_closed(id)
        })
    }

    /// The id of the session that was created as the attempt with `number`, if any.
    pub(super) fn session_numbered(&self, number: &str) -> Option<&str> {
        let number: usize = number.parse().ok()?;
        match (self.closed.get(number), &self.session) {
            (Some(Closed::Session(id)), _) => Some(id),
            (None, Some(session)) if number == self.closed.len() => Some(&session.id),
            _ => None,
        }
    }

    /// The parts that the session with `id` may add. A closed session takes no money, so the order
    /// keeps none for it.
    pub(super) fn allowed_parts(&self, id: &str) -> AddedParts {
        let open = self.session.as_ref().filter(|open| open.id == id);
        open.map(|open| open.allows).unwrap_or_default()
    }

    /// The part of a subscription's first period that the session with `id` takes. Of a closed
    /// session it does not matter, as for [`Order::allowed_parts`].
    pub(super) fn due_today(&self, id: &str) -> DueToday {
        let open = self.session.as_ref().filter(|open| open.id == id);
        open.map(|open| open.due).unwrap_or_default()
    }

    fn has_session(&self, id: &str) -> bool {
        let is_closed = |closed: &Closed| matches!(closed, Closed::Session(known) if known == id);
        let is_open = self.session.as_ref().is_some_and(|open| open.id == id);
        is_open || self.closed.iter().any(is_closed)
    }

    /// The origin of the intent with `id`; `page` is the session number in its metadata.
    pub(super) fn origin_of_intent(&self, id: &str, page: Option<&str>) -> Origin {
        let has_paid = self.facts.paid_by() == Some(id);
        if has_paid || self.intent.as_deref() == Some(id) || self.has_closed(id) {
            return Origin::Stored;
        }
        match page {
            Some(number) if self.session_numbered(number).is_some() => Origin::Page,
            Some(number) => self.origin_of_next(number),
            None if self.active_payment().is_none() => Origin::NotStored {
                may_pay: self.closed.is_empty(),
            },
            None => Origin::Unknown,
        }
    }

    /// The origin of the session with `id`, created as the attempt with `number`.
    pub(super) fn origin_of_session(&self, id: &str, number: &str) -> Origin {
        match self.has_session(id) {
            true => Origin::Stored,
            false => self.origin_of_next(number),
        }
    }

    fn origin_of_next(&self, number: &str) -> Origin {
        match self.active_payment().is_none() && number == self.attempt_number().to_string() {
            true => Origin::NotStored { may_pay: false },
            false => Origin::Unknown,
        }
    }

    /// The objects that report on the open payment: the intent, or the session and, for its own
    /// intents, its number.
    pub(super) fn reporters(&self) -> Vec<String> {
        match self.active_payment() {
            None => Vec::new(),
            Some(ActivePayment::Intent(id)) => vec![id.to_owned()],
            Some(ActivePayment::Session(session)) => {
                vec![session.id.clone(), self.attempt_number().to_string()]
            }
        }
    }

    /// The latest attempt on the open payment.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        self.facts.latest_attempt(&self.reporters())
    }

    /// The status of the latest attempt. A payment that Farebox closes is released; an intent that
    /// anyone else canceled for the same reason ends the order.
    pub(super) fn attempt_status(&self) -> Option<AttemptStatus> {
        match self.attempt().map(Attempt::status) {
            Some(AttemptStatus::Abandoned | AttemptStatus::Expired) if self.is_closing => {
                Some(AttemptStatus::Released)
            }
            status => status,
        }
    }
}
