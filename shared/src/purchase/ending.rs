//! Ends unpaid orders: a caller cancels one, or its time ran out.
//!
//! The open payment is closed at Stripe first, so that it takes no money from then on. One
//! transaction then records the end, on the condition that no payment is open, and notifies the
//! site. A process that ends in between leaves an order without an open payment: the next call goes
//! on there. A payment that a concurrent request opened meanwhile is closed as well.

use super::closing::{Closer, Release};
use crate::{
    Clock, Error,
    event::Ending,
    order::{Order, Status},
    store::Store,
    stripe::Stripe,
};

/// The most concurrent payments of an order that are closed before the caller has to retry.
const MAX_ROUNDS: usize = 6;

/// Ends orders.
#[derive(Clone, Copy, Debug)]
pub struct OrderEnder<'a> {
    /// The Stripe client.
    pub stripe: &'a Stripe,
    /// The database.
    pub store: &'a Store,
    /// The clock.
    pub clock: &'a Clock,
}

impl OrderEnder<'_> {
    /// Cancels `order`, or lets it expire; returns it as it then is. An authorized payment is
    /// released where `release` allows that. An order that ended before stays as it is.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyPaid`] when it is paid; [`Error::PaymentProcessing`] and
    /// [`Error::PaymentAwaited`] when it may yet be; [`Error::NotFound`] when it moved to another
    /// owner meanwhile; [`Error::InProgress`] and [`Error::Unavailable`] when the state of its
    /// payment is unknown.
    pub async fn end(
        &self,
        mut order: Order,
        mut ending: Ending,
        release: Release,
    ) -> Result<Order, Error> {
        let closer = Closer {
            stripe: self.stripe,
            store: self.store,
            clock: self.clock,
            release,
        };
        for _ in 0..MAX_ROUNDS {
            let now = self.clock.now();
            match (order.status(), ending) {
                (Status::Canceled, _) | (Status::Expired, Ending::Expired)
                    if order.active_payment().is_none() =>
                {
                    return Ok(order);
                }
                _ if order.paid_at().is_some() => {
                    return Err(Error::AlreadyPaid(order.id().clone()));
                }
                // The site signed a later deadline meanwhile, or the payer did their part.
                (_, Ending::Expired) if order.deadline().is_none_or(|at| at > now) => {
                    return Ok(order);
                }
                _ => {}
            }
            order = match closer.closed(order.clone()).await {
                // The shop canceled its payment, whether or not Stripe's event said so by now.
                Err(Error::OrderCanceled) => {
                    if ending == Ending::Expired {
                        ending = Ending::Canceled(None);
                    }
                    let id = order.active_payment().map(|active| active.id().to_owned());
                    match id {
                        Some(id) => closer.record_closed(&order, id).await?,
                        None => order,
                    }
                }
                closed => closed?,
            };
            if order.active_payment().is_none() {
                let now = self.clock.now();
                self.store.accept(order.ended(ending, now), now).await?;
                order = closer.latest(&order).await?;
            }
        }
        Err(Error::InProgress)
    }
}
