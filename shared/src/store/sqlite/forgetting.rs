//! Forgets who paid.

use rusqlite::{Connection, params};

use super::{
    Sqlite, StoreError,
    orders::{find, put},
};
use crate::{
    ids::CallerId,
    order::OrderId,
    store::{forgetting::Forgetting, message::without_payer},
};

impl Forgetting for Sqlite {
    async fn forget_payer(&self, id: &OrderId, now: i64) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |transaction| {
            let Some((mut order, version)) = find(transaction, &id)? else {
                return Ok(false);
            };
            let has_changed = order.forget_payer(now);
            if has_changed {
                put(transaction, &order, version)?;
            }
            Ok(has_changed)
        })
        .await
    }

    async fn forget_payer_in_messages(
        &self,
        owner: &CallerId,
        orders: &[OrderId],
    ) -> Result<usize, StoreError> {
        let owner = owner.clone();
        let orders = serde_json::to_string(orders).map_err(StoreError::Unreadable)?;
        self.write(move |transaction| in_messages(transaction, &owner, &orders))
            .await
    }
}

/// Delivered messages are among them: they stay for a while as evidence.
fn in_messages(
    connection: &Connection,
    owner: &CallerId,
    orders: &str,
) -> Result<usize, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, body FROM outbox
         WHERE body ->> '$.data.orderId' IN (SELECT value FROM json_each(?1))
             OR (body ->> '$.data.subscriptionId' IS NOT NULL
                 AND body ->> '$.data.customer' = ?2)",
    )?;
    let messages: Vec<(String, String)> = statement
        .query_map([orders, owner.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut changed = 0;
    for (id, body) in messages {
        if let Some(body) = without_payer(&body) {
            connection
                .prepare_cached("UPDATE outbox SET body = ?2 WHERE id = ?1")?
                .execute(params![id, body])?;
            changed += 1;
        }
    }
    Ok(changed)
}
