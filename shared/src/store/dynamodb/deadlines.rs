//! The deadlines of unpaid orders. Each is an item of its own, since an order's entry of the index
//! is in its caller's queue. It is written with the order, and removed when its time comes and the
//! order needs it no more.

use aws_sdk_dynamodb::{
    operation::delete_item::DeleteItemInput,
    types::{ReturnValue, TransactWriteItem},
};

use super::{
    DynamoDb, Page, StoreError,
    attempt::Attempts,
    item::{
        DUE_AT, Item, KEY, Kind, QUEUE, Write as _, keyed, need_number, need_text, number, text,
    },
    orders,
    requests::Change,
    transaction::Condition,
};
use crate::{order::Order, store::deadlines::Deadlines};

/// The queue of the index.
const DEADLINES: &str = "deadlines";
/// The seconds after which an order is looked at again whose payment is under way.
const AGAIN_AFTER: i64 = 60 * 60;

impl Deadlines for DynamoDb {
    async fn overdue_orders(&self, now: i64, most: u32) -> Result<Vec<Order>, StoreError> {
        let page = Page {
            times: 0..=now,
            ..Page::of_queue(DEADLINES, i32::try_from(most).unwrap_or(i32::MAX))
        };
        let (entries, _) = self.entries(&page).await?;
        let keys = entries.iter().map(order_key);
        let keys = keys.collect::<Result<Vec<String>, StoreError>>()?;
        let mut attempts = Attempts::new();
        let found = match keys.is_empty() {
            true => return Ok(Vec::new()),
            false => self.get_all(&mut attempts, &keys).await?,
        };
        let mut overdue = Vec::new();
        for (entry, key) in entries.iter().zip(&keys) {
            let order = found.get(key).map(orders::read).transpose()?;
            match order.map(|(order, _)| order) {
                Some(order) if order.deadline().is_some_and(|at| at <= now) => overdue.push(order),
                Some(order) if order.may_expire() => {
                    let at = order.deadline().unwrap_or(now + AGAIN_AFTER);
                    self.postpone(&mut attempts, entry, at).await?;
                }
                _ => self.drop_deadline(&mut attempts, entry).await?,
            }
        }
        Ok(overdue)
    }
}

impl DynamoDb {
    /// The deadline of `order`, where it is new or another than of the order `before`.
    pub(super) fn put_deadline(
        &self,
        before: Option<&Order>,
        order: &Order,
    ) -> Option<TransactWriteItem> {
        let at = order.expires_at().filter(|_| order.paid_at().is_none())?;
        let is_known = before.is_some_and(|before| before.expires_at() == Some(at));
        let item = keyed(&Kind::Deadline.key(order.id().as_str()))
            .with(QUEUE, text(DEADLINES))
            .with(DUE_AT, number(at));
        (!is_known).then(|| self.put(item, Condition::None))
    }

    /// Moves the deadline of `entry` to `at`, unless it moved meanwhile.
    async fn postpone(
        &self,
        attempts: &mut Attempts,
        entry: &Item,
        at: i64,
    ) -> Result<(), StoreError> {
        let change = Change {
            set: "SET #due_at = :at",
            when: "#due_at = :seen",
            names: &[DUE_AT],
            values: vec![
                (":at", number(at)),
                (":seen", number(need_number(entry, DUE_AT)?)),
            ],
        };
        let key = need_text(entry, KEY)?;
        let updated = self.update(attempts, key, &change, ReturnValue::None);
        updated.await.map(|_| ())
    }

    /// Removes the deadline of `entry`, unless it moved meanwhile.
    async fn drop_deadline(&self, attempts: &mut Attempts, entry: &Item) -> Result<(), StoreError> {
        let delete = DeleteItemInput::builder()
            .table_name(&self.table)
            .set_key(Some(keyed(need_text(entry, KEY)?)))
            .condition_expression("#due_at = :seen")
            .expression_attribute_names("#due_at", DUE_AT)
            .expression_attribute_values(":seen", number(need_number(entry, DUE_AT)?));
        let deleted = attempts.call(self, "dynamodb:DeleteItem", delete.build());
        // A condition that is not met: the deadline moved, or is gone.
        deleted.await.map(|_| ())
    }
}

/// The key of the order of `entry`.
fn order_key(entry: &Item) -> Result<String, StoreError> {
    let id = Kind::Deadline.id_in(need_text(entry, KEY)?);
    Ok(Kind::Order.key(id.ok_or(StoreError::Malformed(KEY))?))
}
