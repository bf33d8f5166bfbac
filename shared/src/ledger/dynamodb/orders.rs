//! Orders, the operations that opened or changed them, and which intent pays which order.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::{
    DynamoDb, Failure, Opened, Opening, Operation, Refusal,
    attempt::Attempts,
    item::{DUE_AT, Item, Kind, QUEUE, Write as _, keyed, need_number, need_text, number, text},
    opening,
    transaction::Condition,
};
use crate::{
    ids::CallerId,
    order::{Note, Order, OrderId},
};

impl DynamoDb {
    pub(in super::super) async fn order(&self, id: &OrderId) -> Result<Option<Order>, Failure> {
        let found = self.find(&mut Attempts::new(), id.as_str()).await?;
        Ok(found.map(|(order, _)| order))
    }

    pub(in super::super) async fn knows_intent(&self, intent: &str) -> Result<bool, Failure> {
        let pointer = Kind::Intent.key(intent);
        let found = self.get(&mut Attempts::new(), &pointer).await?;
        Ok(found.is_some())
    }

    /// The order with `id`, and its version.
    pub(super) async fn find(
        &self,
        attempts: &mut Attempts,
        id: &str,
    ) -> Result<Option<(Order, i64)>, Failure> {
        let item = self.get(attempts, &Kind::Order.key(id)).await?;
        item.as_ref().map(read).transpose()
    }

    pub(in super::super) async fn replay(
        &self,
        operation: &Operation,
    ) -> Result<Option<Opened>, Failure> {
        let mut attempts = Attempts::new();
        let key = Kind::Operation.key(&operation.key);
        match self.get(&mut attempts, &key).await? {
            None => Ok(None),
            Some(item) => self.replayed(&mut attempts, operation, &item).await,
        }
    }

    /// What `operation` was answered, as `item` remembers it.
    async fn replayed(
        &self,
        attempts: &mut Attempts,
        operation: &Operation,
        item: &Item,
    ) -> Result<Option<Opened>, Failure> {
        if need_text(item, "digest")? != operation.digest {
            return Ok(Some(Opened::Refused(Refusal::KeyReused)));
        }
        let order = self.find(attempts, need_text(item, "order_id")?).await?;
        Ok(order.map(|(order, _)| Opened::Order(Box::new(order))))
    }

    /// One read of the order and the operation, and one transaction that writes both. Whoever was
    /// faster with either makes it start again: with the operation there, it is a replay, which is
    /// also what comes of it when the answer to our own transaction got lost.
    pub(in super::super) async fn open_order(
        &self,
        opening: Opening,
        now: i64,
    ) -> Result<Opened, Failure> {
        let mut attempts = Attempts::new();
        loop {
            let found = self.read_for(&mut attempts, &opening).await?;
            if let Some(operation) = &opening.operation
                && let Some(item) = found.get(&Kind::Operation.key(&operation.key))
                && let Some(replayed) = self.replayed(&mut attempts, operation, item).await?
            {
                return Ok(replayed);
            }
            let found = found.get(&Kind::Order.key(opening.order.as_str()));
            let found = found.map(read).transpose()?;
            let before = found.as_ref().map(|(order, _)| order.clone());
            let order = match opening::decide(before, opening.clone(), now) {
                Ok(order) => order,
                Err(refusal) => return Ok(Opened::Refused(refusal)),
            };
            let writes = self.opened(&opening, found.as_ref(), &order)?;
            if writes.is_empty() {
                return Ok(Opened::Order(Box::new(order)));
            }
            match self.transact(&mut attempts, writes).await? {
                None => return Ok(Opened::Order(Box::new(order))),
                Some(canceled) => attempts.again(canceled.failure).await?,
            }
        }
    }

    async fn read_for(
        &self,
        attempts: &mut Attempts,
        opening: &Opening,
    ) -> Result<HashMap<String, Item>, Failure> {
        let operation = opening.operation.as_ref();
        let operation = operation.map(|operation| Kind::Operation.key(&operation.key));
        let keys: Vec<String> = [Kind::Order.key(opening.order.as_str())]
            .into_iter()
            .chain(operation)
            .collect();
        self.get_all(attempts, &keys).await
    }

    /// What is to be written for an order that was `before`, and is to be as `order`.
    fn opened(
        &self,
        opening: &Opening,
        before: Option<&(Order, i64)>,
        order: &Order,
    ) -> Result<Vec<TransactWriteItem>, Failure> {
        let mut writes = Vec::new();
        if before.is_none_or(|(before, _)| before != order) {
            writes.push(self.put_order(order, before.map_or(0, |(_, version)| *version))?);
        }
        if let Some(operation) = &opening.operation {
            let item = keyed(&Kind::Operation.key(&operation.key))
                .with("digest", text(&operation.digest))
                .with("order_id", text(order.id().as_str()));
            writes.push(self.put(item, Condition::Absent));
        }
        Ok(writes)
    }

    pub(in super::super) async fn note(
        &self,
        id: &OrderId,
        note: &Note,
        now: i64,
    ) -> Result<Option<Order>, Failure> {
        let mut attempts = Attempts::new();
        loop {
            let Some((mut order, version)) = self.find(&mut attempts, id.as_str()).await? else {
                return Ok(None);
            };
            if !order.note(note, now) {
                return Ok(Some(order));
            }
            let intent = match note {
                Note::Intent(intent, _) => Some(intent),
                _ => None,
            };
            let mut writes = vec![self.put_order(&order, version)?];
            writes.extend(intent.map(|intent| self.put_pointer(intent, &order)));
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(Some(order));
            };
            if intent.is_some_and(|intent| canceled.unmet.contains(&Kind::Intent.key(intent))) {
                return Err(Failure::IntentTaken);
            }
            attempts.again(canceled.failure).await?;
        }
    }

    /// `order` in place of its `version`; 0 is none.
    pub(super) fn put_order(
        &self,
        order: &Order,
        version: i64,
    ) -> Result<TransactWriteItem, Failure> {
        let body = serde_json::to_string(order).map_err(Failure::Unreadable)?;
        let mut item = keyed(&Kind::Order.key(order.id().as_str()))
            .with("version", number(version + 1))
            .with("status", text(order.status().as_str()))
            .with("body", text(body))
            .with("updated_at", number(order.updated_at()))
            .with(QUEUE, text(queue_of(order.owner())))
            .with(DUE_AT, number(order.created_at()));
        if let Some(intent) = order.intent() {
            item = item.with("intent", text(intent));
        }
        Ok(self.put(item, Condition::Version(version)))
    }

    /// Notes that `intent` pays `order`, and no other.
    pub(super) fn put_pointer(&self, intent: &str, order: &Order) -> TransactWriteItem {
        let id = order.id().as_str();
        let item = keyed(&Kind::Intent.key(intent)).with("order_id", text(id));
        self.put(item, Condition::AbsentOrOf(id))
    }
}

/// Where the index keeps the orders of `owner`, by when they were opened.
pub(super) fn queue_of(owner: &CallerId) -> String {
    format!("owner#{}", owner.alias())
}

/// The order that `item` holds, and its version.
pub(super) fn read(item: &Item) -> Result<(Order, i64), Failure> {
    let order = serde_json::from_str(need_text(item, "body")?).map_err(Failure::Unreadable)?;
    Ok((order, need_number(item, "version")?))
}
