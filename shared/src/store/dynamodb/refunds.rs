//! Refunds: one read of the order and of the caller's budget, the decision that every backend
//! shares, and one transaction.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::{
    DynamoDb, StoreError,
    attempt::Attempts,
    item::{EXPIRES_AT, Kind, Write as _, keyed, need_number, number},
    orders,
    transaction::Condition,
};
use crate::store::{
    Refunded,
    refunding::{Budget, RefundDecision, Refunding, Write, decide},
    refunds::Refunds,
};

impl Refunds for DynamoDb {
    /// A concurrent write to the order or the budget starts it again. So does a lost answer to this
    /// transaction: then the request is already stored.
    async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, StoreError> {
        let mut attempts = Attempts::new();
        let order_key = Kind::Order.key(refunding.order.as_str());
        let budget = refunding.budget.as_ref();
        let budget_key = budget.map(|budget| Kind::Refunds.key(&budget.id()));
        let keys: Vec<String> = std::iter::once(order_key.clone())
            .chain(budget_key.clone())
            .collect();
        loop {
            let items = self.get_all(&mut attempts, &keys).await?;
            let found = items.get(&order_key).map(orders::read).transpose()?;
            let found = found.as_ref().map(|(order, version)| (order, *version));
            let before = budget_key.as_ref().and_then(|key| items.get(key));
            let before = before.map_or(Ok(0), |item| need_number(item, "spent"))?;
            let Write {
                order,
                messages,
                spent,
            } = match decide(found, before, &refunding, now) {
                RefundDecision::Answer(answer) => return Ok(answer),
                RefundDecision::Write(write) => write,
            };
            let version = found.map_or(0, |(_, version)| version);
            let mut writes = vec![self.write_order(&order, version)?];
            writes.extend(messages.iter().flat_map(|one| self.put_message(one, now)));
            let spent = budget.zip(spent);
            writes.extend(spent.map(|(budget, spent)| self.put_budget(budget, before, spent)));
            match self.transact(&mut attempts, writes).await? {
                None => return Ok(Refunded::Changed(order)),
                Some(canceled) => attempts.again(canceled.failure).await?,
            }
        }
    }
}

impl DynamoDb {
    fn put_budget(&self, budget: &Budget, before: i64, spent: i64) -> TransactWriteItem {
        let item = keyed(&Kind::Refunds.key(&budget.id()))
            .with("spent", number(spent))
            .with(EXPIRES_AT, number(budget.expires_at()));
        self.put(item, Condition::AbsentOrSpent(before))
    }
}
