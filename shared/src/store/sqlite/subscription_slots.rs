//! One order or change at a time that gives a caller a product.

use rusqlite::{OptionalExtension as _, params};

use super::{Sqlite, StoreError};
use crate::{
    ids::CallerId,
    store::subscription_slots::{Slots, SubscriptionSlots},
};

impl Slots for Sqlite {
    async fn subscription_slots(&self, owner: &CallerId) -> Result<SubscriptionSlots, StoreError> {
        let owner = owner.clone();
        let found = self.with(move |connection| {
            let found = connection
                .prepare_cached("SELECT version, orders FROM subscription_slots WHERE owner = ?1")?
                .query_row([owner.as_str()], |row| {
                    Ok((row.get(0)?, row.get::<_, String>(1)?))
                })
                .optional()?;
            Ok(found)
        });
        match found.await? {
            Some((version, orders)) => SubscriptionSlots::read(version, &orders),
            None => Ok(SubscriptionSlots::default()),
        }
    }

    async fn put_subscription_slots(
        &self,
        owner: &CallerId,
        slots: &SubscriptionSlots,
    ) -> Result<bool, StoreError> {
        let (owner, slots) = (owner.clone(), slots.clone());
        self.write(move |transaction| {
            let changed = transaction
                .prepare_cached(
                    "INSERT INTO subscription_slots (owner, version, orders) VALUES (?1, ?2, ?3)
                     ON CONFLICT (owner) DO UPDATE
                         SET version = excluded.version, orders = excluded.orders
                         WHERE version = excluded.version - 1",
                )?
                .execute(params![owner.as_str(), slots.version, slots.holders_text()])?;
            Ok(changed == 1)
        })
        .await
    }
}
