//! The records of operations: `idempotency#KEY`, as those of orders.

use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput};

use super::{
    DynamoDb, PUT, StoreError,
    attempt::{Answer, Attempts},
    item::{Item, Kind, Write as _, keyed, need_text, text},
};
use crate::store::{
    IdempotencyRecord,
    recorded::{Recorded, RecordedOperation},
};

impl Recorded for DynamoDb {
    async fn recorded_operation(&self, key: &str) -> Result<Option<RecordedOperation>, StoreError> {
        let key = Kind::IdempotencyRecord.key(key);
        let found = self.get(&mut Attempts::new(), &key).await?;
        found.as_ref().map(read).transpose()
    }

    async fn record_operation(
        &self,
        operation: &IdempotencyRecord,
        plan: &str,
    ) -> Result<RecordedOperation, StoreError> {
        let key = Kind::IdempotencyRecord.key(&operation.key);
        let item = keyed(&key)
            .with("digest", text(&operation.digest))
            .with("order_id", text(plan));
        let put = PutItemInput::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)");
        let mut attempts = Attempts::new();
        match attempts.call(self, PUT, put.build()).await? {
            Answer::Done(_) => Ok(RecordedOperation::of(operation, plan)),
            Answer::Declined(PutItemError::ConditionalCheckFailedException(_), failure) => {
                let found = self.get(&mut attempts, &key).await?;
                read(&found.ok_or(failure)?)
            }
            Answer::Declined(_, failure) => Err(failure),
        }
    }
}

fn read(item: &Item) -> Result<RecordedOperation, StoreError> {
    let field = |name| need_text(item, name).map(str::to_owned);
    Ok(RecordedOperation {
        digest: field("digest")?,
        plan: field("order_id")?,
    })
}
