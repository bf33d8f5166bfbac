//! How an event gets into the database, whoever brought it: the webhook, or reconcile.
//!
//! It does not matter who brings it first, nor in which order, nor whether two do so at once: the
//! database claims an event's id in the transaction that applies it.

mod connected;

pub use connected::ConnectedAccounts;

use crate::{
    Clock, Error, Secrets,
    cause::innermost,
    event::{Event, FailedCharge, Family, Related, Subject, is_id},
    order::{IntentKeys, OrderId},
    purchase::closing::Closer,
    rate_limit,
    secrets::{Missing, Unreadable},
    store::{self, AcceptOutcome, Accepted, Store},
    stripe::{self, Stripe},
};

/// Takes events into the database of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct EventProcessor {
    /// The keys, which tell the mode.
    pub secrets: Secrets,
    /// Stripe, for what an event only names.
    pub stripe: Stripe,
    /// Where events are taken.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// How many charges of one order may fail.
    pub limits: rate_limit::Settings,
    /// The accounts whose events are taken, beside one's own.
    pub connected_accounts: ConnectedAccounts,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What the database made of it.
    Store(Accepted),
    /// It is of the other mode, test or live, and changed nothing.
    OtherMode,
    /// It is about an object that another deployment made, and changed nothing.
    OtherDeployment,
    /// It is of a connected account, which the settings do not name, and changed nothing.
    OtherAccount,
}

