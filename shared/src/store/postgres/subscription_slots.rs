//! One order or change at a time that gives a caller a product.

use super::{Postgres, StoreError, Work, column, statement};
use crate::{
    ids::CallerId,
    store::subscription_slots::{Slots, SubscriptionSlots},
};

const FIND: &str = "SELECT version, orders FROM farebox.subscription_slots WHERE owner = $1";

/// Sent twice, it changes nothing the second time: the next read tells.
const PUT: &str = "INSERT INTO farebox.subscription_slots (owner, version, orders)
     VALUES ($1, $2, $3)
     ON CONFLICT (owner) DO UPDATE SET version = excluded.version, orders = excluded.orders
     WHERE subscription_slots.version = excluded.version - 1
     RETURNING version";

impl Slots for Postgres {
    async fn subscription_slots(&self, owner: &CallerId) -> Result<SubscriptionSlots, StoreError> {
        match self.row(statement!(FIND, owner.as_str())).await? {
            Some(row) => SubscriptionSlots::read(column(&row, "version")?, column(&row, "orders")?),
            None => Ok(SubscriptionSlots::default()),
        }
    }

    async fn put_subscription_slots(
        &self,
        owner: &CallerId,
        slots: &SubscriptionSlots,
    ) -> Result<bool, StoreError> {
        let put = statement!(PUT, owner.as_str(), slots.version, slots.holders_text());
        let rows = Work::new(self).change(&[put]).await?;
        Ok(rows.first().is_some_and(|rows| !rows.is_empty()))
    }
}
