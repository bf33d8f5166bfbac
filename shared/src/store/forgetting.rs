//! Forgets who paid, at an operator's request. Orders, amounts and Stripe's ids stay.

use super::{StoreError, backend::operations};
use crate::{ids::CallerId, order::OrderId};

operations! {
    /// The operations that forget who paid.
    trait Forgetting {
        /// Removes who pays or paid from the order with `id`, at `now`; no later report of Stripe's
        /// brings it back. Returns true when that changed the order.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn forget_payer(&self, id: &OrderId, now: i64) -> Result<bool, StoreError>;

        /// Removes who paid from the stored messages about `orders`, and about the subscriptions of
        /// `owner`; returns the number of messages that named them.
        ///
        /// On DynamoDB, a message that was written just before may be missing from the index.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn forget_payer_in_messages(
            &self,
            owner: &CallerId,
            orders: &[OrderId],
        ) -> Result<usize, StoreError>;
    }
}
