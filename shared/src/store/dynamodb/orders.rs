//! Orders, their idempotency records, and the pointers from intents to orders.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::{
    DynamoDb, Page, StoreError,
    attempt::Attempts,
    item::{
        DUE_AT, Item, KEY, Kind, LIST, QUEUE, Write as _, keyed, need_number, need_text, number,
        text,
    },
    keys_of,
    transaction::Condition,
};
use crate::{
    ids::CallerId,
    order::{Order, OrderId, PaymentUpdate},
    store::{
        IdempotencyRecord, OrderList, OrderPosition, OrderRange, PutOrder, PutOrderOutcome,
        PutOrderRejection, orders::Orders, put_order,
    },
};

/// The partition of the index of all orders.
const ORDERS: &str = "orders";

impl Orders for DynamoDb {
    async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let found = self.find(&mut Attempts::new(), id.as_str()).await?;
        Ok(found.map(|(order, _)| order))
    }

    async fn knows_intent(&self, intent: &str) -> Result<bool, StoreError> {
        let pointer = Kind::Intent.key(intent);
        let found = self.get(&mut Attempts::new(), &pointer).await?;
        Ok(found.is_some())
    }

    async fn replay(
        &self,
        operation: &IdempotencyRecord,
    ) -> Result<Option<PutOrderOutcome>, StoreError> {
        let mut attempts = Attempts::new();
        let key = Kind::IdempotencyRecord.key(&operation.key);
        match self.get(&mut attempts, &key).await? {
            None => Ok(None),
            Some(item) => self.replayed(&mut attempts, operation, &item).await,
        }
    }

    /// Reads the order and the idempotency record at once, and writes both in one transaction. A
    /// concurrent write to either starts it again. A stored record then makes it a replay, also
    /// when only the answer to this transaction got lost.
    async fn put_order(&self, put: PutOrder, now: i64) -> Result<PutOrderOutcome, StoreError> {
        let mut attempts = Attempts::new();
        loop {
            let found = self.read_for(&mut attempts, &put).await?;
            if let Some(operation) = &put.operation
                && let Some(item) = found.get(&Kind::IdempotencyRecord.key(&operation.key))
                && let Some(replayed) = self.replayed(&mut attempts, operation, item).await?
            {
                return Ok(replayed);
            }
            let found = found.get(&Kind::Order.key(put.order.as_str()));
            let found = found.map(read).transpose()?;
            let before = found.as_ref().map(|(order, _)| order.clone());
            let order = match put_order::decide(before, put.clone(), now) {
                Ok(order) => order,
                Err(rejection) => return Ok(PutOrderOutcome::Refused(rejection)),
            };
            let writes = self.changes(&put, found.as_ref(), &order)?;
            if writes.is_empty() {
                return Ok(PutOrderOutcome::Order(Box::new(order)));
            }
            match self.transact(&mut attempts, writes).await? {
                None => return Ok(PutOrderOutcome::Order(Box::new(order))),
                Some(canceled) => attempts.again(canceled.failure).await?,
            }
        }
    }

    async fn orders_of(
        &self,
        owner: &CallerId,
        range: &OrderRange,
    ) -> Result<OrderList, StoreError> {
        let mut list = self.list((QUEUE, &queue_of(owner)), range).await?;
        // The index goes by the alias; the order itself names its owner.
        list.orders.retain(|order| order.owner() == owner);
        Ok(list)
    }

    async fn all_orders(&self, range: &OrderRange) -> Result<OrderList, StoreError> {
        self.list((LIST, ORDERS), range).await
    }

    async fn update_payment(
        &self,
        id: &OrderId,
        update: PaymentUpdate,
        now: i64,
    ) -> Result<Option<Order>, StoreError> {
        let mut attempts = Attempts::new();
        loop {
            let Some((mut order, version)) = self.find(&mut attempts, id.as_str()).await? else {
                return Ok(None);
            };
            if !order.update_payment(&update, now) {
                return Ok(Some(order));
            }
            let intent = match &update {
                PaymentUpdate::Intent(intent, _) => Some(intent),
                _ => None,
            };
            let mut writes = vec![self.write_order(&order, version)?];
            writes.extend(intent.map(|intent| self.put_pointer(intent, &order)));
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(Some(order));
            };
            if intent.is_some_and(|intent| canceled.unmet.contains(&Kind::Intent.key(intent))) {
                return Err(StoreError::IntentTaken);
            }
            attempts.again(canceled.failure).await?;
        }
    }
}

