//! Orders: the decisions of `put_order`, and of an order itself, done in one transaction each.

use super::{IdempotencyRecord, PutOrder, PutOrderOutcome, StoreError, backend::operations};
use crate::{
    ids::CallerId,
    order::{Order, OrderId, PaymentUpdate},
};

/// The part of a list of orders to read, by the time of their creation, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRange {
    /// The earliest time, in Unix seconds.
    pub earliest: i64,
    /// The latest time, in Unix seconds.
    pub latest: i64,
    /// The place after which the part begins; it lies between these times.
    pub after: Option<OrderPosition>,
    /// The most orders.
    pub most: u32,
}

impl OrderRange {
    /// The newest orders, up to `most`.
    #[must_use]
    pub fn newest(most: u32) -> Self {
        Self {
            earliest: 0,
            latest: i64::MAX,
            after: None,
            most,
        }
    }

    /// The latest time of the part, and an id below which its orders of that time are.
    pub(super) fn begin(&self) -> (i64, &str) {
        match &self.after {
            Some(after) => (after.created_at, after.id.as_str()),
            // Greater than every id.
            None => (self.latest, "~"),
        }
    }

    /// The number of orders to read: one more tells whether the list goes on.
    pub(super) fn limit(&self) -> i64 {
        i64::from(self.most) + 1
    }
}

/// The place of an order in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPosition {
    /// The time of its creation, in Unix seconds.
    pub created_at: i64,
    /// Its id.
    pub id: OrderId,
}

impl OrderPosition {
    /// The place of `order`.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        Self {
            created_at: order.created_at(),
            id: order.id().clone(),
        }
    }
}

/// A part of a list of orders.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderList {
    /// The orders, the newest first.
    pub orders: Vec<Order>,
    /// The place after which the list goes on; `None` at its end.
    pub next: Option<OrderPosition>,
}

impl OrderList {
    /// The part `range`, of which these orders were read, up to its limit.
    pub(super) fn of(range: &OrderRange, mut orders: Vec<Order>) -> Self {
        let most = usize::try_from(range.most).unwrap_or(usize::MAX);
        let has_more = orders.len() > most;
        orders.truncate(most);
        let last = orders.last().filter(|_| has_more);
        Self {
            next: last.map(OrderPosition::of),
            orders,
        }
    }
}

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

        /// The orders of `owner` in `range`, but for those that stand for an invoice.
        ///
        /// On DynamoDB a new order may be missing for a moment.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn orders_of(
            &self,
            owner: &CallerId,
            range: &OrderRange,
        ) -> Result<OrderList, StoreError>;

        /// The orders of all owners in `range`, but for those that stand for an invoice.
        ///
        /// On DynamoDB a new order may be missing for a moment.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn all_orders(&self, range: &OrderRange) -> Result<OrderList, StoreError>;

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
