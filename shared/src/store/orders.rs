//! Orders: the decisions of `put_order`, and of an order itself, done in one transaction each.

use super::{IdempotencyRecord, PutOrder, PutOrderOutcome, StoreError, backend::operations};
use crate::{
    ids::CallerId,
    order::{Order, OrderId, PaymentUpdate},
};

/// The most orders of a caller in one list.
pub const MAX_LISTED: u32 = 50;

operations! {
    /// The operations on orders.
    trait Orders {
        /// The order with `id`, of any owner.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError>;

        /// Returns true when an order is paid, or is to be paid, by `intent`.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn knows_intent(&self, intent: &str) -> Result<bool, StoreError>;

        /// The latest orders of `owner`, the newest first, up to [`MAX_LISTED`].
        ///
        /// On DynamoDB a new order may be missing for a moment.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn orders_of(&self, owner: &CallerId) -> Result<Vec<Order>, StoreError>;

        /// The order of an earlier request with the same `operation`.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn replay(
            &self,
            operation: &IdempotencyRecord,
        ) -> Result<Option<PutOrderOutcome>, StoreError>;

        /// Creates or changes an order at `now`, in one transaction with its idempotency record.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer; a rejection is an outcome, not an
        /// error.
        pub async fn put_order(
            &self,
            put: PutOrder,
            now: i64,
        ) -> Result<PutOrderOutcome, StoreError>;

        /// Applies `update` to the order's payment where it fits; returns the order as it then is.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn update_payment(
            &self,
            id: &OrderId,
            update: PaymentUpdate,
            now: i64,
        ) -> Result<Option<Order>, StoreError>;
    }
}
