//! Forgets who paid.

use super::{
    DynamoDb, StoreError,
    attempt::Attempts,
    item::{Item, KEY, QUEUE, need_text, number, part_count, part_keys, text, with_body},
    outbox::{DEAD_LETTERED, DUE},
    requests::Change,
    transaction::Condition,
};
use crate::{
    ids::CallerId,
    order::OrderId,
    store::{forgetting::Forgetting, message::without_payer},
};

impl Forgetting for DynamoDb {
    async fn forget_payer(&self, id: &OrderId, now: i64) -> Result<bool, StoreError> {
        let mut attempts = Attempts::new();
        loop {
            let Some((mut order, version)) = self.find(&mut attempts, id.as_str()).await? else {
                return Ok(false);
            };
            if !order.forget_payer(now) {
                return Ok(false);
            }
            let writes = vec![self.write_order(&order, version)?];
            match self.transact(&mut attempts, writes).await? {
                None => return Ok(true),
                Some(canceled) => attempts.again(canceled.failure).await?,
            }
        }
    }

    /// A delivered message has no body any more.
    async fn forget_payer_in_messages(
        &self,
        owner: &CallerId,
        orders: &[OrderId],
    ) -> Result<usize, StoreError> {
        let mut changed = 0;
        for queue in [DUE, DEAD_LETTERED] {
            for key in self.all_queued(queue).await? {
                changed += usize::from(self.forget_in(&key, owner, orders).await?);
            }
        }
        Ok(changed)
    }
}

impl DynamoDb {
    /// Removes who paid from the message with `key`, if it is about one of `orders` or a
    /// subscription of `owner`, and waits.
    async fn forget_in(
        &self,
        key: &str,
        owner: &CallerId,
        orders: &[OrderId],
    ) -> Result<bool, StoreError> {
        let mut attempts = Attempts::new();
        loop {
            let Some(item) = self.get(&mut attempts, key).await? else {
                return Ok(false);
            };
            if !item.contains_key(QUEUE) {
                return Ok(false);
            }
            let message = self.message_of(&mut attempts, &item).await?.message;
            let body = without_payer(&message.body);
            let Some(body) = body.filter(|_| message.concerns(owner, orders)) else {
                return Ok(false);
            };
            let writes = self.replace_body(&item, &body)?;
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(true);
            };
            // It may have been delivered meanwhile: then there is nothing left to remove.
            attempts.again(canceled.failure).await?;
        }
    }

    /// The writes that give the message in `item` another `body`.
    fn replace_body(
        &self,
        item: &Item,
        body: &str,
    ) -> Result<Vec<aws_sdk_dynamodb::types::TransactWriteItem>, StoreError> {
        let key = need_text(item, KEY)?;
        let (whole, parts) = with_body(Item::new(), key, body);
        let change = match whole.contains_key("body") {
            true => Change {
                set: "SET #body = :new REMOVE #parts",
                when: "attribute_exists(#queue)",
                names: &["body", "parts", QUEUE],
                values: vec![(":new", text(body))],
            },
            false => Change {
                set: "SET #parts = :new",
                when: "attribute_exists(#queue)",
                names: &["parts", QUEUE],
                values: vec![(
                    ":new",
                    number(i64::try_from(parts.len()).unwrap_or(i64::MAX)),
                )],
            },
        };
        let mut writes = vec![self.change(key, &change)];
        let stale = part_keys(key).take(part_count(item)).skip(parts.len());
        writes.extend(stale.map(|key| self.delete(&key)));
        let parts = parts.into_iter();
        writes.extend(parts.map(|part| self.put(part, Condition::None)));
        Ok(writes)
    }
}
