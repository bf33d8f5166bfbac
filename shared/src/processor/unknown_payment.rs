//! Processes the payment that an event is about first, where the database does not know it yet.

use super::{EventProcessor, ProcessError, log_quarantined};
use crate::{
    event::{Event, Family, Related, Subject},
    order::IntentKeys,
    store::Accepted,
    stripe::StripeError,
};

impl EventProcessor {
    /// Fetches and processes the payment of a Checkout Session first, where `event` needs it;
    /// returns its result, and adds its messages to `messages`.
    ///
    /// A Checkout Session creates its own intent, which the database does not know before the event
    /// of the payment. An earlier report on it, such as a refund after an outage, does not name its
    /// order. Neither does the intent of a subscription's first invoice: see
    /// [`EventProcessor::accept_first_invoice`].
    pub(super) async fn accept_unknown_payment(
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
            Err(StripeError::Refused(refusal)) if !refusal.is_auth() => {
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
    pub(super) async fn accept_payment(
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
