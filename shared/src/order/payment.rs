//! Applies the events of a payment to an order: those of an intent, or of its Checkout Session.

use std::collections::BTreeMap;

use super::{
    Awaited, Mismatch, Order, Revision,
    active_payment::{Origin, is_cancellation_by_stripe, is_our_cancellation},
    facts::{Attempt, AttemptStatus},
};
use crate::event::{CheckoutSession, Event, FailedCharge, Intent};

/// Farebox's keys in the metadata of an intent and of a Checkout Session.
pub(crate) struct IntentKeys;

impl IntentKeys {
    /// The order's id.
    pub(crate) const ORDER: &'static str = "farebox_order";
    /// The owner's alias.
    pub(crate) const OWNER: &'static str = "farebox_owner";
    /// The digest of the contents.
    pub(crate) const CONTENTS: &'static str = "farebox_contents";
    /// The number of the Checkout Session among the order's attempts; intents of the site's own
    /// form have none.
    pub(crate) const PAGE: &'static str = "farebox_page";
    /// The prefix of the `client_reference_id` of a Checkout Session; the order's id follows.
    pub(crate) const REFERENCE: &'static str = "farebox_";
}

/// The claims of an intent or a session about itself.
struct PaymentClaims<'a> {
    metadata: Option<&'a BTreeMap<String, String>>,
    currency: &'a str,
    /// The intended and the received amount, in minor units.
    amounts: [i64; 2],
}

/// The trust in the metadata of an intent or a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Only the metadata links the payment to the order: all of it has to be right.
    Alone,
    /// The order has the object by its id: edited metadata does not undo the payment.
    Stored,
}

impl From<Origin> for Trust {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Stored => Self::Stored,
            Origin::Page | Origin::NotStored { .. } | Origin::Unknown => Self::Alone,
        }
    }
}

/// The effect of an event on an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// It does not concern this order.
    Nothing,
    /// It counts; where a field of the metadata was edited, the order's own record counts instead.
    Recorded(Option<Mismatch>),
}

impl From<()> for Applied {
    fn from((): ()) -> Self {
        Self::Recorded(None)
    }
}

impl Order {
    pub(super) fn apply_intent(
        &mut self,
        intent: &Intent,
        event: &Event,
    ) -> Result<Applied, Mismatch> {
        let at = event.created;
        let has_money = intent.status == "succeeded";
        let page = intent.metadata(IntentKeys::PAGE);
        let origin = self.origin_of_intent(&intent.id, page);
        match origin {
            Origin::Unknown | Origin::NotStored { may_pay: false } if has_money => {
                return Err(Mismatch::Intent);
            }
            Origin::Unknown => return Ok(Applied::Nothing),
            _ => {}
        }
        let taken = match has_money {
            true => intent.amount_received.unwrap_or(intent.amount),
            false => intent.amount,
        };
        let offered = PaymentClaims {
            metadata: intent.metadata.as_ref(),
            currency: &intent.currency,
            amounts: [intent.amount, taken],
        };
        let (digest, edited) = self.offered_digest(&offered, origin.into())?;
        self.count_failures(origin, &event.failed_charges);
        if has_money {
            if origin == (Origin::NotStored { may_pay: true }) {
                self.intent = Some(intent.id.clone());
            }
            let is_its_own_event = event.kind == "payment_intent.succeeded";
            self.paid(at, &digest, &intent.id, is_its_own_event)?;
        } else if let Some(status) = attempt_status_of(intent, event, page.is_some()) {
            let awaited = intent.next_action.as_ref().and_then(Awaited::of);
            let attempt = Attempt::new(at, status).waiting_for(awaited);
            self.attempted(page.unwrap_or(&intent.id), origin, attempt);
            if status == AttemptStatus::Failed {
                self.count_failure(intent, origin, at);
            }
        }
        Ok(Applied::Recorded(edited))
    }

    /// A complete session need not be paid: some methods take days, and `payment_status` tells.
    pub(super) fn apply_session(
        &mut self,
        session: &CheckoutSession,
        event: &Event,
    ) -> Result<Applied, Mismatch> {
        let at = event.created;
        let is_paid = session.is_paid();
        let number = session.metadata(IntentKeys::PAGE).unwrap_or_default();
        let origin = self.origin_of_session(&session.id, number);
        match origin {
            Origin::Unknown | Origin::NotStored { .. } if is_paid => return Err(Mismatch::Session),
            Origin::Unknown => return Ok(Applied::Nothing),
            _ => {}
        }
        let offered = PaymentClaims {
            metadata: session.metadata.as_ref(),
            currency: session.currency.as_deref().unwrap_or_default(),
            amounts: [session.amount_total.unwrap_or_default(); 2],
        };
        let (digest, edited) = self.offered_digest(&offered, origin.into())?;
        let failed = event.kind == "checkout.session.async_payment_failed";
        let status = match (session.status.as_deref(), &session.payment_intent) {
            _ if is_paid => {
                let intent = session.payment_intent.as_ref().ok_or(Mismatch::Session)?;
                self.paid(at, &digest, intent, false)?;
                None
            }
            (Some("expired"), _) => Some(AttemptStatus::Released),
            (Some("complete"), _) if failed => Some(AttemptStatus::PageFailed),
            (Some("complete"), _) => Some(AttemptStatus::Processing),
            _ => None,
        };
        if let Some(status) = status {
            self.attempted(&session.id, origin, Attempt::new(at, status));
        }
        Ok(Applied::Recorded(edited))
    }

