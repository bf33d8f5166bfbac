//! Refunds: what `refunding` decides, done in one transaction.

use super::{Backend, DayLimit, Refunded, Store, StoreError, refunding::Refunding};
use crate::{
    amount::Currency,
    event::Refund,
    order::{Order, OrderId, RefundRejection, RefundRequest},
};

impl Store {
    /// Sets the amount of `request`, in `currency`, aside on the order with `id`, unless that
    /// exceeds what is left of the payment, or what the caller may give back that day. A request
    /// that is there already is given as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; a refusal is an answer.
    pub async fn reserve_refund(
        &self,
        id: &OrderId,
        request: RefundRequest,
        currency: Currency,
        limit: DayLimit,
    ) -> Result<Refunded, StoreError> {
        let now = request.at();
        let request = request.of_deployment(self.deployment()?.id());
        let reserve = Refunding::reserve(id.clone(), request, currency, limit);
        self.refund(reserve, now).await
    }

    /// Notes `refund`, as Stripe answered it at `now`, on the order with `id`, with what the site
    /// is told of it. What an event told before changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn record_refund(
        &self,
        id: &OrderId,
        refund: Refund,
        now: i64,
    ) -> Result<Refunded, StoreError> {
        self.refund(Refunding::record(id.clone(), refund), now)
            .await
    }

    /// Takes the next key for `request` of the order with `id`, as it was read, at `now`: who asks
    /// Stripe from now on asks under that one. Only who saw that the key before is over, and then
    /// found no refund, may do so. Where somebody was faster, nothing changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn next_refund_key(
        &self,
        id: &OrderId,
        request: &RefundRequest,
        now: i64,
    ) -> Result<Refunded, StoreError> {
        let next = Refunding::next_key(id.clone(), request.clone());
        self.refund(next, now).await
    }

    /// Notes that Stripe refused `request` of `order` for good: its amount is free again, and does
    /// not count against the caller's day. Where a refund is known to have been made, nothing
    /// changes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn decline_refund(
        &self,
        order: &Order,
        request: &RefundRequest,
        why: RefundRejection,
        now: i64,
    ) -> Result<Refunded, StoreError> {
        let decline = Refunding::decline(order, request.clone(), why);
        self.refund(decline, now).await
    }

    async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, StoreError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.refund(refunding, now).await,
            Backend::DynamoDb(table) => table.refund(&refunding, now).await,
        }
    }
}
