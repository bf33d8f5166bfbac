//! The deadlines of unpaid orders.

use super::{StoreError, backend::operations};
use crate::order::Order;

operations! {
    /// The operation on deadlines.
    trait Deadlines {
        /// Orders that are to expire, since their deadlines are over at `now`; `most` at most, the
        /// earliest first.
        ///
        /// On DynamoDB it also removes what it wrote for orders that ended otherwise, so that the
        /// payment of an order costs nothing more.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn overdue_orders(&self, now: i64, most: u32) -> Result<Vec<Order>, StoreError>;
    }
}
