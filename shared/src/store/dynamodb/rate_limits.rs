//! Recent payment starts: one read of the order and of the subjects' rows, the decision that every
//! backend shares, and one transaction that replaces the rows in their versions.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    operation::put_item::{PutItemError, PutItemInput},
    types::TransactWriteItem,
};

use super::{
    DynamoDb, PUT, StoreError,
    attempt::{Answer, Attempts},
    item::{
        EXPIRES_AT, Item, Kind, Write as _, keyed, names, need_number, need_text, number, text,
    },
    transaction::Condition,
};
use crate::{
    order::OrderId,
    store::{
        RateLimitOutcome, RateLimitRequest,
        rate_limiting::{
            RateLimitDecision, StartHistory, UnpaidOrders, decide, is_unpaid, orders_to_read,
        },
        rate_limits::{REFRESH_INTERVAL, RateLimits},
    },
};

impl RateLimits for DynamoDb {
    /// A concurrent write to a row starts it again. So does a lost answer to this transaction: then
    /// the order is already counted.
    async fn admit(
        &self,
        request: RateLimitRequest,
        now: i64,
    ) -> Result<RateLimitOutcome, StoreError> {
        let mut attempts = Attempts::new();
        let order = Kind::Order.key(request.order.as_str());
        let subjects = request.subjects.iter();
        let keys: Vec<String> = subjects
            .map(|subject| Kind::RateLimit.key(&subject.key))
            .collect();
        let wanted: Vec<String> = keys.iter().cloned().chain([order.clone()]).collect();
        loop {
            let items = self.get_all(&mut attempts, &wanted).await?;
            if items.contains_key(&order) {
                return Ok(RateLimitOutcome::Yes);
            }
            let found = keys.iter().map(|key| read(items.get(key)));
            let (mut rows, versions): (Vec<StartHistory>, Vec<i64>) =
                found.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            let before = rows.clone();
            let mut decision = decide(&request, &rows, now);
            if let RateLimitDecision::Full(_) = decision {
                let orders = orders_to_read(&request, &rows, now);
                let unpaid = self.unpaid(&mut attempts, orders).await?;
                let settled = |row: StartHistory| row.settled(&unpaid, request.window, now);
                rows = rows.into_iter().map(settled).collect();
                decision = decide(&request, &rows, now);
            }
            let (answer, rows) = match decision {
                RateLimitDecision::Answer(answer) => (answer, rows),
                RateLimitDecision::Full(many) => (RateLimitOutcome::No(many), rows),
                RateLimitDecision::Write(rows) => (RateLimitOutcome::Yes, rows),
            };
            let all = keys.iter().zip(rows).zip(before).zip(&versions);
            let changed = all.filter(|(((_, row), before), _)| row != before);
            let writes = changed.map(|(((key, row), _), version)| {
                self.put_row(key, &row, *version, request.window)
            });
            let writes: Vec<_> = writes.collect::<Result<_, _>>()?;
            if writes.is_empty() {
                return Ok(answer);
            }
            match self.transact(&mut attempts, writes).await? {
                None => return Ok(answer),
                Some(canceled) => attempts.again(canceled.failure).await?,
            }
        }
    }

    /// Without a read first: most calls are the first in their interval.
    async fn admit_refresh_of(&self, row: String, now: i64) -> Result<bool, StoreError> {
        let item =
            keyed(&Kind::RateLimit.key(&row)).with(EXPIRES_AT, number(now + REFRESH_INTERVAL));
        let put = PutItemInput::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #expires_at <= :now")
            .set_expression_attribute_names(Some(names(&[EXPIRES_AT])))
            .expression_attribute_values(":now", number(now));
        match Attempts::new().call(self, PUT, put.build()).await? {
            Answer::Done(_) => Ok(true),
            Answer::Declined(PutItemError::ConditionalCheckFailedException(_), _) => Ok(false),
            Answer::Declined(_, failure) => Err(failure),
        }
    }
}

impl DynamoDb {
    /// The payment state of `orders`; each once, since DynamoDB takes no key twice.
    async fn unpaid(
        &self,
        attempts: &mut Attempts,
        orders: HashSet<OrderId>,
    ) -> Result<UnpaidOrders, StoreError> {
        let keys = orders.iter().map(|order| Kind::Order.key(order.as_str()));
        let items = self.get_all(attempts, &keys.collect::<Vec<_>>()).await?;
        let found = orders.into_iter().map(|order| {
            let item = items.get(&Kind::Order.key(order.as_str()));
            let status = item.map(|item| need_text(item, "status")).transpose()?;
            Ok((order, status.map(is_unpaid)))
        });
        found.collect()
    }

    /// `row` in place of its `version`; 0 is none.
    fn put_row(
        &self,
        key: &str,
        row: &StartHistory,
        version: i64,
        window: i64,
    ) -> Result<TransactWriteItem, StoreError> {
        let entries = serde_json::to_string(row).map_err(StoreError::Unreadable)?;
        let item = keyed(key)
            .with("version", number(version + 1))
            .with("entries", text(entries))
            .with(EXPIRES_AT, number(row.expires_at(window)));
        Ok(self.put(item, Condition::Version(version)))
    }
}

/// The row that `item` holds, and its version.
fn read(item: Option<&Item>) -> Result<(StartHistory, i64), StoreError> {
    let Some(item) = item else {
        return Ok((StartHistory::default(), 0));
    };
    let row = serde_json::from_str(need_text(item, "entries")?).map_err(StoreError::Unreadable)?;
    Ok((row, need_number(item, "version")?))
}
