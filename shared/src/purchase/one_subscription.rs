//! One subscription of a product for each caller.
//!
//! Stripe's list of the customer's subscriptions tells whether they hold one: it is consistent at
//! once, and a webhook may be late. So that two orders do not both begin one, an order takes the
//! slot of each of its products before it gets a Checkout Session. First it ends the order that has
//! the slot, as a cancellation does: an ended order takes no session, and its open session expires.
//! A process that ends in between leaves the slot to the order that had it, which is ended.

use super::{CheckoutService, closing::Release, ending::OrderEnder};
use crate::{
    Error,
    event::{CancelReason, Ending},
    order::{Order, OrderId},
};

/// The most concurrent changes of a caller's slots before they have to retry.
const MAX_ROUNDS: usize = 12;

impl CheckoutService {
    /// Checks that the owner of `order` may begin its subscription, and ends their other unpaid
    /// orders of the same products. Changes nothing for an order without a recurring price, and
    /// where the checkout file allows several subscriptions.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadySubscribed`] when they hold a subscription of one of its products;
    /// [`Error::PaymentProcessing`] and [`Error::PaymentAwaited`] when another order of theirs may
    /// yet begin one; [`Error::InProgress`] after too many concurrent changes;
    /// [`Error::Unavailable`] when Stripe or the database did not answer.
    pub async fn claim_products(&self, order: &Order) -> Result<(), Error> {
        let products = order.revision().contents.subscribed_products();
        if products.is_empty() || self.sessions.has_multiple_subscriptions() {
            return Ok(());
        }
        self.take_slots(order, &products).await?;
        self.check_not_subscribed(order, &products).await
    }

    /// Takes the slots of `products` for `order`, once no other order has them and may be paid.
    async fn take_slots(&self, order: &Order, products: &[&str]) -> Result<(), Error> {
        let owner = order.owner();
        for _ in 0..MAX_ROUNDS {
            let slots = self.store.subscription_slots(owner).await?;
            for other in slots.others(products, order.id()) {
                self.end_other(order, &other, products).await?;
            }
            let Some(taken) = slots.taken_by(products, order.id()) else {
                return Ok(());
            };
            if self.store.put_subscription_slots(owner, &taken).await? {
                return Ok(());
            }
        }
        Err(Error::InProgress)
    }

    /// Ends the order with the id `other`, in favour of `order`. One that is paid stays: Stripe's
    /// list tells whether its subscription still lives.
    async fn end_other(&self, order: &Order, other: &str, products: &[&str]) -> Result<(), Error> {
        let id = OrderId::parse(other).map_err(|what| Error::Internal(what.into()))?;
        let found = self.store.order(&id).await?;
        // The site may have moved it to another caller.
        let Some(other) = found.filter(|found| found.owner() == order.owner()) else {
            return Ok(());
        };
        let ender = OrderEnder {
            stripe: &self.stripe,
            store: &self.store,
            clock: &self.clock,
        };
        let ending = Ending::Canceled(Some(CancelReason::Duplicate));
        match ender.end(other, ending, Release::Keep).await {
            Ok(_) | Err(Error::AlreadyPaid(_) | Error::NotFound) => Ok(()),
            Err(processing @ (Error::PaymentProcessing(_) | Error::PaymentAwaited(..))) => {
                // The subscription may be there already, and its first payment under way.
                self.check_not_subscribed(order, products).await?;
                Err(processing)
            }
            Err(error) => Err(error),
        }
    }

    async fn check_not_subscribed(&self, order: &Order, products: &[&str]) -> Result<(), Error> {
        let link = self.store.customer_of(order.owner()).await?;
        let Some(customer) = link.and_then(|link| link.customer) else {
            return Ok(());
        };
        match self.stripe.live_subscription(&customer, products).await? {
            None => Ok(()),
            Some(subscription) => Err(Error::AlreadySubscribed(subscription)),
        }
    }
}
