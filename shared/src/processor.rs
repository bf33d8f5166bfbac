//! Processes events from any source: the webhook, or reconcile.
//!
//! The source, the order and concurrent deliveries do not matter: the database claims an event's id
//! in the transaction that applies it.

mod connected;
mod invoices;
mod look;
mod refresh;

pub use connected::ConnectedAccounts;
pub use invoices::FoundInvoice;
use look::is_reversal;

use std::time::Duration;

use crate::{
    Clock, Error, Secrets,
    cause::innermost,
    event::{
        CheckoutSession, Event, FailedCharge, Family, PaidCharge, PaidInvoice, Related, Subject,
        is_id,
    },
    order::{IntentKeys, OrderId},
    purchase::{Release, closing::Closer},
    rate_limit,
    secrets::{Missing, Unreadable},
    store::{self, AcceptOutcome, Accepted, Store, is_payment_for_an_order},
    stripe::{self, Stripe},
    subscriptions::{LookError, SubscriptionService},
};

/// The longest wait for what only tells who paid.
const PAYER_DEADLINE: Duration = Duration::from_secs(3);

/// Processes the events of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct EventProcessor {
    /// The keys, which tell the mode.
    pub secrets: Secrets,
    /// The Stripe client, for objects that an event only names.
    pub stripe: Stripe,
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The limit on the failed charges of one order.
    pub limits: rate_limit::Settings,
    /// The connected accounts whose events are processed, beside the platform's own.
    pub connected_accounts: ConnectedAccounts,
    /// `FAREBOX_PAYER`: true when orders keep who paid.
    pub keeps_payer: bool,
    /// Keeps the copies of subscriptions.
    pub subscriptions: SubscriptionService,
}

/// The result of processing an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The database's result.
    Store(Accepted),
    /// The event is of the other mode, test or live, and changed nothing.
    OtherMode,
    /// The event is about an object that another deployment created, and changed nothing.
    OtherDeployment,
    /// The event is of a connected account that the settings do not name, and changed nothing.
    OtherAccount,
}

impl Outcome {
    /// One word, for the log and for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store(accepted) => accepted.as_str(),
            Self::OtherMode => "other_mode",
            Self::OtherDeployment => "other_deployment",
            Self::OtherAccount => "other_account",
        }
    }
}

/// A processed event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processed {
    /// The result.
    pub outcome: Outcome,
    /// The ids of the messages that it appended to the outbox.
    pub messages: Vec<String>,
}

impl From<Outcome> for Processed {
    fn from(outcome: Outcome) -> Self {
        let messages = Vec::new();
        Self { outcome, messages }
    }
}

