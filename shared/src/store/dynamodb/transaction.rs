//! Transactions: several conditional writes as one.

use aws_sdk_dynamodb::{
    operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsInput},
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};

use super::{
    DynamoDb, StoreError,
    attempt::{Answer, Attempts, is_transient},
    item::{EXPIRES_AT, Item, KEY, keyed, names, number, text, text_in},
    requests::Change,
};

/// The condition under which an item is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition<'a> {
    /// Always.
    None,
    /// It is not there.
    Absent,
    /// It is not there, or expired before this time.
    AbsentOrExpired(i64),
    /// It is an order in this version; 0 is none.
    Version(i64),
    /// It is not there, or is of this order.
    AbsentOrOf(&'a str),
    /// It is not there, or is a budget with so much spent.
    AbsentOrSpent(i64),
    /// It is not there, or is this caller's.
    AbsentOrOwned(&'a str),
    /// It is a caller's link under this reservation, without a customer.
    Unsettled(&'a str),
}

/// A canceled transaction; it wrote nothing.
#[derive(Debug)]
pub(super) struct Canceled {
    /// The keys of the items that failed their condition; none after a mere conflict.
    pub(super) unmet: Vec<String>,
    /// The error to return when no time is left for a retry.
    pub(super) failure: StoreError,
}

impl DynamoDb {
    /// Writes all or nothing; `Some` tells why nothing was written.
    ///
    /// The token makes a retry, sent because an answer got lost, the same request: DynamoDB keeps
    /// it for ten minutes. Every transaction has a new one, since two deliveries of one event must
    /// not count as one request.
    pub(super) async fn transact(
        &self,
        attempts: &mut Attempts,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Option<Canceled>, StoreError> {
        let keys: Vec<String> = writes.iter().map(key_of).collect();
        let token = format!("{:032x}", fastrand::u128(..));
        let write = TransactWriteItemsInput::builder();
        let write = write
            .client_request_token(token)
            .set_transact_items(Some(writes));
        let answer = attempts.call(self, TRANSACT, write.build());
        match answer.await? {
            Answer::Done(_) => Ok(None),
            Answer::Declined(error, failure) => canceled(&error, keys, failure).map(Some),
        }
    }

    /// `item` as a part of a transaction.
    pub(super) fn put(&self, item: Item, condition: Condition<'_>) -> TransactWriteItem {
        let (expression, named, value) = condition.parts();
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(expression.map(str::to_owned))
            .set_expression_attribute_names(named.map(|name| names(&[name])))
            .set_expression_attribute_values(value.map(|value| [(":is".to_owned(), value)].into()));
        let put = put.build().expect("table and item are set");
        TransactWriteItem::builder().put(put).build()
    }

    /// `change` as a part of a transaction.
    pub(super) fn change(&self, key: &str, change: &Change) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keyed(key)))
            .update_expression(change.set)
            .condition_expression(change.when)
            .set_expression_attribute_names(Some(names(change.names)))
            .set_expression_attribute_values(change.values());
        let update = update.build().expect("table, key and expression are set");
        TransactWriteItem::builder().update(update).build()
    }

    /// The deletion of the item with `key`, as a part of a transaction.
    pub(super) fn delete(&self, key: &str) -> TransactWriteItem {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(keyed(key)));
        let delete = delete.build().expect("table and key are set");
        TransactWriteItem::builder().delete(delete).build()
    }
}

/// IAM policies allow a transaction by the actions in it.
const TRANSACT: &str = "dynamodb:PutItem, by TransactWriteItems,";

impl Condition<'_> {
    /// The expression, the name in it, and the value of its `:is`.
    fn parts(
        self,
    ) -> (
        Option<&'static str>,
        Option<&'static str>,
        Option<AttributeValue>,
    ) {
        const ABSENT: &str = "attribute_not_exists(pk)";
        match self {
            Self::None => (None, None, None),
            Self::Absent | Self::Version(0) => (Some(ABSENT), None, None),
            Self::AbsentOrExpired(now) => (
                Some("attribute_not_exists(pk) OR #expires_at < :is"),
                Some(EXPIRES_AT),
                Some(number(now)),
            ),
            Self::Version(version) => (
                Some("#version = :is"),
                Some("version"),
                Some(number(version)),
            ),
            Self::AbsentOrOf(order) => (
                Some("attribute_not_exists(pk) OR #order_id = :is"),
                Some("order_id"),
                Some(text(order)),
            ),
            Self::AbsentOrSpent(spent) => (
                Some("attribute_not_exists(pk) OR #spent = :is"),
                Some("spent"),
                Some(number(spent)),
            ),
            Self::AbsentOrOwned(owner) => (
                Some("attribute_not_exists(pk) OR #owner = :is"),
                Some("owner"),
                Some(text(owner)),
            ),
            Self::Unsettled(reservation) => (
                Some("#reservation = :is AND attribute_not_exists(stripe_id)"),
                Some("reservation"),
                Some(text(reservation)),
            ),
        }
    }
}

/// The key of what `write` writes.
fn key_of(write: &TransactWriteItem) -> String {
    let put = write.put().map(Put::item);
    let update = write.update().map(Update::key);
    let delete = write.delete().map(Delete::key);
    let item = put.or(update).or(delete);
    item.and_then(|item| text_in(item, KEY))
        .unwrap_or_default()
        .to_owned()
}

/// Reads the reasons of a canceled transaction, which are in the order of its items.
fn canceled(
    error: &TransactWriteItemsError,
    keys: Vec<String>,
    failure: StoreError,
) -> Result<Canceled, StoreError> {
    let StoreError::Busy {
        action,
        code,
        request_id,
    } = failure
    else {
        return Err(failure);
    };
    let TransactWriteItemsError::TransactionCanceledException(error) = error else {
        return Err(StoreError::Refused {
            action,
            code,
            request_id,
        });
    };
    let mut unmet = Vec::new();
    let mut why = None;
    for (reason, key) in error.cancellation_reasons().iter().zip(keys) {
        match reason.code() {
            None | Some("None") => {}
            Some("ConditionalCheckFailed") => unmet.push(key),
            Some(code) if is_transient(code) => why = why.or(Some(code.to_owned())),
            Some(code) => {
                let code = code.to_owned();
                return Err(StoreError::Refused {
                    action,
                    code,
                    request_id,
                });
            }
        }
    }
    let code = why.unwrap_or_else(|| "ConditionalCheckFailed".to_owned());
    let failure = StoreError::Busy {
        action,
        code,
        request_id,
    };
    Ok(Canceled { unmet, failure })
}
