//! Processes events from any source: the webhook, or reconcile.
//!
//! The source, the order and concurrent deliveries do not matter: the database claims an event's id
//! in the transaction that applies it.

mod connected;
mod details;
mod failed_charges;
mod invoices;
mod look;
mod outcome;
mod refresh;
mod unknown_payment;

pub use connected::ConnectedAccounts;
use failed_charges::reports_failed_charge;
pub use invoices::FoundInvoice;
use look::is_reversal;
pub use outcome::{Outcome, ProcessError, Processed};

use crate::{
    Clock, Secrets,
    event::{Event, Subject, is_id},
    order::OrderId,
    rate_limit,
    store::{AcceptOutcome, Accepted, Store},
    stripe::Stripe,
    subscriptions::SubscriptionService,
};

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

    /// The Stripe client for the account of `event`.
    fn stripe_of(&self, event: &Event) -> Stripe {
        let stripe = self.stripe.clone();
        match &event.account {
            Some(account) => stripe.on_behalf_of(account),
            None => stripe,
        }
    }
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
