//! The cursors of scheduled jobs.

use aws_sdk_dynamodb::operation::put_item::PutItemInput;

use super::{
    DynamoDb, PUT, StoreError,
    attempt::Attempts,
    item::{Kind, Write as _, keyed, need_text, text},
};
use crate::store::jobs::Jobs;

impl Jobs for DynamoDb {
    async fn cursor(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        let key = Kind::Cursor.key(name);
        let Some(item) = self.get(&mut Attempts::new(), &key).await? else {
            return Ok(None);
        };
        need_text(&item, "value").map(|value| Some(value.to_owned()))
    }

    async fn set_cursor(&self, name: &'static str, value: &str) -> Result<(), StoreError> {
        let item = keyed(&Kind::Cursor.key(name)).with("value", text(value));
        let put = PutItemInput::builder().table_name(&self.table);
        let put = put.set_item(Some(item));
        let mut attempts = Attempts::new();
        let answer = attempts.call(self, PUT, put.build()).await?;
        answer.done().map(|_| ())
    }

    /// Deletes nothing: DynamoDB expires items by itself.
    async fn forget_expired(&self, _now: i64) -> Result<bool, StoreError> {
        Ok(false)
    }
}
