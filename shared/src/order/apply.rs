//! Applies an event to an order: `Order::apply`, and the notifications that follow.

use super::{Order, Status, facts::AttemptStatus, payment::Applied};
use crate::{
    event::{Charge, Event, Subject},
    message_types::message_types,
};

/// The contradiction between an event and the order that it names. The event is quarantined for an
/// operator.
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
    #[error("the metadata names another owner")]
    Owner,
    /// The metadata names another order.
    #[error("the metadata names another order")]
    Order,
    /// The contents were never offered.
    #[error("the contents were never offered")]
    Details,
    /// The session has a part that it did not allow: a discount, tax or shipping.
    #[error("a discount, tax or shipping was added that the session did not allow")]
    Part,
    /// The parts do not add up to the total.
    #[error("the parts do not add up to the total")]
    Sum,
    /// Another amount was received than was intended.
    #[error("another amount was received than was to be paid")]
    Received,
    /// The order's money came through another intent.
    #[error("another payment intent was paid for this order")]
    Intent,
    /// A Checkout Session that the order does not have was paid.
    #[error("another checkout session was paid for this order")]
    Session,
}

message_types! {
    /// A notification to the site, sent once for each occurrence.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum OrderEvent {
        /// The payment succeeded: the site may fulfil the order.
        Paid = "order.paid",
        /// The latest attempt failed; the payer may try again.
        PaymentFailed = "order.payment_failed",
        /// The payment is processing; the method takes its time.
        Processing = "order.processing",
        /// The payment is authorized: the site may prepare the order, and capture the payment.
        Authorized = "order.authorized",
        /// The authorization ended without a capture: the order can be paid again.
        Released = "order.released",
        /// The order or its payment was canceled.
        Canceled = "order.canceled",
        /// The order's time ran out: its goods may be sold to another.
        Expired = "order.expired",
        /// A refund is pending or requires the payer's action; it has not reached the payer.
        RefundPending = "order.refund_pending",
        /// A refund reached the payer.
        Refunded = "order.refunded",
        /// A refund failed or was canceled: the money is with the shop.
        RefundFailed = "order.refund_failed",
        /// The payer's bank disputes the payment.
        Disputed = "order.disputed",
        /// The bank decided a dispute for the shop.
        DisputeWon = "order.dispute_won",
        /// The bank decided a dispute for the payer.
        DisputeLost = "order.dispute_lost",
        /// A dispute ended without a decision.
        DisputeEnded = "order.dispute_ended",
        /// The payer's bank inquires about the payment; no money moves yet.
        InquiryOpened = "order.inquiry_opened",
        /// The payer's bank closed its inquiry.
        InquiryClosed = "order.inquiry_closed",
        /// The payer's bank suspects fraud.
        EarlyFraudWarning = "order.early_fraud_warning",
        /// A review of the payment was opened.
        ReviewOpened = "order.review_opened",
        /// A review of the payment was closed.
        ReviewClosed = "order.review_closed",
    }
}

/// An order after an event, and the notifications for it.
#[derive(Debug, PartialEq)]
pub struct Transition {
    /// The order as it is now.
    pub order: Order,
    /// The notifications, in this order.
    pub events: Vec<OrderEvent>,
    /// The field that someone edited in the metadata of an intent or session of the order.
    pub edited: Option<Mismatch>,
}

impl Order {
    /// This order after `event`; pure, and the same for any sequence of the same events.
    ///
    /// `None` when the event does not concern this order.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the event contradicts what was offered; the order stays as it is.
    pub fn apply(&self, event: &Event, now: i64) -> Result<Option<Transition>, Mismatch> {
        let mut next = self.clone();
        let applied = match &event.subject {
            Subject::Intent(intent) => next.apply_intent(intent, event)?,
            Subject::Session(session) => next.apply_session(session, event)?,
            Subject::Charge(charge) if charge.captured == Some(false) => Applied::Nothing,
            Subject::Charge(charge) => next.check_charge(charge)?.into(),
            Subject::Refund(refund) if refund.is_release() => Applied::Nothing,
            Subject::Refund(refund) => next.apply_refund(refund)?.into(),
            Subject::Refunds { all, .. } => next.apply_refunds(all)?.into(),
            Subject::NothingToPay { contents, .. } => next.apply_nothing_to_pay(contents, event)?,
            Subject::Ended { ending, .. } => next.apply_ending(*ending, now),
            // An order has the payment already.
            Subject::PaidInvoice(_) => Applied::Nothing,
            Subject::Dispute(dispute) => next.apply_dispute(dispute, event),
            Subject::EarlyFraudWarning(warning) => next.apply_early_fraud_warning(warning),
            Subject::Review(review) => next.apply_review(review),
            Subject::Related(_) | Subject::Look(_) | Subject::Other | Subject::Unreadable(_) => {
                Applied::Nothing
            }
        };
        let Applied::Recorded(edited) = applied else {
            return Ok(None);
        };
        let mut transition = self.transition_to(next, now);
        // A fetched intent and the event of its failure may both report it.
        if self.has_reported_failure(event) {
            transition
                .events
                .retain(|event| *event != OrderEvent::PaymentFailed);
        }
        Ok(Some(Transition {
            edited,
            ..transition
        }))
    }

