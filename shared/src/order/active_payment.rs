//! One way to pay at a time: a payment intent for the site's own form, or a page of Stripe's.
//!
//! Two that are open at once could both take money. So the order notes the one that is open, and
//! another is noted only after that one is closed at Stripe, where closing is for good. What was
//! closed is remembered: what Stripe still tells of it does not end the order.

use serde::{Deserialize, Serialize};

use super::{
    Order,
    facts::{Attempt, AttemptStatus},
};
use crate::{event::Subject, ids::CallerId};

/// The most ways to pay of one order, one after the other: what the database holds of it has to
/// stay small. How fast they may follow is another limit, so that an order whose pages expire, one
/// a day, can be paid for a year.
pub const MAX_ATTEMPTS: usize = 400;

/// The reason that we give Stripe when we cancel an intent in favour of another way.
const OURS: &str = "abandoned";

/// Whether an intent that was canceled for `reason` was canceled by us, as far as that tells: the
/// shop may give the same reason in its dashboard.
#[must_use]
pub fn is_our_cancellation(reason: Option<&str>) -> bool {
    reason == Some(OURS)
}

/// Whether Stripe canceled an intent by itself, for `reason`: after too many confirmations, or
/// because its time ran out. The order can be paid with another. Any other reason, and none, is a
/// decision of the shop, and ends the order: `failed_invoice` and `void_invoice` are about
/// invoices, and one that is not known must not open again what the shop closed.
#[must_use]
pub fn is_cancellation_by_stripe(reason: Option<&str>) -> bool {
    matches!(reason, Some("automatic" | "expired"))
}

/// A page of Stripe's on which an order can be paid: a Checkout session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `cs_…`
    pub id: String,
    /// The digest of the contents that it sells.
    pub contents: String,
    /// Tells where the payer is sent afterwards.
    pub returns: String,
}

/// The way to pay that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivePayment<'a> {
    /// A payment intent, which the site's own form confirms.
    Intent(&'a str),
    /// A page of Stripe's.
    Session(&'a Session),
}

/// A way that was closed at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Closed {
    Intent(String),
    Session(String),
}

/// What is to be noted about the way to pay an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentUpdate {
    /// The intent with this id is the way to pay; it was made for this owner of the order.
    Intent(String, CallerId),
    /// This session is, which was made as the one with this number, for this owner.
    Session(Session, usize, CallerId),
    /// The intent with this id is about to be canceled in favour of another way.
    Closing(String),
    /// The way with this id is closed at Stripe.
    Closed(String),
}

/// The origin of a payment intent or a session, as far as the order knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The order has it: it was noted, or has paid.
    Noted,
    /// It belongs to a page that the order has, as its metadata says.
    Page,
    /// It may be noted later, and what it reports counts from then on. Money through it counts at
    /// once where it `may_pay`: where the order never had another way to pay.
    NotNoted { may_pay: bool },
    /// Of nothing that the order has.
    Unknown,
}

impl Order {
    /// The way to pay that was noted last and is not known to be closed.
    #[must_use]
    pub fn active_payment(&self) -> Option<ActivePayment<'_>> {
        let session = self.session.as_ref().map(ActivePayment::Session);
        session.or(self.intent.as_deref().map(ActivePayment::Intent))
    }

    /// How many ways were closed: the number of the one that is open, or is to be made next.
    #[must_use]
    pub fn attempt_number(&self) -> usize {
        self.closed.len()
    }

    /// Whether the intent is being canceled in favour of another way.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Takes a note at `now` (Unix seconds); whether anything changed.
    pub fn update_payment(&mut self, note: &PaymentUpdate, now: i64) -> bool {
        let is_free = self.active_payment().is_none();
        match note {
            // Made for a caller whose order it is no more: another may have been moved to
            // meanwhile.
            PaymentUpdate::Intent(_, owner) | PaymentUpdate::Session(_, _, owner)
                if *owner != self.owner =>
            {
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
            PaymentUpdate::Closing(id) if self.intent.as_ref() == Some(id) && !self.is_closing => {
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
        self.facts.forget_attempts();
        self.is_of_previous_owner = false;
        self.updated_at = now;
        true
    }

    fn has_closed(&self, intent: &str) -> bool {
        self.closed
            .iter()
            .any(|closed| matches!(closed, Closed::Intent(id) if id == intent))
    }

    /// Whether this order is known to have the object that an event is about, by the object's id.
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
            Subject::Related(_) | Subject::Other | Subject::Unreadable(_) => None,
        };
        intent.is_some_and(|id| {
            [self.intent.as_deref(), self.intent()].contains(&Some(id)) || self.has_closed(id)
        })
    }

    /// The id of the session that was made as the one with `number`, if there was one.
    pub(super) fn session_numbered(&self, number: &str) -> Option<&str> {
        let number: usize = number.parse().ok()?;
        match (self.closed.get(number), &self.session) {
            (Some(Closed::Session(id)), _) => Some(id),
            (None, Some(session)) if number == self.closed.len() => Some(&session.id),
            _ => None,
        }
    }

    fn has_session(&self, id: &str) -> bool {
        let is_closed = |closed: &Closed| matches!(closed, Closed::Session(known) if known == id);
        let is_open = self.session.as_ref().is_some_and(|open| open.id == id);
        is_open || self.closed.iter().any(is_closed)
    }

    /// Where the intent with `id` comes from; `page` is what its metadata says of a session.
    pub(super) fn origin_of_intent(&self, id: &str, page: Option<&str>) -> Origin {
        let has_paid = self.facts.paid_by() == Some(id);
        if has_paid || self.intent.as_deref() == Some(id) || self.has_closed(id) {
            return Origin::Noted;
        }
        match page {
            Some(number) if self.session_numbered(number).is_some() => Origin::Page,
            Some(number) => self.origin_of_next(number),
            None if self.active_payment().is_none() => Origin::NotNoted {
                may_pay: self.closed.is_empty(),
            },
            None => Origin::Unknown,
        }
    }

    /// Where the session with `id` comes from, which was made as the one with `number`.
    pub(super) fn origin_of_session(&self, id: &str, number: &str) -> Origin {
        match self.has_session(id) {
            true => Origin::Noted,
            false => self.origin_of_next(number),
        }
    }

    fn origin_of_next(&self, number: &str) -> Origin {
        match self.active_payment().is_none() && number == self.attempt_number().to_string() {
            true => Origin::NotNoted { may_pay: false },
            false => Origin::Unknown,
        }
    }

    /// What reports attempts on the way that is open: the intent, or the session and, for its own
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

    /// The latest attempt to pay on the way that is open.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        self.facts.latest_attempt(&self.reporters())
    }

    /// How far the latest attempt has come. An intent that we cancel in favour of another way is
    /// released; for the same reason, but by somebody else, it ends the order.
    pub(super) fn stage(&self) -> Option<AttemptStatus> {
        match self.attempt().map(Attempt::stage) {
            Some(AttemptStatus::Abandoned) if self.is_closing => Some(AttemptStatus::Released),
            stage => stage,
        }
    }
}
