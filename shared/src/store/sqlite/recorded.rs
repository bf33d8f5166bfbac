//! The records of operations, in the table of idempotency records.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Sqlite, StoreError};
use crate::store::{
    IdempotencyRecord,
    recorded::{Recorded, RecordedOperation},
};

impl Recorded for Sqlite {
    async fn recorded_operation(&self, key: &str) -> Result<Option<RecordedOperation>, StoreError> {
        let key = key.to_owned();
        self.with(move |connection| find(connection, &key)).await
    }

    async fn record_operation(
        &self,
        operation: &IdempotencyRecord,
        plan: &str,
    ) -> Result<RecordedOperation, StoreError> {
        let (key, record) = (
            operation.key.clone(),
            RecordedOperation::of(operation, plan),
        );
        self.write(move |transaction| {
            if let Some(found) = find(transaction, &key)? {
                return Ok(found);
            }
            let insert =
                "INSERT INTO idempotency_records (key, digest, order_id) VALUES (?1, ?2, ?3)";
            let mut insert = transaction.prepare_cached(insert)?;
            insert.execute(params![key, record.digest, record.plan])?;
            Ok(record.clone())
        })
        .await
    }
}

fn find(connection: &Connection, key: &str) -> Result<Option<RecordedOperation>, StoreError> {
    let select = "SELECT digest, order_id FROM idempotency_records WHERE key = ?1";
    let found = connection.prepare_cached(select)?.query_row([key], |row| {
        Ok(RecordedOperation {
            digest: row.get(0)?,
            plan: row.get(1)?,
        })
    });
    Ok(found.optional()?)
}