    /// True when this order failed by the charge that `event` names.
    fn has_reported_failure(&self, event: &Event) -> bool {
        let Subject::Intent(intent) = &event.subject else {
            return false;
        };
        let charge = intent.failed_charge();
        self.status() == Status::Failed
            && charge.is_some_and(|charge| self.facts.has_failed_charge(charge))
    }

    /// The transition from this order to `next`.
    pub(super) fn transition_to(&self, mut next: Self, now: i64) -> Transition {
        let events = self.events_until(&next);
        if next != *self {
            next.updated_at = now;
        }
        Transition {
            order: next,
            events,
            edited: None,
        }
    }

    /// A charge reports its refunded total, which falls again when a refund fails. It does not list
    /// its refunds: see [`Order::lacks_refunds`].
    fn check_charge(&self, charge: &Charge) -> Result<(), Mismatch> {
        self.check_offered(charge.amount, &charge.currency, |offered, is| offered == is)?;
        match (0..=charge.amount).contains(&charge.amount_refunded) {
            true => Ok(()),
            false => Err(Mismatch::Amount),
        }
    }

    /// Checks that some revision of the same currency has a matching amount.
    pub(super) fn check_offered(
        &self,
        amount: i64,
        currency: &str,
        fits: impl Fn(i64, i64) -> bool,
    ) -> Result<(), Mismatch> {
        let mut offers = self
            .revisions()
            .map(|revision| revision.contents.amount())
            .chain(self.paid_amount())
            .chain(self.authorized_amount())
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

    /// The events between this order and `next`.
    fn events_until(&self, next: &Self) -> Vec<OrderEvent> {
        // The site hears of the invoice: no caller placed this order.
        if self.is_of_invoice {
            return Vec::new();
        }
        let (before, after) = (self.status(), next.status());
        let came = |status| before != status && after == status;
        let attempted_anew = self.attempt() != next.attempt()
            // The intent of a Checkout Session reports the same failure itself.
            && (before != Status::Failed || next.attempt_status() == Some(AttemptStatus::Failed));
        // Attempts look alike where several charges fail within one second, or a fetched intent
        // shows a failure before its event comes.
        let failed_anew =
            after == Status::Failed && (attempted_anew || next.facts.has_new_failure(&self.facts));
        let is_released =
            before == Status::Authorized && after == Status::Created && !next.is_closing;
        let refunds = next.facts.refunds();
        let known = self.facts.refunds();
        // What an earlier version counted by a charge's total was notified then.
        let counted = self.facts.unexplained() - next.facts.unexplained();
        [
            (
                self.paid_at().is_none() && next.paid_at().is_some(),
                OrderEvent::Paid,
            ),
            (failed_anew, OrderEvent::PaymentFailed),
            (came(Status::Processing), OrderEvent::Processing),
            (came(Status::Authorized), OrderEvent::Authorized),
            (is_released, OrderEvent::Released),
            (came(Status::Canceled), OrderEvent::Canceled),
            (came(Status::Expired), OrderEvent::Expired),
            (refunds.is_pending_since(known), OrderEvent::RefundPending),
            (
                refunds.succeeded_since(known) > counted,
                OrderEvent::Refunded,
            ),
            (refunds.has_failed_since(known), OrderEvent::RefundFailed),
        ]
        .into_iter()
        .filter_map(|(happened, event)| happened.then_some(event))
        .chain(self.disputes_until(next))
        .chain(self.warnings_until(next))
        .collect()
    }
}
