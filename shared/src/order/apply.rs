//! What an event does to an order: `Order::apply`, and the messages that follow.

use std::collections::BTreeMap;

use super::{
    Order, Status,
    facts::{DisputeStage, RefundStage, Stage},
    way::Origin,
};
use crate::event::{Charge, CheckoutSession, Dispute, Event, Intent, Refund, Subject};

/// The keys under which we write to the metadata of an intent and of a Checkout session.
pub(crate) struct IntentKeys;

impl IntentKeys {
    /// The order's id.
    pub(crate) const ORDER: &'static str = "farebox_order";
    /// The owner's alias.
    pub(crate) const OWNER: &'static str = "farebox_owner";
    /// The digest of the contents.
    pub(crate) const CONTENTS: &'static str = "farebox_contents";
    /// The number of the Checkout session among the order's ways to pay; intents of the site's own form
    /// have none.
    pub(crate) const PAGE: &'static str = "farebox_page";
}

/// Why an event is not this order's, though it says so. The event is quarantined: a person looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The amount was never offered.
    #[error("the amount differs from what was offered")]
    Amount,
    /// The currency was never offered.
    #[error("the currency differs from what was offered")]
    Currency,
    /// The metadata names another owner.
    #[error("the owner differs")]
    Owner,
    /// The metadata names another order.
    #[error("the metadata names another order")]
    Order,
    /// Contents that were never offered.
    #[error("the contents were never offered")]
    Contents,
    /// The order's money came through another intent.
    #[error("another payment intent was paid for this order")]
    Intent,
    /// A Checkout session that the order does not have was paid.
    #[error("another checkout session was paid for this order")]
    Session,
}

/// What the site is told, once for each time that it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Happening {
    /// The payment succeeded: fulfil.
    Paid,
    /// The latest attempt failed; the payer may try again.
    PaymentFailed,
    /// The payment is under way; the method takes its time.
    Processing,
    /// The payment was canceled.
    Canceled,
    /// Money was given back.
    Refunded,
    /// A refund failed: the money is with the shop again.
    RefundFailed,
    /// The payer's bank claims the money back.
    Disputed,
    /// A dispute was decided for the shop.
    DisputeWon,
    /// A dispute was decided for the payer.
    DisputeLost,
}

impl Happening {
    /// The type of the message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "order.paid",
            Self::PaymentFailed => "order.payment_failed",
            Self::Processing => "order.processing",
            Self::Canceled => "order.canceled",
            Self::Refunded => "order.refunded",
            Self::RefundFailed => "order.refund_failed",
            Self::Disputed => "order.disputed",
            Self::DisputeWon => "order.dispute_won",
            Self::DisputeLost => "order.dispute_lost",
        }
    }
}

/// An order after an event, and what the site is told of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) order: Order,
    pub(crate) happenings: Vec<Happening>,
}

/// What an intent or a session says of itself.
struct Offered<'a> {
    metadata: Option<&'a BTreeMap<String, String>>,
    currency: &'a str,
    /// What it is for, and what was taken, in minor units.
    amounts: [i64; 2],
}

impl Order {
    /// This order after `event`; pure, and the same for any sequence of the same events.
    ///
    /// `None` when the event says nothing about this order.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the event contradicts what was offered; the order stays as it is.
    pub(crate) fn apply(&self, event: &Event, now: i64) -> Result<Option<Step>, Mismatch> {
        let mut next = self.clone();
        match &event.subject {
            Subject::Intent(intent) => match next.apply_intent(intent, event)? {
                true => {}
                false => return Ok(None),
            },
            Subject::Session(session) => match next.apply_session(session, event)? {
                true => {}
                false => return Ok(None),
            },
            Subject::Charge(charge) => next.apply_charge(charge)?,
            Subject::Refund(refund) => next.apply_refund(refund)?,
            Subject::Dispute(dispute) => next.apply_dispute(dispute),
            Subject::Related(_) | Subject::Other | Subject::Unreadable(_) => return Ok(None),
        }
        Ok(Some(self.step_to(next, now)))
    }

