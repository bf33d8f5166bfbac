//! Events about subscriptions: what they say to look at, and refunds and disputes of invoices.

use super::{EventProcessor, ProcessError};
use crate::{
    cause::causes,
    event::{CheckoutSession, Event, Look, Subject, is_id},
    order::OrderId,
    subscription::Reason,
    subscriptions::{Looked, Reversal},
};

/// The event three days before the end of a trial.
const TRIAL_WILL_END: &str = "customer.subscription.trial_will_end";
/// The event of an invoice that waits for its payer.
const ACTION_REQUIRED: &str = "invoice.payment_action_required";

/// True when `event` reports a refund or a dispute.
pub(super) fn is_reversal(event: &Event) -> bool {
    matches!(event.subject, Subject::Refund(_) | Subject::Dispute(_))
}

/// The result of a look at the subscription with `id`, after its order was paid, as `event` reports
/// or a reader found out. After a failure, whose cause is logged, it is none: neither the payment
/// nor the reader waits for it, and the subscription's own events follow.
pub(super) fn or_wait_for_events(
    looked: Result<Looked, String>,
    id: &str,
    event: Option<&Event>,
) -> Looked {
    looked.unwrap_or_else(|cause| {
        tracing::warn!(
            event.id = event.map(|event| event.id.as_str()),
            subscription.id = id,
            cause,
            "Farebox cannot fetch a subscription that was paid, and waits for its events"
        );
        Looked::default()
    })
}

impl EventProcessor {
    /// The subscription that `event` says to look at again, and nothing else: one look serves any
    /// number of such events that are older than it.
    #[must_use]
    pub fn folds(event: &Event) -> Option<&str> {
        match &event.subject {
            Subject::Look(
                Look::Subscription(subscription) | Look::Invoice { subscription, .. },
            ) if ![TRIAL_WILL_END, ACTION_REQUIRED].contains(&event.kind.as_str()) => {
                Some(subscription)
            }
            _ => None,
        }
    }

    /// Fetches the subscription that `event` says to look at again. It has its own transaction,
    /// before that of the event: an event that is processed twice changes nothing the second time.
    pub(super) async fn look(&self, event: &Event) -> Result<Looked, ProcessError> {
        let look = match &event.subject {
            Subject::Look(look) => look,
            Subject::Session(session) => return self.look_at_paid(session, event).await,
            _ => return Ok(Looked::default()),
        };
        // Connected accounts have customers of their own, which are no caller's.
        if event.account.is_some() || self.is_of_another(event)? {
            return Ok(Looked::default());
        }
        let (id, is_trial_ending) = match look {
            Look::Customer(customer) => {
                return Ok(self.subscriptions.look_at_customer(customer).await?);
            }
            Look::Snapshot(event) => {
                return match self.stripe.customer_of_event(event).await {
                    Err(failure) if failure.is_missing() => Ok(Looked::default()),
                    Err(failure) => Err(failure.into()),
                    Ok(None) => Ok(Looked::default()),
                    Ok(Some(customer)) => {
                        Ok(self.subscriptions.look_at_customer(&customer).await?)
                    }
                };
            }
            Look::Subscription(id) => (id.clone(), event.kind == TRIAL_WILL_END),
            Look::Invoice { subscription, .. } => (subscription.clone(), false),
            Look::NamedInvoice(invoice) => {
                match self.stripe.subscription_of_invoice(invoice).await {
                    Err(failure) if failure.is_missing() => return Ok(Looked::default()),
                    Err(failure) => return Err(failure.into()),
                    Ok(None) => return Ok(Looked::default()),
                    Ok(Some(id)) => (id, false),
                }
            }
        };
        let reason = match look {
            _ if is_trial_ending => Reason::TrialEnding,
            Look::Invoice { invoice, .. } | Look::NamedInvoice(invoice)
                if event.kind == ACTION_REQUIRED =>
            {
                Reason::ActionRequired(invoice.clone())
            }
            _ => Reason::Event,
        };
        Ok(self.subscriptions.look(&id, &reason).await?)
    }

    /// Looks at the subscription that `session` began, so that its caller may use it once their
    /// order is paid.
    async fn look_at_paid(
        &self,
        session: &CheckoutSession,
        event: &Event,
    ) -> Result<Looked, ProcessError> {
        let id = session.subscription.as_deref().filter(|id| is_id(id));
        let Some(id) = id.filter(|_| session.is_paid() && event.account.is_none()) else {
            return Ok(Looked::default());
        };
        if self.is_of_another(event)? {
            return Ok(Looked::default());
        }
        let looked = self.subscriptions.look(id, &Reason::Event).await;
        let looked = looked.map_err(|failure| causes(&failure));
        Ok(or_wait_for_events(looked, id, Some(event)))
    }

    /// Notifies the site of a refund or dispute of `order`, or of none, where it is of an invoice
    /// of a subscription; returns the ids of the messages. An order that a caller placed notified
    /// the site itself.
    pub(super) async fn report_reversal(
        &self,
        event: &Event,
        order: Option<&OrderId>,
    ) -> Result<Vec<String>, ProcessError> {
        let reversal = match &event.subject {
            Subject::Refund(refund) if !refund.is_release() => Reversal::Refund(refund),
            Subject::Dispute(dispute) => Reversal::Dispute(dispute),
            _ => return Ok(Vec::new()),
        };
        if !reversal.payment_intent().is_some_and(is_id) {
            return Ok(Vec::new());
        }
        if event.account.is_some() || self.is_of_another(event)? {
            return Ok(Vec::new());
        }
        let looked = match order {
            None => self.subscriptions.report_reversal(reversal).await?,
            Some(id) => match self.invoice_of(id).await? {
                Some((invoice, subscription)) => {
                    let service = &self.subscriptions;
                    let reported = service.report_reversal_of(&invoice, &subscription, reversal);
                    reported.await?
                }
                None => Looked::default(),
            },
        };
        Ok(looked.messages)
    }
}