    /// Counts the failed charge on an intent that the order has or had. A payer never receives an
    /// intent before the order stores it.
    fn count_failure(&mut self, intent: &Intent, origin: Origin, at: i64) {
        let error = intent.last_payment_error.as_ref();
        let charge = error.and_then(|error| error.charge.as_ref());
        if let (Origin::Stored | Origin::Page, Some(charge)) = (origin, charge) {
            self.facts.charge_failed(charge, at);
        }
    }

    /// Counts all failed charges on the intent, whatever its present state.
    fn count_failures(&mut self, origin: Origin, charges: &[FailedCharge]) {
        if matches!(origin, Origin::Stored | Origin::Page) {
            for charge in charges {
                self.facts.charge_failed(&charge.id, charge.created);
            }
        }
    }

    /// Records `attempt`, reported by `reporter`. On a closed payment it changes nothing.
    fn attempted(&mut self, reporter: &str, origin: Origin, attempt: Attempt) {
        let is_open = self.reporters().iter().any(|open| open == reporter);
        if is_open || matches!(origin, Origin::NotStored { .. }) {
            self.facts.attempted(reporter, attempt);
        }
    }

    /// Records the payment by `intent`, unless another took the money before.
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

    /// The digest of the contents for which an intent or a session was created or changed, if they
    /// were offered; and the field of its metadata that was edited, if any.
    fn offered_digest(
        &self,
        claims: &PaymentClaims<'_>,
        trust: Trust,
    ) -> Result<(String, Option<Mismatch>), Mismatch> {
        let edited = match (self.named_digest(claims), trust) {
            (Ok(digest), _) => return Ok((digest, None)),
            (Err(mismatch), Trust::Alone) => return Err(mismatch),
            (Err(mismatch), Trust::Stored) => mismatch,
        };
        let currency = |revision: &&Revision| {
            revision.contents.amount().currency().as_str() == claims.currency
        };
        let amount =
            |revision: &&Revision| claims.amounts == [revision.contents.amount().minor_units(); 2];
        let written = claims.written(IntentKeys::CONTENTS);
        // The contents that the metadata names, else the current ones, else the latest that fit.
        let named = self
            .revisions()
            .filter(|r| Some(r.digest.as_str()) == written);
        let newest_first: Vec<_> = self.revisions().collect();
        let mut candidates = named
            .chain([self.revision()])
            .chain(newest_first.into_iter().rev())
            .filter(currency)
            .peekable();
        if candidates.peek().is_none() {
            return Err(Mismatch::Currency);
        }
        let fitting = candidates.find(amount).ok_or(Mismatch::Amount)?;
        Ok((fitting.digest.clone(), Some(edited)))
    }

    /// The digest of the contents that the metadata names, if all of its claims are right.
    fn named_digest(&self, claims: &PaymentClaims<'_>) -> Result<String, Mismatch> {
        let owner = claims.written(IntentKeys::OWNER);
        if !owner.is_some_and(|alias| self.is_or_was_of(alias)) {
            return Err(Mismatch::Owner);
        }
        if claims.written(IntentKeys::ORDER) != Some(self.id.as_str()) {
            return Err(Mismatch::Order);
        }
        let digest = claims.written(IntentKeys::CONTENTS).unwrap_or_default();
        let revision = self.revisions().find(|r| r.digest == digest);
        let offered = revision.ok_or(Mismatch::Details)?.contents.amount();
        if claims.currency != offered.currency().as_str() {
            return Err(Mismatch::Currency);
        }
        match claims.amounts == [offered.minor_units(); 2] {
            true => Ok(digest.to_owned()),
            false => Err(Mismatch::Amount),
        }
    }
}

impl PaymentClaims<'_> {
    fn written(&self, key: &str) -> Option<&str> {
        self.metadata?.get(key).map(String::as_str)
    }
}

/// The status of an attempt on an unpaid intent; `None` for a status that tells nothing.
fn attempt_status_of(intent: &Intent, event: &Event, is_of_page: bool) -> Option<AttemptStatus> {
    let has_failed =
        intent.last_payment_error.is_some() || event.kind == "payment_intent.payment_failed";
    let reason = intent.cancellation_reason.as_deref();
    Some(match intent.status.as_str() {
        // The Checkout Session decides whether it can still be paid.
        "canceled" if is_of_page || is_cancellation_by_stripe(reason) => AttemptStatus::Released,
        "canceled" if is_our_cancellation(reason) => AttemptStatus::Abandoned,
        "canceled" => AttemptStatus::Canceled,
        "processing" | "requires_capture" => AttemptStatus::Processing,
        "requires_action" => AttemptStatus::RequiresAction,
        "requires_payment_method" if has_failed => AttemptStatus::Failed,
        "requires_payment_method" | "requires_confirmation" => AttemptStatus::Created,
        _ => return None,
    })
}
