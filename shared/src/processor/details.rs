//! Fetches what an event does not say about its payment: the Checkout Session with the parts of the
//! amount, the charge, which tells who paid, and the invoice.

use std::time::Duration;

use super::{EventProcessor, ProcessError};
use crate::{
    event::{CheckoutSession, Event, PaidCharge, PaidInvoice, Subject, is_id},
    order::IntentKeys,
    store::is_payment_for_an_order,
    stripe::StripeError,
};

/// The longest wait for what only tells who paid.
const PAYER_DEADLINE: Duration = Duration::from_secs(3);

impl EventProcessor {
    /// Fetches what else is known of the payment that `event` reports: its session and its charge,
    /// at the same time.
    pub(super) async fn fetch_details(&self, event: &mut Event) -> Result<(), ProcessError> {
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
}

/// The fetched charge of a payment. It only tells who paid, so that the payment does not wait for
/// it.
fn charge_in(fetched: Result<PaidCharge, StripeError>, event: &Event) -> Option<Box<PaidCharge>> {
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