/// The event was not taken: nothing was written, and it may be brought again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The database did not take it.
    #[error("the database did not take an event")]
    Store(#[from] store::StoreError),
    /// Stripe did not give what a thin event only names.
    #[error("Stripe did not give an event's object")]
    Stripe(#[from] stripe::StripeError),
    /// It was taken, and the payment that it tells of, which was tried too often, may still be
    /// open.
    #[error("a payment that was tried too often may still be open")]
    NotStopped(#[source] Box<Error>),
    /// The keys, which tell the mode, cannot be read.
    #[error(transparent)]
    NoKeys(#[from] Unreadable),
    /// There is no key that tells the mode.
    #[error(transparent)]
    NoKey(#[from] Missing),
}

impl EventProcessor {
    /// Takes `event`, which is known to come from Stripe. One that contradicts its order, or that
    /// cannot be read, is kept for a person to look at, and an error is logged.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] when it was not taken.
    pub async fn take(&self, mut event: Event) -> Result<Outcome, ProcessError> {
        let is_live = self.secrets.current().await?.mode()?.is_live();
        if event.livemode.is_some_and(|live| live != is_live) {
            tracing::warn!(
                event.id,
                metric.other_mode = 1,
                "an event of the other mode changes nothing"
            );
            return Ok(Outcome::OtherMode);
        }
        if let Some(account) = &event.account
            && !self.connected_accounts.include(account)
        {
            tracing::warn!(
                event.id,
                account,
                metric.other_account = 1,
                "an event of a connected account changes nothing: FAREBOX_CONNECTED_ACCOUNTS names others"
            );
            return Ok(Outcome::OtherAccount);
        }
        if let Subject::Related(related) = &event.subject {
            event.as_of = self.clock.now();
            event.subject = match self.stripe_of(&event).related(related).await {
                Err(failure) if failure.is_missing() => {
                    Subject::Unreadable("the related object is not there".to_owned())
                }
                fetched => fetched?,
            };
            event.failed_charges = self.failed_charges(&event).await?;
        }
        let (id, kind) = (event.id.clone(), event.kind.clone());
        let is_failed_charge = tells_of_failed_charge(&event);
        let AcceptOutcome { accepted, order } = match self.learn_payment(&event).await? {
            Accepted::OtherDeployment => AcceptOutcome {
                accepted: Accepted::OtherDeployment,
                order: None,
            },
            _ => self.accept(event).await?,
        };
        if accepted == Accepted::OtherDeployment {
            tracing::info!(
                event.id = id,
                event.type = kind,
                metric.other_deployment = 1,
                "an event of another deployment changes nothing"
            );
            return Ok(Outcome::OtherDeployment);
        }
        log_if_set_aside(accepted, &id, &kind);
        if let (true, Some(order), Accepted::Applied | Accepted::Duplicate) =
            (is_failed_charge, order, accepted)
        {
            self.stop_after_failures(&order).await?;
        }
        Ok(Outcome::Store(accepted))
    }

    /// The charges that failed on the intent of `event`, which was fetched: it names the latest of
    /// them, and several may have failed since the event. With a key that may not list them, that
    /// one has to do.
    async fn failed_charges(&self, event: &Event) -> Result<Vec<FailedCharge>, ProcessError> {
        let Subject::Intent(intent) = &event.subject else {
            return Ok(Vec::new());
        };
        if event.kind != "payment_intent.payment_failed" {
            return Ok(Vec::new());
        }
        match self.stripe_of(event).failed_charges(&intent.id).await {
            Err(failure) if failure.is_auth() || failure.is_missing() => {
                tracing::warn!(
                    event.id,
                    cause = %failure,
                    "the charges of a payment cannot be read: of those that failed, the latest counts"
                );
                Ok(Vec::new())
            }
            charges => Ok(charges?),
        }
    }

    /// The database knows whether a charge's total tells it anything new; which refunds are behind
    /// it, Stripe's list tells, which has every refund from the moment that it is made.
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
                Subject::Unreadable("the refunds of its payment are not there".to_owned())
            }
            all => Subject::Refunds {
                payment_intent,
                all: all?,
            },
        };
        let event = Event { subject, ..event };
        Ok(self.store.accept(event, self.clock.now()).await?)
    }

    /// Closes what is open of the order with `id` where too many charges for it failed lately:
    /// whoever tries cards asks nothing of us, and confirms the intent at Stripe again and again.
    /// Where that fails, the event comes again, was seen, and leads here once more.
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
            "too many charges of one order failed: its payment is canceled"
        );
        let stripe = self.stripe.for_one_request();
        let closer = Closer {
            stripe: &stripe,
            store: &self.store,
            clock: &self.clock,
        };
        match closer.closed(order).await {
            // Nothing is left to be tried.
            Ok(_)
            | Err(
                Error::AlreadyPaid(_)
                | Error::PaymentProcessing(_)
                | Error::PaymentAwaited(..)
                | Error::OrderCanceled,
            ) => Ok(()),
            Err(error) if passes(&error) => Err(ProcessError::NotStopped(Box::new(error))),
            Err(error) => {
                // Stripe would bring the event for days, to the same end.
                tracing::error!(
                    order.id = %id,
                    cause = innermost(&error),
                    "a payment that was tried too often stays open: may Stripe's key write \
                     PaymentIntents and Checkout Sessions?"
                );
                Ok(())
            }
        }
    }

    /// Stripe, as the account on which `event` happened.
    fn stripe_of(&self, event: &Event) -> Stripe {
        let stripe = self.stripe.clone();
        match &event.account {
            Some(account) => stripe.on_behalf_of(account),
            None => stripe,
        }
    }

    /// A page of Stripe's makes its own intent, which the database does not know before it hears of
    /// the payment. What is told of it earlier, such as a refund after an outage, says nothing of
    /// its order: so the payment is asked for, and taken first. Gives what became of it.
    async fn learn_payment(&self, event: &Event) -> Result<Accepted, ProcessError> {
        let Some(id) = event.subject.paid_intent() else {
            return Ok(Accepted::Ignored);
        };
        if self.store.knows_intent(id).await? {
            return Ok(Accepted::Ignored);
        }
        let deployment = self.store.deployment()?;
        let is_anothers = |event: &Event| {
            let named = event.deployment();
            named.is_some_and(|named| named != deployment.id())
        };
        if is_anothers(event) {
            return Ok(Accepted::OtherDeployment);
        }
        let related = Related {
            family: Family::Intent,
            id: id.to_owned(),
        };
        let subject = match self.stripe_of(event).related(&related).await {
            Err(failure) if failure.is_missing() => return Ok(Accepted::Ignored),
            // With a key that may not read it, the event would be taken, and its payment never
            // known.
            Err(stripe::StripeError::Refused(refusal)) if !refusal.is_auth() => {
                tracing::warn!(
                    event.id,
                    "the payment of an event cannot be read: {refusal}"
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
        if is_anothers(&payment) {
            return Ok(Accepted::OtherDeployment);
        }
        let Subject::Intent(intent) = &payment.subject else {
            return Ok(Accepted::Ignored);
        };
        if intent.status != "succeeded" || intent.metadata(IntentKeys::PAGE).is_none() {
            return Ok(Accepted::Ignored);
        }
        let (id, kind) = (payment.id.clone(), payment.kind.clone());
        let learned = self.store.accept_fetched(payment, self.clock.now()).await?;
        let accepted = learned.accepted;
        log_if_set_aside(accepted, &id, &kind);
        Ok(accepted)
    }
}

/// Whether `event` tells that a charge failed.
fn tells_of_failed_charge(event: &Event) -> bool {
    let Subject::Intent(intent) = &event.subject else {
        return false;
    };
    let error = intent.last_payment_error.as_ref();
    !event.failed_charges.is_empty() || error.is_some_and(|error| error.charge.is_some())
}

/// Whether the same may go better when the event comes again.
fn passes(error: &Error) -> bool {
    let cause = match error {
        Error::InProgress => return true,
        Error::Unavailable(cause) => cause.downcast_ref::<stripe::StripeError>(),
        _ => return false,
    };
    // A key that lacks the permission lacks it tomorrow.
    !matches!(cause, Some(stripe::StripeError::Refused(refusal)) if refusal.status == 403)
}

fn log_if_set_aside(accepted: Accepted, id: &str, kind: &str) {
    if accepted == Accepted::Quarantined {
        tracing::error!(
            event.id = id,
            event.type = kind,
            metric.quarantined = 1,
            "an event was set aside: look at the quarantine"
        );
    }
}

impl From<ProcessError> for Error {
    fn from(failure: ProcessError) -> Self {
        Self::Unavailable(Box::new(failure))
    }
}