    /// The step from this order to `next`.
    pub(super) fn step_to(&self, mut next: Self, now: i64) -> Step {
        let happenings = self.happenings_until(&next);
        if next != *self {
            next.updated_at = now;
        }
        Step {
            order: next,
            happenings,
        }
    }

    /// Whether the intent was this order's.
    fn apply_intent(&mut self, intent: &Intent, event: &Event) -> Result<bool, Mismatch> {
        let at = event.created;
        let succeeded = intent.status == "succeeded";
        let origin = self.origin(&intent.id, intent.metadata(IntentKeys::PAGE));
        if origin == Origin::Unknown {
            return match succeeded {
                true => Err(Mismatch::Intent),
                false => Ok(false),
            };
        }
        let taken = match succeeded {
            true => intent.amount_received.unwrap_or(intent.amount),
            false => intent.amount,
        };
        let digest = self.offered_digest(Offered {
            metadata: intent.metadata.as_ref(),
            currency: &intent.currency,
            amounts: [intent.amount, taken],
        })?;
        let digest = digest.to_owned();
        if origin == Origin::Form {
            self.intent = Some(intent.id.clone());
        }
        match intent.status.as_str() {
            "succeeded" => {
                let is_its_own_event = event.kind == "payment_intent.succeeded";
                self.paid(at, &digest, &intent.id, is_its_own_event)?;
            }
            "canceled" if origin == Origin::Form => self.facts.canceled(),
            "canceled" => self.facts.attempted(at, Stage::Released),
            "processing" | "requires_capture" => self.facts.attempted(at, Stage::Processing),
            "requires_action" => self.facts.attempted(at, Stage::RequiresAction),
            "requires_payment_method" if intent.last_payment_error.is_some() => {
                self.facts.attempted(at, Stage::Failed);
            }
            "requires_payment_method" | "requires_confirmation" => {
                self.facts.attempted(at, Stage::Created);
            }
            _ => {}
        }
        Ok(true)
    }

    /// Whether the session was this order's. That it is complete says nothing of money: some methods
    /// take days, and `payment_status` tells.
    fn apply_session(
        &mut self,
        session: &CheckoutSession,
        event: &Event,
    ) -> Result<bool, Mismatch> {
        let at = event.created;
        let is_paid = session.is_paid();
        let number = session.metadata(IntentKeys::PAGE).unwrap_or_default();
        if self.session_numbered(number) != Some(&session.id) {
            return match is_paid {
                true => Err(Mismatch::Session),
                false => Ok(false),
            };
        }
        let digest = self.offered_digest(Offered {
            metadata: session.metadata.as_ref(),
            currency: session.currency.as_deref().unwrap_or_default(),
            amounts: [session.amount_total.unwrap_or_default(); 2],
        })?;
        let digest = digest.to_owned();
        match (session.status.as_deref(), &session.payment_intent) {
            _ if is_paid => {
                let intent = session.payment_intent.as_ref().ok_or(Mismatch::Session)?;
                self.paid(at, &digest, intent, false)?;
            }
            (Some("expired"), _) => self.facts.attempted(at, Stage::Released),
            (Some("complete"), _) if event.kind == "checkout.session.async_payment_failed" => {
                self.facts.attempted(at, Stage::PageFailed);
            }
            (Some("complete"), _) => self.facts.attempted(at, Stage::Processing),
            _ => {}
        }
        Ok(true)
    }

    /// Paid by `intent`, unless another took the money before.
    fn paid(
        &mut self,
        at: i64,
        digest: &str,
        intent: &str,
        is_exact: bool,
    ) -> Result<(), Mismatch> {
        let before = self.facts.paid_at().and(self.intent());
        if before.is_some_and(|before| before != intent) {
            return Err(Mismatch::Intent);
        }
        self.facts.paid(at, digest, intent, is_exact);
        Ok(())
    }

