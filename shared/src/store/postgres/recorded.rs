//! The records of operations, in the table of idempotency records.

use super::{Postgres, StoreError, column, statement};
use crate::store::{
    IdempotencyRecord,
    recorded::{Recorded, RecordedOperation},
};

impl Recorded for Postgres {
    async fn recorded_operation(&self, key: &str) -> Result<Option<RecordedOperation>, StoreError> {
        let select = "SELECT digest, order_id FROM farebox.idempotency_records WHERE key = $1";
        let Some(row) = self.row(statement!(select, key)).await? else {
            return Ok(None);
        };
        let text = |name| column::<&str>(&row, name).map(str::to_owned);
        Ok(Some(RecordedOperation {
            digest: text("digest")?,
            plan: text("order_id")?,
        }))
    }

    async fn record_operation(
        &self,
        operation: &IdempotencyRecord,
        plan: &str,
    ) -> Result<RecordedOperation, StoreError> {
        let insert = "INSERT INTO farebox.idempotency_records (key, digest, order_id)
             VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING RETURNING key";
        let insert = statement!(insert, &operation.key, &operation.digest, plan);
        if !self.change(insert).await?.is_empty() {
            return Ok(RecordedOperation::of(operation, plan));
        }
        let found = self.recorded_operation(&operation.key).await?;
        found.ok_or(StoreError::Malformed("key"))
    }
}
