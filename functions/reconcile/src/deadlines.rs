//! What time alone decides, and no event reports: an unpaid order expires, and the end of a grace
//! takes what a caller may use.

use std::time::{Duration, Instant};

use shared::{
    Error, cause,
    event::Ending,
    order::Status,
    purchase::{OrderEnder, Release},
};

use crate::{ReconcileError, Reconciler, Report};

/// The most overdue orders that one run looks at.
const MAX_OVERDUE: u32 = 500;
/// The most graces that one run ends; each takes a read and a write.
const MAX_GRACES: u32 = 500;
/// The time after which a run lets no further order expire: each takes some calls to Stripe.
const EXPIRY_TIME: Duration = Duration::from_secs(10);

impl Reconciler {
    /// Lets the unpaid orders expire whose time is over, in a random sequence: an order whose
    /// payment cannot be closed is tried again by later runs, and keeps no other from its end.
    pub(crate) async fn expire_overdue(&self, report: &mut Report) -> Result<(), ReconcileError> {
        let overdue = self.store.overdue_orders(self.clock.now(), MAX_OVERDUE);
        let mut overdue = overdue.await?;
        fastrand::shuffle(&mut overdue);
        let began = Instant::now();
        for order in overdue {
            if began.elapsed() > EXPIRY_TIME {
                break;
            }
            let stripe = self.stripe.for_one_request();
            let ender = OrderEnder {
                stripe: &stripe,
                store: &self.store,
                clock: &self.clock,
            };
            let id = order.id().clone();
            // An event that was missed may tell that the payer did their part.
            let order = match self.processor.settle(&id).await {
                Ok(Some(latest)) => latest,
                Ok(None) | Err(_) => order,
            };
            match ender.end(order, Ending::Expired, Release::Keep).await {
                Ok(order) if order.status() == Status::Expired => report.expired += 1,
                // It was paid, or the site signed it anew.
                Ok(_)
                | Err(
                    Error::AlreadyPaid(_)
                    | Error::PaymentProcessing(_)
                    | Error::PaymentAwaited(..)
                    | Error::NotFound,
                ) => {}
                Err(failure) => tracing::warn!(
                    order.id = %id,
                    cause = cause::causes(&failure),
                    "Farebox cannot close the payment of an order whose time is over: the next \
                     run retries"
                ),
            }
        }
        Ok(())
    }

    /// Notifies the site of what callers may use no more, since a payment is missing for longer
    /// than the grace: Stripe reports nothing at that moment.
    pub(crate) async fn end_graces(&self, report: &mut Report) -> Result<(), ReconcileError> {
        let over = self.store.graces_over(self.clock.now(), MAX_GRACES);
        for caller in over.await? {
            match self.processor.subscriptions.end_grace(&caller).await {
                Ok(looked) if looked.messages.is_empty() => {}
                Ok(_) => report.lapsed += 1,
                Err(failure) => tracing::warn!(
                    cause = cause::causes(&failure),
                    "Farebox cannot end a grace: the next run retries"
                ),
            }
        }
        Ok(())
    }
}