    /// The digest of the contents that an intent or a session was made or changed for, if they were
    /// offered.
    fn offered_digest<'a>(&self, told: Offered<'a>) -> Result<&'a str, Mismatch> {
        let written = |key| {
            told.metadata
                .and_then(|all| all.get(key))
                .map(String::as_str)
        };
        if written(IntentKeys::OWNER) != Some(&self.owner.alias()) {
            return Err(Mismatch::Owner);
        }
        if written(IntentKeys::ORDER) != Some(self.id.as_str()) {
            return Err(Mismatch::Order);
        }
        let digest = written(IntentKeys::CONTENTS).unwrap_or_default();
        let revision = self.revisions().find(|r| r.digest == digest);
        let offered = revision.ok_or(Mismatch::Contents)?.contents.amount();
        if told.currency != offered.currency().as_str() {
            return Err(Mismatch::Currency);
        }
        if told.amounts != [offered.minor_units(); 2] {
            return Err(Mismatch::Amount);
        }
        Ok(digest)
    }

    fn apply_charge(&mut self, charge: &Charge) -> Result<(), Mismatch> {
        self.check_offered(charge.amount, &charge.currency, |offered, is| offered == is)?;
        if !(0..=charge.amount).contains(&charge.amount_refunded) {
            return Err(Mismatch::Amount);
        }
        self.facts.charge_refunded(charge.amount_refunded);
        Ok(())
    }

    /// The refund counts from here on, and no more what was set aside for it.
    pub(super) fn apply_refund(&mut self, refund: &Refund) -> Result<(), Mismatch> {
        self.check_offered(refund.amount, &refund.currency, |offered, is| offered >= is)?;
        let stage = match refund.status.as_deref() {
            Some("failed" | "canceled") => RefundStage::Failed,
            _ => RefundStage::Given,
        };
        self.facts.refund(&refund.id, refund.amount, stage);
        self.tie(refund);
        Ok(())
    }

    /// Whether some revision of the same currency has an amount that fits.
    fn check_offered(
        &self,
        amount: i64,
        currency: &str,
        fits: impl Fn(i64, i64) -> bool,
    ) -> Result<(), Mismatch> {
        let mut offers = self
            .revisions()
            .map(|revision| revision.contents.amount())
            .filter(|offered| offered.currency().as_str() == currency)
            .peekable();
        if offers.peek().is_none() {
            return Err(Mismatch::Currency);
        }
        match amount > 0 && offers.any(|offered| fits(offered.minor_units(), amount)) {
            true => Ok(()),
            false => Err(Mismatch::Amount),
        }
    }

    fn apply_dispute(&mut self, dispute: &Dispute) {
        let stage = match dispute.status.as_str() {
            "won" => DisputeStage::Won,
            "lost" => DisputeStage::Lost,
            "warning_closed" | "prevented" => DisputeStage::InquiryClosed,
            status if status.starts_with("warning_") => DisputeStage::Inquiry,
            _ => DisputeStage::Open,
        };
        self.facts.dispute(&dispute.id, stage);
    }

    /// What happened between this order and `next`.
    fn happenings_until(&self, next: &Self) -> Vec<Happening> {
        let (before, after) = (self.status(), next.status());
        let (was, is) = (self.facts.disputes(), next.facts.disputes());
        let came = |status| before != status && after == status;
        let failed_anew = after == Status::Failed
            && self.facts.attempt() != next.facts.attempt()
            // A page's intent tells the same failure by itself.
            && (before != Status::Failed || next.facts.stage() == Some(Stage::Failed));
        let more_refunded = next.refunded_amount() - self.refunded_amount();
        [
            (
                self.paid_at().is_none() && next.paid_at().is_some(),
                Happening::Paid,
            ),
            (failed_anew, Happening::PaymentFailed),
            (came(Status::Processing), Happening::Processing),
            (came(Status::Canceled), Happening::Canceled),
            (more_refunded > 0, Happening::Refunded),
            (more_refunded < 0, Happening::RefundFailed),
            (is.open > was.open, Happening::Disputed),
            (is.won > was.won, Happening::DisputeWon),
            (is.lost > was.lost, Happening::DisputeLost),
        ]
        .into_iter()
        .filter_map(|(happened, happening)| happened.then_some(happening))
        .collect()
    }
}
