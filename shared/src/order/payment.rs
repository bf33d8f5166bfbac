//! What a payment does to an order: an intent's event, or one of the page on which it is made.

use std::collections::BTreeMap;

use super::{
    Mismatch, Order,
    facts::Stage,
    way::{Origin, is_cancellation_by_stripe, is_our_cancellation},
};
use crate::event::{CheckoutSession, Event, Intent};

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

/// What an intent or a session says of itself.
struct Offered<'a> {
    metadata: Option<&'a BTreeMap<String, String>>,
    currency: &'a str,
    /// What it is for, and what was taken, in minor units.
    amounts: [i64; 2],
}

impl Order {
    /// Whether the intent was this order's.
    pub(super) fn apply_intent(
        &mut self,
        intent: &Intent,
        event: &Event,
    ) -> Result<bool, Mismatch> {
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
            "canceled" if self.is_given_up(intent, origin) => self.facts.canceled(),
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

    /// Whether the order ends with its canceled intent: the shop canceled the one that is the way to pay,
    /// be it while we were about to close it in favour of another.
    fn is_given_up(&self, intent: &Intent, origin: Origin) -> bool {
        let reason = intent.cancellation_reason.as_deref();
        let is_being_closed = self.is_closing && self.intent.as_deref() == Some(&intent.id);
        !is_cancellation_by_stripe(reason)
            && (origin == Origin::Form || (is_being_closed && !is_our_cancellation(reason)))
    }

    /// Whether the session was this order's. That it is complete says nothing of money: some methods
    /// take days, and `payment_status` tells.
    pub(super) fn apply_session(
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
}
