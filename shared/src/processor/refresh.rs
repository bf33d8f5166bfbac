//! Refreshes an order from Stripe, for a reader who waits for its payment, and for a caller who
//! changed it.
//!
//! The payment, as Stripe returns it, passes through the transaction of an event. So a webhook that
//! is late, missing or not configured does not keep a payer waiting. The event of the same change
//! may arrive before or after, and changes nothing then.

use std::time::Duration;

use tokio::time::timeout;

use super::{EventProcessor, ProcessError, look::or_wait_for_events};
use crate::{
    cause::causes,
    digest,
    event::{CheckoutSession, Event, Family, Related, Subject, is_id},
    order::{ActivePayment, CaptureMethod, Order, OrderId},
    subscription::Reason,
};

/// The longest wait for Stripe: the reader is at a page, and asks again.
const DEADLINE: Duration = Duration::from_secs(4);

impl EventProcessor {
    /// `order` after a look at its payment at Stripe: at most one in two seconds for each order.
    ///
    /// A caller who comes in between, or whom Stripe does not answer in time, receives the order as
    /// it is stored.
    pub async fn refresh(&self, order: Order) -> Order {
        let stripe = self.stripe.clone().with_deadline(DEADLINE);
        let brief = Self {
            stripe: stripe.for_one_request(),
            ..self.clone()
        };
        match brief.refreshed(&order).await {
            Ok(Some(latest)) => latest,
            Ok(None) => order,
            Err(failure) => {
                tracing::warn!(
                    order.id = %order.id(),
                    cause = causes(&failure),
                    "Farebox cannot refresh an order from Stripe, and returns it as it is stored"
                );
                order
            }
        }
    }

    /// The order after its payment was fetched and processed; `None` when it is as it was.
    async fn refreshed(&self, order: &Order) -> Result<Option<Order>, ProcessError> {
        let is_settled = order.paid_at().is_some() && order.intent().is_none();
        if is_settled || (order.paid_at().is_none() && order.active_payment().is_none()) {
            return Ok(None);
        }
        let now = self.clock.now();
        if self.store.admit_refresh(order.id(), now).await? {
            self.process_payment_of(order).await?;
        }
        let latest = self.store.order(order.id()).await?;
        let latest = latest.filter(|latest| latest.owner() == order.owner());
        let begun = latest.as_ref().filter(|_| order.paid_at().is_none());
        if let Some(id) = begun.and_then(Order::subscription) {
            self.look_at_begun(id).await;
        }
        Ok(latest)
    }

    /// Looks at the subscription with `id`, so that its caller may use it once the order is paid.
    async fn look_at_begun(&self, id: &str) {
        let subscriptions = self.subscriptions.over(self.stripe.clone());
        let reason = Reason::Event;
        // It may wait for a look of another request, which has more time.
        let looked = timeout(DEADLINE, subscriptions.look(id, &reason)).await;
        let looked = looked.map_or_else(
            |elapsed| Err(elapsed.to_string()),
            |looked| looked.map_err(|failure| causes(&failure)),
        );
        or_wait_for_events(looked, id, None);
    }

    /// The order with `id` after its open payment, which a caller changed at Stripe just now.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] when it was not processed; the event of the change may yet be.
    pub async fn settle(&self, id: &OrderId) -> Result<Option<Order>, ProcessError> {
        if let Some(order) = self.store.order(id).await?
            && order.paid_at().is_none()
        {
            self.process_payment_of(&order).await?;
        }
        Ok(self.store.order(id).await?)
    }

    /// `order` with the payment intent of its subscription's first invoice, where it was not known;
    /// as it was, where Stripe's key may not read the invoice.
    ///
    /// # Errors
    ///
    /// [`ProcessError`] when Stripe or the database did not answer.
    pub async fn with_intent(&self, order: Order) -> Result<Order, ProcessError> {
        let session = match order.active_payment() {
            Some(ActivePayment::Session(session)) if order.lacks_intent() => session,
            _ => return Ok(order),
        };
        let session = self.object(Family::Session, &session.id).await?;
        self.process_complete(fetched(session, &order, self.clock.now()))
            .await?;
        let latest = self.store.order(order.id()).await?;
        Ok(latest.unwrap_or(order))
    }

    /// Fetches and processes the payment of `order`.
    async fn process_payment_of(&self, order: &Order) -> Result<(), ProcessError> {
        let Some(subject) = self.payment_of(order).await? else {
            return Ok(());
        };
        let mut event = fetched(subject, order, self.clock.now());
        if let Subject::Intent(intent) = &event.subject
            && order.lacks_failed_charge(intent)
        {
            event.failed_charges = self.failed_charges(&event).await?;
        }
        self.process_complete(event).await?;
        Ok(())
    }

    /// The open payment of `order`; of a paid one, its refunds.
    async fn payment_of(&self, order: &Order) -> Result<Option<Subject>, ProcessError> {
        if order.paid_at().is_some() {
            let Some(intent) = order.intent() else {
                return Ok(None);
            };
            return Ok(Some(Subject::Refunds {
                payment_intent: intent.to_owned(),
                all: self.stripe.refunds(intent).await?,
            }));
        }
        let (family, id) = match order.active_payment() {
            None => return Ok(None),
            Some(ActivePayment::Intent(id)) => (Family::Intent, id),
            Some(ActivePayment::Session(session)) => (Family::Session, session.id.as_str()),
        };
        let payment = self.object(family, id).await?;
        if let Subject::Session(session) = &payment
            && let Some(intent) = telling_intent(session, order)
        {
            return Ok(Some(self.object(Family::Intent, intent).await?));
        }
        Ok(Some(payment))
    }

    async fn object(&self, family: Family, id: &str) -> Result<Subject, ProcessError> {
        let id = id.to_owned();
        Ok(self.stripe.related(&Related { family, id }).await?)
    }
}

/// The intent of a complete session of `order`, where the intent alone tells how it is: whether its
/// payment is processing, authorized or failed, and how much of it was captured.
fn telling_intent<'a>(session: &'a CheckoutSession, order: &Order) -> Option<&'a str> {
    let is_complete = session.status.as_deref() == Some("complete");
    let method = order.revision().contents.capture_method();
    let is_needed = !session.is_paid() || method == CaptureMethod::Manual;
    let intent = session.payment_intent.as_deref();
    intent.filter(|id| is_complete && is_needed && is_id(id))
}

/// The event that `subject` is the payment of `order` at `now` (Unix seconds). The same state has
/// the same id until the order changes, so that a contradiction is quarantined once.
pub(super) fn fetched(subject: Subject, order: &Order, now: i64) -> Event {
    let state = format!("{subject:?}");
    let (id, changed) = (order.id().as_str(), order.updated_at().to_string());
    let kind = match &subject {
        Subject::Session(_) => "checkout.session.fetched",
        Subject::Refunds { .. } => "refund.fetched",
        _ => "payment_intent.fetched",
    };
    let id = format!("fetched_{}", &digest::hex(&[id, &changed, &state])[..32]);
    Event::built(id, kind, subject, now)
}
