//! One order or change at a time that gives a caller a product.
//!
//! An order takes the slot of each product before it gets a Checkout Session, and first ends the
//! order that has it. So of several orders, made at once on any number of devices, one at most can
//! be paid. A change of a subscription to another product takes that product's slot for a while,
//! in which no order and no other change gets it. A caller's slots have one version: of two that
//! take slots at once, one finds that they changed, and starts again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{StoreError, backend::operations};
use crate::{ids::CallerId, order::OrderId};

/// The slots of one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionSlots {
    /// The number of their changes.
    pub(super) version: i64,
    /// The holder of the slot of each product.
    pub(super) holders: BTreeMap<String, SlotHolder>,
}

/// The holder of a slot: stored as an order's id, or as an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SlotHolder {
    /// An order, until another takes the slot.
    Order(OrderId),
    /// A change of a subscription, for a while.
    Change {
        /// The key of its operation.
        operation: String,
        /// The time until which it may be under way, in Unix seconds.
        until: i64,
    },
}

impl SlotHolder {
    /// True when both are the same order, or the same change.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Order(this), Self::Order(other)) => this == other,
            (
                Self::Change {
                    operation: this, ..
                },
                Self::Change {
                    operation: other, ..
                },
            ) => this == other,
            _ => false,
        }
    }
}

impl SubscriptionSlots {
    /// Reads what a backend stored.
    pub(super) fn read(version: i64, holders: &str) -> Result<Self, StoreError> {
        let holders = serde_json::from_str(holders).map_err(StoreError::Unreadable)?;
        Ok(Self { version, holders })
    }

    /// The holders in the form in which a backend stores them.
    pub(super) fn holders_text(&self) -> String {
        serde_json::to_string(&self.holders).expect("the names of products are text")
    }

    /// The holders other than `holder` of the slots of `products`, each once.
    #[must_use]
    pub fn others(&self, products: &[&str], holder: &SlotHolder) -> Vec<&SlotHolder> {
        let mut others: Vec<&SlotHolder> = Vec::new();
        let holders = products
            .iter()
            .filter_map(|product| self.holders.get(*product));
        for held in holders.filter(|held| !held.is(holder)) {
            if !others.iter().any(|known| known.is(held)) {
                others.push(held);
            }
        }
        others
    }

    /// The slots once `holder` has those of `products`; `None` where it has them already.
    #[must_use]
    pub fn taken_by(&self, products: &[&str], holder: &SlotHolder) -> Option<Self> {
        let mut holders = self.holders.clone();
        for product in products {
            holders.insert((*product).to_owned(), holder.clone());
        }
        let version = self.version + 1;
        (holders != self.holders).then_some(Self { version, holders })
    }

    /// The slots once `holder` no longer has that of `product`; `None` where it has not.
    #[must_use]
    pub fn released_by(&self, product: &str, holder: &SlotHolder) -> Option<Self> {
        let mut holders = self.holders.clone();
        let held = holders.remove(product);
        let version = self.version + 1;
        held.filter(|held| held.is(holder))
            .map(|_| Self { version, holders })
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
