//! Failed charges: finds those of an order, and cancels its payment when too many failed.

use super::{EventProcessor, ProcessError};
use crate::{
    Error,
    cause::innermost,
    event::{Event, FailedCharge, Subject},
    order::OrderId,
    purchase::{Release, closing::Closer},
    stripe::StripeError,
};

impl EventProcessor {
    /// The failed charges of the intent of `event`, which was fetched. The intent names only the
    /// latest, and several may have failed since the event. With a key that may not list them, the
    /// latest has to do.
    pub(super) async fn failed_charges(
        &self,
        event: &Event,
    ) -> Result<Vec<FailedCharge>, ProcessError> {
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

    /// Closes the open payment of the order with `id` when too many charges for it failed lately. A
    /// card tester need not call Farebox: they confirm the intent at Stripe again and again. After
    /// a failure here, Stripe redelivers the event, which is then a duplicate, and this runs again.
    pub(super) async fn stop_after_failures(&self, id: &OrderId) -> Result<(), ProcessError> {
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
}

/// True when `event` reports a failed charge.
pub(super) fn reports_failed_charge(event: &Event) -> bool {
    let Subject::Intent(intent) = &event.subject else {
        return false;
    };
    !event.failed_charges.is_empty() || intent.failed_charge().is_some()
}

/// True when a redelivery may succeed.
fn is_transient(error: &Error) -> bool {
    let cause = match error {
        Error::InProgress => return true,
        Error::Unavailable(cause) => cause.downcast_ref::<StripeError>(),
        _ => return false,
    };
    // A key that lacks the permission will lack it tomorrow.
    !matches!(cause, Some(StripeError::Refused(refusal)) if refusal.status == 403)
}