/// The error of an event that was not processed: nothing was written, and it may be delivered
/// again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The database failed.
    #[error("the database did not store an event")]
    Store(#[from] store::StoreError),
    /// A subscription could not be fetched and stored.
    #[error("a subscription was not brought up to date")]
    Look(#[from] LookError),
    /// Stripe did not return an object that the event only names.
    #[error("Stripe did not return an event's object")]
    Stripe(#[from] stripe::StripeError),
    /// The event was processed, but its payment, which failed too often, may still be open.
    #[error("a payment with too many failed charges may still be open")]
    NotStopped(#[source] Box<Error>),
    /// The keys, which tell the mode, cannot be read.
    #[error(transparent)]
    NoKeys(#[from] Unreadable),
    /// There is no key that tells the mode.
    #[error(transparent)]
    NoKey(#[from] Missing),
}

impl EventProcessor {
    /// Processes `event`, which is known to come from Stripe.
    ///
    /// An event that contradicts its order, or cannot be read, is quarantined for an operator, and
    /// an error is logged.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] when it was not processed.
    pub async fn process(&self, event: Event) -> Result<Processed, ProcessError> {
        let processed = self.process_from_stripe(event).await;
        let outcome = processed
            .as_ref()
            .map_or("failed", |one| one.outcome.as_str());
        tracing::debug!(event.outcome = outcome, "ended the processing of an event");
        processed
    }

    async fn process_from_stripe(&self, mut event: Event) -> Result<Processed, ProcessError> {
        if let Some(foreign) = self.foreign(&event).await? {
            return Ok(foreign.into());
        }
        let looked = self.look(&event).await?;
        if let Subject::Related(related) = &event.subject {
            event.as_of = self.clock.now();
            event.subject = match self.stripe_of(&event).related(related).await {
                Err(failure) if failure.is_missing() => {
                    Subject::Unreadable("Stripe has no such object".to_owned())
                }
                fetched => fetched?,
            };
            event.failed_charges = self.failed_charges(&event).await?;
        }
        // Most events are none, and a body may be long.
        let reversal = is_reversal(&event).then(|| event.clone());
        let (mut processed, order) = self.process_complete(event).await?;
        // A duplicate may be one whose first delivery ended before its message was written.
        if let (
            Some(event),
            Outcome::Store(Accepted::Ignored | Accepted::Applied | Accepted::Duplicate),
        ) = (reversal, processed.outcome)
        {
            let messages = self.report_reversal(&event, order.as_ref()).await?;
            processed.messages.extend(messages);
        }
        if looked.has_changed && processed.outcome == Outcome::Store(Accepted::Ignored) {
            processed.outcome = Outcome::Store(Accepted::Applied);
        }
        processed.messages.extend(looked.messages);
        Ok(processed)
    }

    /// Processes `event`, which has its object; returns its order as well, if the database has one.
    async fn process_complete(
        &self,
        mut event: Event,
    ) -> Result<(Processed, Option<OrderId>), ProcessError> {
        self.fetch_details(&mut event).await?;
        let (id, kind) = (event.id.clone(), event.kind.clone());
        let is_failed_charge = reports_failed_charge(&event);
        let mut messages = Vec::new();
        let payment = self.accept_unknown_payment(&event, &mut messages).await?;
        let (accepted, order) = match payment {
            Accepted::OtherDeployment => (Accepted::OtherDeployment, None),
            _ => {
                let outcome = self.accept(event).await?;
                messages.extend(outcome.messages);
                (outcome.accepted, outcome.order)
            }
        };
        if accepted == Accepted::OtherDeployment {
            tracing::info!(
                event.id = id,
                event.type = kind,
                metric.other_deployment = 1,
                "ignored an event of another deployment"
            );
            return Ok((Outcome::OtherDeployment.into(), None));
        }
        log_quarantined(accepted, &id, &kind);
        if let (true, Some(order), Accepted::Applied | Accepted::Duplicate) =
            (is_failed_charge, &order, accepted)
        {
            self.stop_after_failures(order).await?;
        }
        let outcome = Outcome::Store(accepted);
        Ok((Processed { outcome, messages }, order))
    }

    /// The outcome for an event of the other mode, or of a connected account that the settings do
    /// not name.
    async fn foreign(&self, event: &Event) -> Result<Option<Outcome>, ProcessError> {
        let is_live = self.secrets.current().await?.mode()?.is_live();
        if event.livemode.is_some_and(|live| live != is_live) {
            tracing::warn!(
                event.id,
                metric.other_mode = 1,
                "ignored an event of the other mode, test or live: is its endpoint in the right \
                 mode?"
            );
            return Ok(Some(Outcome::OtherMode));
        }
        if let Some(account) = &event.account
            && !self.connected_accounts.include(account)
        {
            tracing::warn!(
                event.id,
                account,
                metric.other_account = 1,
                "ignored an event of a connected account that FAREBOX_CONNECTED_ACCOUNTS does not \
                 name"
            );
            return Ok(Some(Outcome::OtherAccount));
        }
        Ok(None)
    }

    /// The failed charges of the intent of `event`, which was fetched. The intent names only the
    /// latest, and several may have failed since the event. With a key that may not list them, the
    /// latest has to do.
    async fn failed_charges(&self, event: &Event) -> Result<Vec<FailedCharge>, ProcessError> {
        let Subject::Intent(intent) = &event.subject else {
            return Ok(Vec::new());
        };
        if event.kind != "payment_intent.payment_failed" && !event.is_fetched() {
            return Ok(Vec::new());
        }
        match self.stripe_of(event).failed_charges(&intent.id).await {
            Err(failure) if failure.is_auth() || failure.is_missing() => {
                tracing::warn!(
                    event.id,
                    cause = %failure,
                    "Farebox cannot list a payment's charges, and counts only the latest failed one"
                );
                Ok(Vec::new())
            }
            charges => Ok(charges?),
        }
    }

    /// Fetches what else is known of the payment that `event` reports: its session and its charge,
    /// at the same time.
    async fn fetch_details(&self, event: &mut Event) -> Result<(), ProcessError> {
        let session = self.session_of_paid_intent(event);
        let charge = self.charge_of_payment(event);
        let (session, charge) = tokio::try_join!(session, charge)?;
        (event.session, event.charge) = (session, charge);
        event.invoice = self.invoice_of_payment(event).await?;
        let invoice = event.invoice.as_ref();
        if let Some(intent) = invoice.and_then(|invoice| invoice.payment_intent())
            && event.charge.is_none()
            && self.keeps_payer
            && is_id(intent)
        {
            let stripe = self.stripe_of(event).with_deadline(PAYER_DEADLINE);
            event.charge = charge_in(stripe.charge_of_intent(intent).await, event);
        }
        event.names_payer = self.keeps_payer;
        Ok(())
    }

    /// The Checkout Session whose intent was paid or authorized, as `event` reports. Only the
    /// session names the parts of the amount, and its own event may arrive later.
    async fn session_of_paid_intent(
        &self,
        event: &Event,
    ) -> Result<Option<Box<CheckoutSession>>, ProcessError> {
        let Subject::Intent(intent) = &event.subject else {
            return Ok(None);
        };
        let is_of_a_session = intent.metadata(IntentKeys::PAGE).is_some();
        let has_totals = intent.status == "succeeded" || intent.is_authorized();
        if !has_totals || !is_of_a_session || self.is_of_another(event)? {
            return Ok(None);
        }
        let session = self.stripe_of(event).session_of_intent(&intent.id).await?;
        Ok(session.map(Box::new))
    }

    /// The charge of the payment that succeeded or was authorized, as `event` reports. It only
    /// tells who paid, and until when it can be captured, so the payment does not wait for it.
    async fn charge_of_payment(
        &self,
        event: &Event,
    ) -> Result<Option<Box<PaidCharge>>, ProcessError> {
        // An account has payments that are no orders: they cost no call.
        let is_paid = self.keeps_payer && is_payment_for_an_order(event);
        if !(is_paid || is_authorization(event)) || self.is_of_another(event)? {
            return Ok(None);
        }
        let stripe = self.stripe_of(event).with_deadline(PAYER_DEADLINE);
        let fetched = match &event.subject {
            Subject::Intent(intent) => match &intent.latest_charge {
                Some(charge) if is_id(charge) => stripe.charge(charge).await,
                _ => return Ok(None),
            },
            Subject::Session(session) => match &session.payment_intent {
                Some(intent) if is_id(intent) => stripe.charge_of_intent(intent).await,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(charge_in(fetched, event))
    }

    /// The invoice that the Checkout Session of the payment made, if it makes invoices. A single
    /// payment does not wait for it. That of a subscription does, since the invoice alone has the
    /// payment intent, unless Stripe's key may not read it.
    async fn invoice_of_payment(
        &self,
        event: &Event,
    ) -> Result<Option<Box<PaidInvoice>>, ProcessError> {
        let session = match &event.subject {
            Subject::Session(session) => Some(session),
            _ => event.session.as_ref(),
        };
        let invoice = session.and_then(|session| session.invoice.as_deref());
        let Some(invoice) = invoice.filter(|id| is_id(id)) else {
            return Ok(None);
        };
        let is_subscription = session.is_some_and(|session| session.is_subscription());
        let is_asked = (self.keeps_payer || is_subscription) && is_payment_for_an_order(event);
        if !is_asked || self.is_of_another(event)? {
            return Ok(None);
        }
        let stripe = match is_subscription {
            true => self.stripe_of(event),
            false => self.stripe_of(event).with_deadline(PAYER_DEADLINE),
        };
        match stripe.invoice(invoice).await {
            Ok(invoice) => Ok(Some(Box::new(invoice))),
            Err(failure) if is_subscription && !failure.is_auth() && !failure.is_missing() => {
                Err(failure.into())
            }
            Err(failure) => {
                tracing::warn!(
                    event.id,
                    cause = %failure,
                    "Farebox cannot read a payment's invoice: its notification does not name the \
                     invoice's page, and a subscription's payment cannot be refunded"
                );
                Ok(None)
            }
        }
    }

    /// True when the metadata of the object of `event` names another deployment.
    fn is_of_another(&self, event: &Event) -> Result<bool, ProcessError> {
        let deployment = self.store.deployment()?;
        let named = event.deployment();
        Ok(named.is_some_and(|named| named != deployment.id()))
    }

    /// The database decides whether a charge's total is new to it. Stripe's list then tells the
    /// refunds behind it: it has every refund from its creation.
    async fn accept(&self, event: Event) -> Result<AcceptOutcome, ProcessError> {
        let charge = match &event.subject {
            Subject::Charge(charge) => charge.payment_intent.clone(),
            _ => None,
        };
        let Some(payment_intent) = charge.filter(|id| is_id(id)) else {
            return Ok(self.store.accept(event, self.clock.now()).await?);
        };
        let outcome = self.store.accept(event.clone(), self.clock.now()).await?;
        if outcome.accepted != Accepted::LacksRefunds {
            return Ok(outcome);
        }
        let subject = match self.stripe_of(&event).refunds(&payment_intent).await {
            Err(failure) if failure.is_missing() => {
                Subject::Unreadable("Stripe has no such payment".to_owned())
            }
            all => Subject::Refunds {
                payment_intent,
                all: all?,
            },
        };
        let event = Event { subject, ..event };
        Ok(self.store.accept(event, self.clock.now()).await?)
    }

    /// Closes the open payment of the order with `id` when too many charges for it failed lately. A
    /// card tester need not call Farebox: they confirm the intent at Stripe again and again. After
    /// a failure here, Stripe redelivers the event, which is then a duplicate, and this runs again.
    async fn stop_after_failures(&self, id: &OrderId) -> Result<(), ProcessError> {
        let now = self.clock.now();
        let order = self.store.order(id).await?;
        let Some(order) = order.filter(|o| self.limits.wait_after_failures(o, now).is_some())
        else {
            return Ok(());
        };
        if order.active_payment().is_none() {
            return Ok(());
        }
        tracing::warn!(
            order.id = %id,
            metric.too_many_attempts = 1,
            "too many charges of one order failed: Farebox cancels its payment"
        );
        let stripe = self.stripe.for_one_request();
        let closer = Closer {
            stripe: &stripe,
            store: &self.store,
            clock: &self.clock,
            release: Release::Keep,
        };
        match closer.closed(order).await {
            // No open payment is left.
            Ok(_)
            | Err(
                Error::AlreadyPaid(_)
                | Error::PaymentProcessing(_)
                | Error::PaymentAwaited(..)
                | Error::OrderCanceled,
            ) => Ok(()),
            Err(error) if is_transient(&error) => Err(ProcessError::NotStopped(Box::new(error))),
            Err(error) => {
                // Stripe would redeliver the event for days, with the same result.
                tracing::error!(
                    order.id = %id,
                    cause = innermost(&error),
                    "Farebox cannot cancel a payment with too many failed charges: let Stripe's \
                     key write PaymentIntents and Checkout Sessions"
                );
                Ok(())
            }
        }
    }

    /// The Stripe client for the account of `event`.
    fn stripe_of(&self, event: &Event) -> Stripe {
        let stripe = self.stripe.clone();
        match &event.account {
            Some(account) => stripe.on_behalf_of(account),
            None => stripe,
        }
    }

    /// Fetches and processes the payment of a Checkout Session first, where `event` needs it;
    /// returns its result, and adds its messages to `messages`.
    ///
    /// A Checkout Session creates its own intent, which the database does not know before the event
    /// of the payment. An earlier report on it, such as a refund after an outage, does not name its
    /// order. Neither does the intent of a subscription's first invoice: see
    /// [`EventProcessor::accept_first_invoice`].
    async fn accept_unknown_payment(
        &self,
        event: &Event,
        messages: &mut Vec<String>,
    ) -> Result<Accepted, ProcessError> {
        let Some(id) = event.subject.paid_intent() else {
            return Ok(Accepted::Ignored);
        };
        if self.store.knows_intent(id).await? {
            return Ok(Accepted::Ignored);
        }
        if self.is_of_another(event)? {
            return Ok(Accepted::OtherDeployment);
        }
        let related = Related {
            family: Family::Intent,
            id: id.to_owned(),
        };
        let subject = match self.stripe_of(event).related(&related).await {
            Err(failure) if failure.is_missing() => return Ok(Accepted::Ignored),
            // With a key that may not read it, the event would be processed, and its payment never
            // known.
            Err(stripe::StripeError::Refused(refusal)) if !refusal.is_auth() => {
                tracing::warn!(
                    event.id,
                    "Farebox cannot read the payment of an event: {refusal}"
                );
                return Ok(Accepted::Ignored);
            }
            subject => subject?,
        };
        let payment = Event {
            id: format!("payment_{id}"),
            kind: "payment_intent.fetched".to_owned(),
            subject,
            ..event.clone()
        };
        if self.is_of_another(&payment)? {
            return Ok(Accepted::OtherDeployment);
        }
        let Subject::Intent(intent) = &payment.subject else {
            return Ok(Accepted::Ignored);
        };
        if intent.status != "succeeded" {
            return Ok(Accepted::Ignored);
        }
        if intent.metadata(IntentKeys::PAGE).is_none() {
            self.accept_first_invoice(event, id, messages).await?;
            return Ok(Accepted::Ignored);
        }
        self.accept_payment(payment, messages).await
    }

    /// Processes the payment that another event needs; adds its messages to `messages`.
    async fn accept_payment(
        &self,
        mut payment: Event,
        messages: &mut Vec<String>,
    ) -> Result<Accepted, ProcessError> {
        self.fetch_details(&mut payment).await?;
        let (id, kind) = (payment.id.clone(), payment.kind.clone());
        let outcome = self.store.accept(payment, self.clock.now()).await?;
        let accepted = outcome.accepted;
        messages.extend(outcome.messages);
        log_quarantined(accepted, &id, &kind);
        Ok(accepted)
    }
}

/// The fetched charge of a payment. It only tells who paid, so that the payment does not wait for
/// it.
fn charge_in(
    fetched: Result<PaidCharge, stripe::StripeError>,
    event: &Event,
) -> Option<Box<PaidCharge>> {
    match fetched {
        Ok(charge) => Some(Box::new(charge)),
        Err(failure) => {
            tracing::warn!(
                event.id,
                cause = %failure,
                "Farebox cannot read a payment's charge: its notification names neither the \
                 receipt nor the end of an authorization"
            );
            None
        }
    }
}

/// True when `event` reports that a payment of an order is authorized.
fn is_authorization(event: &Event) -> bool {
    let Subject::Intent(intent) = &event.subject else {
        return false;
    };
    intent.is_authorized() && intent.metadata(IntentKeys::ORDER).is_some()
}

/// True when `event` reports a failed charge.
fn reports_failed_charge(event: &Event) -> bool {
    let Subject::Intent(intent) = &event.subject else {
        return false;
    };
    !event.failed_charges.is_empty() || intent.failed_charge().is_some()
}

/// True when a redelivery may succeed.
fn is_transient(error: &Error) -> bool {
    let cause = match error {
        Error::InProgress => return true,
        Error::Unavailable(cause) => cause.downcast_ref::<stripe::StripeError>(),
        _ => return false,
    };
    // A key that lacks the permission will lack it tomorrow.
    !matches!(cause, Some(stripe::StripeError::Refused(refusal)) if refusal.status == 403)
}

fn log_quarantined(accepted: Accepted, id: &str, kind: &str) {
    if accepted == Accepted::Quarantined {
        tracing::error!(
            event.id = id,
            event.type = kind,
            metric.quarantined = 1,
            "quarantined an event: list it with `notify quarantined`"
        );
    }
}

impl From<ProcessError> for Error {
    fn from(failure: ProcessError) -> Self {
        Self::Unavailable(Box::new(failure))
    }
}
