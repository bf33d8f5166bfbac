//! Refunds and captures: the decisions of `refunding`, done in one transaction.

use super::{DayLimit, Refunded, Store, StoreError, backend::operations, refunding::Refunding};
use crate::{
    amount::Currency,
    event::Refund,
    order::{CaptureRequest, Order, OrderId, RefundRejection, RefundRequest},
};

operations! {
    /// The operation on refunds.
    trait Refunds {
        /// Changes the order and the caller's daily budget by one step of a refund or a capture.
        async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, StoreError>;
    }
}

impl Store {
    /// Reserves the amount of `request`, in `currency`, on the order with `id`.
    ///
    /// Refuses an amount above the rest of the payment, or above the caller's daily limit. Returns
    /// a request that is there already as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; a refusal is an outcome, not an error.
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

    /// Records `refund`, Stripe's answer at `now`, on the order with `id`, and notifies the site.
    ///
    /// Changes nothing that an event reported before.
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

    /// Moves `request` of the order with `id`, as it was read, to its next idempotency key, at
    /// `now`.
    ///
    /// Later calls to Stripe use that key. Call it only when the present key has expired and Stripe
    /// lists no refund for it afterwards. After a concurrent move, nothing changes.
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

    /// Records that Stripe rejected `request` of `order` for good.
    ///
    /// Its amount is free again, and does not count against the caller's daily limit. Changes
    /// nothing where a refund is known to exist.
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

    /// Stores the capture `request`, in `currency`, on the order with `id`.
    ///
    /// Refuses an amount above the authorized one, or above the caller's daily limit, and another
    /// amount than one that is being captured. Returns the same capture as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; a refusal is an outcome, not an error.
    pub async fn reserve_capture(
        &self,
        id: &OrderId,
        request: CaptureRequest,
        currency: Currency,
        limit: DayLimit,
    ) -> Result<Refunded, StoreError> {
        let now = request.at;
        let reserve = Refunding::reserve_capture(id.clone(), request, currency, limit);
        self.refund(reserve, now).await
    }

    /// Records that Stripe rejected the capture `request` of `order` for good: it does not count
    /// against the caller's daily limit.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn decline_capture(
        &self,
        order: &Order,
        request: &CaptureRequest,
        now: i64,
    ) -> Result<Refunded, StoreError> {
        let decline = Refunding::decline_capture(order, request.clone());
        self.refund(decline, now).await
    }
}
