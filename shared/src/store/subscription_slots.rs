//! The one order by which a caller may subscribe to a product.
//!
//! An order takes the slot of each product before it gets a Checkout Session, and first ends the
//! order that has it. So of several orders, made at once on any number of devices, one at most can
//! be paid. A caller's slots have one version: of two orders that take slots at once, one finds
//! that they changed, and starts again.

use std::collections::{BTreeMap, BTreeSet};

use super::{StoreError, backend::operations};
use crate::{ids::CallerId, order::OrderId};

/// The slots of one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionSlots {
    /// The number of their changes.
    pub(super) version: i64,
    /// The order that has the slot of each product.
    pub(super) orders: BTreeMap<String, OrderId>,
}

impl SubscriptionSlots {
    /// Reads what a backend stored.
    pub(super) fn read(version: i64, orders: &str) -> Result<Self, StoreError> {
        let orders = serde_json::from_str(orders).map_err(StoreError::Unreadable)?;
        Ok(Self { version, orders })
    }

    /// The orders in the form in which a backend stores them.
    pub(super) fn orders_text(&self) -> String {
        serde_json::to_string(&self.orders).expect("the names of products are text")
    }

    /// The orders other than `order` that have the slot of one of `products`.
    #[must_use]
    pub fn others(&self, products: &[&str], order: &OrderId) -> BTreeSet<String> {
        let holders = products
            .iter()
            .filter_map(|product| self.orders.get(*product));
        let others = holders.filter(|holder| *holder != order);
        others.map(|holder| holder.as_str().to_owned()).collect()
    }

    /// The slots once `order` has those of `products`; `None` where it has them already.
    #[must_use]
    pub fn taken_by(&self, products: &[&str], order: &OrderId) -> Option<Self> {
        let mut orders = self.orders.clone();
        for product in products {
            orders.insert((*product).to_owned(), order.clone());
        }
        let version = self.version + 1;
        (orders != self.orders).then_some(Self { version, orders })
    }
}

operations! {
    /// The operations on callers' slots.
    trait Slots {
        /// The slots of `owner`.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn subscription_slots(
            &self,
            owner: &CallerId,
        ) -> Result<SubscriptionSlots, StoreError>;

        /// Stores `slots` of `owner`, on the condition that they are as they were when they were
        /// read; returns false when they are not known to be, and have to be read again.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn put_subscription_slots(
            &self,
            owner: &CallerId,
            slots: &SubscriptionSlots,
        ) -> Result<bool, StoreError>;
    }
}