impl DynamoDb {
    /// Queries an index once, then reads the orders that it names. They stay in the index's order,
    /// so that the next part begins exactly behind the last one.
    async fn list(
        &self,
        partition: (&'static str, &str),
        range: &OrderRange,
    ) -> Result<OrderList, StoreError> {
        let most = usize::try_from(range.most).unwrap_or(usize::MAX);
        let page = Page {
            partition,
            times: range.earliest..=range.latest,
            // One more tells whether the list goes on.
            most: i32::try_from(range.most).map_or(i32::MAX, |most| most.saturating_add(1)),
            after: range.after.as_ref().map(|after| entry(partition, after)),
            latest_first: true,
        };
        let (mut entries, mut end) = self.entries(&page).await?;
        if entries.len() > most {
            entries.truncate(most);
            end = entries.last().cloned();
        }
        let keys = keys_of(&entries)?;
        let items = match keys.is_empty() {
            true => HashMap::new(),
            false => self.get_all(&mut Attempts::new(), &keys).await?,
        };
        let found = keys.iter().filter_map(|key| items.get(key));
        let orders = found.map(|item| Ok(read(item)?.0));
        Ok(OrderList {
            orders: orders.collect::<Result<_, StoreError>>()?,
            next: end.as_ref().map(position_in).transpose()?,
        })
    }

    /// The order with `id`, and its version.
    pub(super) async fn find(
        &self,
        attempts: &mut Attempts,
        id: &str,
    ) -> Result<Option<(Order, i64)>, StoreError> {
        let item = self.get(attempts, &Kind::Order.key(id)).await?;
        item.as_ref().map(read).transpose()
    }

    /// The recorded outcome of `operation`, from `item`.
    async fn replayed(
        &self,
        attempts: &mut Attempts,
        operation: &IdempotencyRecord,
        item: &Item,
    ) -> Result<Option<PutOrderOutcome>, StoreError> {
        if need_text(item, "digest")? != operation.digest {
            return Ok(Some(PutOrderOutcome::Refused(PutOrderRejection::KeyReused)));
        }
        let order = self.find(attempts, need_text(item, "order_id")?).await?;
        Ok(order.map(|(order, _)| PutOrderOutcome::Order(Box::new(order))))
    }

    async fn read_for(
        &self,
        attempts: &mut Attempts,
        put: &PutOrder,
    ) -> Result<HashMap<String, Item>, StoreError> {
        let operation = put.operation.as_ref();
        let operation = operation.map(|operation| Kind::IdempotencyRecord.key(&operation.key));
        let keys: Vec<String> = [Kind::Order.key(put.order.as_str())]
            .into_iter()
            .chain(operation)
            .collect();
        self.get_all(attempts, &keys).await
    }

    /// The writes that turn the order `before` into `order`.
    fn changes(
        &self,
        put: &PutOrder,
        before: Option<&(Order, i64)>,
        order: &Order,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut writes = Vec::new();
        if before.is_none_or(|(before, _)| before != order) {
            writes.push(self.write_order(order, before.map_or(0, |(_, version)| *version))?);
            writes.extend(self.put_deadline(before.map(|(before, _)| before), order));
        }
        if let Some(operation) = &put.operation {
            let item = keyed(&Kind::IdempotencyRecord.key(&operation.key))
                .with("digest", text(&operation.digest))
                .with("order_id", text(order.id().as_str()));
            writes.push(self.put(item, Condition::Absent));
        }
        Ok(writes)
    }

    /// `order` in place of its `version`; 0 is none. One that stands for an invoice is in no list.
    pub(super) fn write_order(
        &self,
        order: &Order,
        version: i64,
    ) -> Result<TransactWriteItem, StoreError> {
        let body = serde_json::to_string(order).map_err(StoreError::Unreadable)?;
        let mut item = keyed(&Kind::Order.key(order.id().as_str()))
            .with("version", number(version + 1))
            .with("status", text(order.status().as_str()))
            .with("body", text(body))
            .with("updated_at", number(order.updated_at()));
        if order.invoice().is_none() {
            item = item
                .with(QUEUE, text(queue_of(order.owner())))
                .with(LIST, text(ORDERS))
                .with(DUE_AT, number(order.created_at()));
        }
        if let Some(intent) = order.intent() {
            item = item.with("intent", text(intent));
        }
        Ok(self.put(item, Condition::Version(version)))
    }

    /// Stores that `intent` belongs to `order` and no other.
    pub(super) fn put_pointer(&self, intent: &str, order: &Order) -> TransactWriteItem {
        let id = order.id().as_str();
        let item = keyed(&Kind::Intent.key(intent)).with("order_id", text(id));
        self.put(item, Condition::AbsentOrOf(id))
    }
}

/// The entry of an index for the order at `position`.
fn entry((index, value): (&str, &str), position: &OrderPosition) -> Item {
    keyed(&Kind::Order.key(position.id.as_str()))
        .with(index, text(value))
        .with(DUE_AT, number(position.created_at))
}

/// The position of the order of `entry`.
fn position_in(entry: &Item) -> Result<OrderPosition, StoreError> {
    let id = Kind::Order.id_in(need_text(entry, KEY)?);
    let id = id.and_then(|id| OrderId::parse(id).ok());
    Ok(OrderPosition {
        created_at: need_number(entry, DUE_AT)?,
        id: id.ok_or(StoreError::Malformed(KEY))?,
    })
}

/// The index queue with the orders of `owner`, sorted by their creation.
fn queue_of(owner: &CallerId) -> String {
    format!("owner#{}", owner.alias())
}

/// The order that `item` holds, and its version.
pub(super) fn read(item: &Item) -> Result<(Order, i64), StoreError> {
    let order = serde_json::from_str(need_text(item, "body")?).map_err(StoreError::Unreadable)?;
    Ok((order, need_number(item, "version")?))
}
