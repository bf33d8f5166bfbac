//! Orders of zero, which are paid without a payment.

use super::CheckoutService;
use crate::{Error, event::Event, order::Order};

impl CheckoutService {
    /// Marks `order`, of zero and without an open payment, as paid; returns it as it then is.
    ///
    /// The database decides in one transaction, as for an event of Stripe's, so that the site is
    /// notified once.
    ///
    /// # Errors
    ///
    /// As [`CheckoutService::latest`].
    pub async fn mark_free(&self, order: &Order) -> Result<Order, Error> {
        let now = self.clock.now();
        let contents = &order.revision().digest;
        let event = Event::nothing_to_pay(order.id().as_str(), contents, now);
        self.store.accept(event, now).await?;
        self.latest(order).await
    }
}
