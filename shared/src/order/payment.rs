//! Applies the events of a payment to an order: those of an intent, or of its Checkout Session.

use std::collections::BTreeMap;

use super::{
    Awaited, CaptureMethod, Mismatch, Order, OrderDetails, Revision, Totals,
    active_payment::{Origin, is_cancellation_by_stripe, is_our_cancellation},
    authorization::Authorization,
    facts::{Attempt, AttemptStatus, Paid},
    first_invoice::FirstInvoice,
};
use crate::{
    checkout::DueToday,
    event::{CheckoutSession, Event, FailedCharge, Intent, Subject},
};

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
    /// The amount before Stripe's additions, in minor units; `None` where another object tells it.
    amount: Option<i64>,
    /// The part of a subscription's first period in that amount.
    due: DueToday,
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
        let first_invoice = self.facts.first_invoice();
        if first_invoice.is_some_and(|first| first.intent.as_deref() == Some(&intent.id)) {
            // The session reported that its invoice is paid.
            return Ok(Applied::Nothing);
        }
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
        // Of a closed session the order does not keep which parts it might have.
        let is_open = matches!(origin, Origin::NotStored { .. })
            || self
                .reporters()
                .iter()
                .any(|open| Some(open.as_str()) == page);
        let has_totals = has_money || (intent.is_authorized() && is_open);
        let totals = match (page, has_totals) {
            (None, _) => Some(Totals::of_subtotal(intent.amount)),
            (Some(_), true) => Some(self.totals_of_page(intent, event)?),
            (Some(_), false) => None,
        };
        let claims = PaymentClaims {
            metadata: intent.metadata.as_ref(),
            currency: &intent.currency,
            amount: totals.map(|totals| totals.subtotal),
            due: DueToday::All,
        };
        let (digest, mut edited) = self.offered_digest(&claims, origin.into())?;
        self.count_failures(origin, &event.failed_charges);
        if let (true, Some(totals)) = (has_money, totals) {
            let received = intent.amount_received.unwrap_or(intent.amount);
            if received <= 0 {
                return Err(Mismatch::Amount);
            }
            if received != totals.total && !self.has_captured(received) {
                edited = Some(Mismatch::Received);
            }
            if origin == (Origin::NotStored { may_pay: true }) {
                self.intent = Some(intent.id.clone());
            }
            self.paid(Paid {
                is_estimate: event.kind != "payment_intent.succeeded",
                at,
                digest,
                intent: Some(intent.id.clone()),
                totals: Some(Totals {
                    total: received,
                    ..totals
                }),
                authorized: (received != intent.amount).then_some(intent.amount),
            })?;
            self.record_payer(event);
        } else if let Some(status) = attempt_status_of(intent, event, page.is_some()) {
            let awaited = intent.next_action.as_ref().and_then(Awaited::of);
            let authorized = totals.filter(|_| status == AttemptStatus::Authorized);
            let authorized = authorized.map(|totals| Authorization {
                totals,
                until: event.charge.as_ref().and_then(|one| one.capture_before()),
                revision: self.revision_index(&digest),
            });
            let attempt = Attempt::new(at, status).waiting_for(awaited);
            let attempt = attempt.authorizing(authorized);
            self.attempted(page.unwrap_or(&intent.id), origin, attempt, event);
            if status == AttemptStatus::Failed {
                self.count_failure(intent, origin, event);
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
        let totals = Totals::of_session(session);
        // Of a closed session the order does not keep how much was due.
        let has_amount = is_paid || !session.is_subscription();
        let claims = PaymentClaims {
            metadata: session.metadata.as_ref(),
            currency: session.currency.as_deref().unwrap_or_default(),
            amount: has_amount.then_some(totals.subtotal),
            due: self.due_today(&session.id),
        };
        let (digest, edited) = self.offered_digest(&claims, origin.into())?;
        let is_subscription = self
            .offered(&digest)
            .is_some_and(OrderDetails::is_subscription);
        if is_paid && is_subscription != session.is_subscription() {
            return Err(Mismatch::Session);
        }
        let failed = event.kind == "checkout.session.async_payment_failed";
        let is_captured_later = self.offered(&digest).is_some_and(|contents| {
            contents.capture_method() == CaptureMethod::Manual && session.payment_intent.is_some()
        });
        let status = match (session.status.as_deref(), &session.payment_intent) {
            // Its intent reports how much was captured.
            _ if is_paid && is_captured_later => None,
            _ if is_paid => {
                totals.check(self.allowed_parts(&session.id))?;
                let paid = Paid {
                    is_estimate: true,
                    at,
                    digest,
                    intent: session.payment_intent.clone(),
                    totals: Some(totals),
                    authorized: None,
                };
                match is_subscription {
                    true => self.subscribed(paid, session, event)?,
                    false if paid.intent.is_none() && totals.total > 0 => {
                        return Err(Mismatch::Session);
                    }
                    false => self.paid(paid)?,
                }
                self.record_payer(event);
                None
            }
            (Some("expired"), _) => Some(AttemptStatus::Expired),
            (Some("complete"), _) if failed => Some(AttemptStatus::PageFailed),
            (Some("complete"), _) => Some(AttemptStatus::Processing),
            _ => None,
        };
        if let Some(status) = status {
            self.attempted(&session.id, origin, Attempt::new(at, status), event);
        }
        Ok(Applied::Recorded(edited))
    }

    /// An order of zero is paid without a payment, unless another payment of it is open.
    pub(super) fn apply_nothing_to_pay(
        &mut self,
        contents: &str,
        event: &Event,
    ) -> Result<Applied, Mismatch> {
        let revision = self.revision();
        let is_offered = revision.digest == contents && self.active_payment().is_none();
        if self.facts.paid_at().is_some() || !is_offered {
            return Ok(Applied::Nothing);
        }
        if !revision.contents.amount().is_zero() || revision.contents.is_subscription() {
            return Err(Mismatch::Amount);
        }
        self.paid(Paid {
            is_estimate: false,
            at: event.created,
            digest: contents.to_owned(),
            intent: None,
            totals: None,
            authorized: None,
        })?;
        Ok(().into())
    }

    /// Counts the failed charge on an intent that the order has or had. A payer never receives an
    /// intent before the order stores it.
    ///
    /// A fetched intent shows a failure again and again, so that its time is not the failure's.
    fn count_failure(&mut self, intent: &Intent, origin: Origin, event: &Event) {
        if let (Origin::Stored | Origin::Page, Some(charge)) = (origin, intent.failed_charge())
            && !(event.is_fetched() && self.facts.has_failed_charge(charge))
        {
            self.facts.charge_failed(charge, event.created);
        }
    }

    /// Returns true when the failed charge that `intent` names is not counted yet.
    pub(crate) fn lacks_failed_charge(&self, intent: &Intent) -> bool {
        let charge = intent.failed_charge();
        charge.is_some_and(|charge| !self.facts.has_failed_charge(charge))
    }

    /// Counts all failed charges on the intent, whatever its present state.
    fn count_failures(&mut self, origin: Origin, charges: &[FailedCharge]) {
        if matches!(origin, Origin::Stored | Origin::Page) {
            for charge in charges {
                self.facts.charge_failed(&charge.id, charge.created);
            }
        }
    }

    /// Records `attempt`, reported by `reporter`. On a closed payment it changes nothing, and a
    /// fetched object changes nothing while its state is the known one.
    fn attempted(&mut self, reporter: &str, origin: Origin, attempt: Attempt, event: &Event) {
        let attempt = match event.is_fetched() {
            true if self.facts.shows_attempt(reporter, attempt) => return,
            true => self.facts.after_known(reporter, attempt),
            false => attempt,
        };
        let is_open = self.reporters().iter().any(|open| open == reporter);
        if is_open || matches!(origin, Origin::NotStored { .. }) {
            self.facts.attempted(reporter, attempt);
        }
    }

    /// Records who paid, as the objects of `event` tell.
    fn record_payer(&mut self, event: &Event) {
        if !event.names_payer || self.facts.payer().is_forgotten() {
            return;
        }
        let session = match &event.subject {
            Subject::Session(session) => Some(&**session),
            _ => event.session.as_deref(),
        };
        let payer = self.facts.payer_mut();
        if let Some(session) = session {
            payer.of_session(session);
        }
        if let Some(charge) = &event.charge {
            payer.of_charge(charge);
        }
        if let Some(invoice) = &event.invoice {
            payer.of_invoice(invoice);
        }
    }

    /// The totals of `intent`, which a Checkout Session made: those of the session, which was
    /// fetched with it, or those that are known.
    fn totals_of_page(&self, intent: &Intent, event: &Event) -> Result<Totals, Mismatch> {
        let is_its =
            |session: &&CheckoutSession| session.payment_intent.as_ref() == Some(&intent.id);
        let Some(session) = event.session.as_deref().filter(is_its) else {
            let is_known = self.facts.paid_by() == Some(intent.id.as_str());
            return is_known.then(|| self.totals()).ok_or(Mismatch::Session);
        };
        let totals = Totals::of_session(session);
        totals.check(self.allowed_parts(&session.id))?;
        match totals.total == intent.amount {
            true => Ok(totals),
            false => Err(Mismatch::Amount),
        }
    }

    /// Records the payment, unless another one came before. Totals that are the offered amount
    /// alone are not kept.
    fn paid(&mut self, reported: Paid) -> Result<(), Mismatch> {
        if self.facts.paid_at().is_some() && self.intent() != reported.intent.as_deref() {
            return Err(Mismatch::Intent);
        }
        let totals = self.added_totals(&reported);
        self.facts.paid(Paid { totals, ..reported });
        Ok(())
    }

    /// Records the payment that began a subscription: that of its first invoice, or none.
    fn subscribed(
        &mut self,
        mut paid: Paid,
        session: &CheckoutSession,
        event: &Event,
    ) -> Result<(), Mismatch> {
        let subscription = session.subscription.clone().ok_or(Mismatch::Session)?;
        let total = paid.totals.map_or(0, |totals| totals.total);
        let is_received = session.payment_status == "paid" && session.invoice.is_some();
        if total > 0 && !is_received {
            return Err(Mismatch::Received);
        }
        let is_same = match self.subscription() {
            Some(known) => known == subscription,
            None => self.facts.paid_at().is_none(),
        };
        if !is_same {
            return Err(Mismatch::Session);
        }
        let invoice = event.invoice.as_ref();
        let intent = invoice.and_then(|invoice| invoice.payment_intent());
        self.facts.subscribed(FirstInvoice {
            subscription,
            invoice: session.invoice.clone(),
            intent: intent.map(str::to_owned),
        });
        // Whichever report arrives first: the intent is the invoice's.
        paid.intent = None;
        paid.totals = self.added_totals(&paid);
        self.facts.paid(paid);
        Ok(())
    }

    /// The totals in `reported`, where they are not the offered amount alone.
    fn added_totals(&self, reported: &Paid) -> Option<Totals> {
        let paid = self.revisions().find(|r| r.digest == reported.digest);
        let plain = paid.map(|paid| Totals::of_subtotal(paid.contents.amount().minor_units()));
        reported.totals.filter(|totals| Some(*totals) != plain)
    }

    /// The index of the revision with `digest`.
    fn revision_index(&self, digest: &str) -> usize {
        let mut revisions = self.revisions();
        let found = revisions.position(|revision| revision.digest == digest);
        found.unwrap_or(self.current)
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
        let amount = |revision: &&Revision| claims.fits(&revision.contents);
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
        let offered = &revision.ok_or(Mismatch::Details)?.contents;
        if claims.currency != offered.amount().currency().as_str() {
            return Err(Mismatch::Currency);
        }
        match claims.fits(offered) {
            true => Ok(digest.to_owned()),
            false => Err(Mismatch::Amount),
        }
    }
}

impl PaymentClaims<'_> {
    fn fits(&self, offered: &OrderDetails) -> bool {
        self.amount
            .is_none_or(|amount| offered.is_paid_by(amount, self.due))
    }

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
        "processing" => AttemptStatus::Processing,
        Intent::AUTHORIZED => AttemptStatus::Authorized,
        "requires_action" => AttemptStatus::RequiresAction,
        "requires_payment_method" if has_failed => AttemptStatus::Failed,
        "requires_payment_method" | "requires_confirmation" => AttemptStatus::Created,
        _ => return None,
    })
}
