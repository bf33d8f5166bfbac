//! Single requests: reads by key, and conditional changes of one item.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::{
        batch_get_item::BatchGetItemInput,
        get_item::GetItemInput,
        update_item::{UpdateItemError, UpdateItemInput},
    },
    types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    DynamoDb, StoreError,
    attempt::{Answer, Attempts},
    item::{Item, KEY, keyed, names, text_in},
};
use crate::aws::UNKNOWN;

/// The most keys of one `BatchGetItem`.
const MAX_KEYS: usize = 100;

/// A change of an existing item.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// DynamoDB's update expression, with `#` before every name.
    pub(super) set: &'static str,
    /// DynamoDB's condition expression.
    pub(super) when: &'static str,
    /// The names in both.
    pub(super) names: &'static [&'static str],
    /// The values in both.
    pub(super) values: Vec<(&'static str, AttributeValue)>,
}

impl DynamoDb {
    /// The item with `key`, as it is now.
    pub(super) async fn get(
        &self,
        attempts: &mut Attempts,
        key: &str,
    ) -> Result<Option<Item>, StoreError> {
        let get = GetItemInput::builder().table_name(&self.table);
        let get = get.set_key(Some(keyed(key))).consistent_read(true);
        let answer = attempts.call(self, "dynamodb:GetItem", get.build());
        Ok(answer.await?.done()?.item)
    }

    /// The items with `keys` that are there, by their keys, each as it is now.
    pub(super) async fn get_all(
        &self,
        attempts: &mut Attempts,
        keys: &[String],
    ) -> Result<HashMap<String, Item>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        for keys in keys.chunks(MAX_KEYS) {
            let mut wanted: Vec<Item> = keys.iter().map(|key| keyed(key)).collect();
            loop {
                wanted = self.get_some(attempts, wanted, &mut found).await?;
                if wanted.is_empty() {
                    break;
                }
                attempts.again(unprocessed()).await?;
            }
        }
        Ok(found)
    }

    /// Sends one `BatchGetItem`; returns the keys that DynamoDB left unprocessed.
    async fn get_some(
        &self,
        attempts: &mut Attempts,
        wanted: Vec<Item>,
        found: &mut HashMap<String, Item>,
    ) -> Result<Vec<Item>, StoreError> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(wanted))
            .consistent_read(true)
            .build()
            .expect("the keys are set");
        let get = BatchGetItemInput::builder();
        let get = get.request_items(&self.table, keys);
        let answer = attempts.call(self, GET_ALL, get.build());
        let output = answer.await?.done()?;
        let items = output.responses.into_iter().flat_map(HashMap::into_values);
        for item in items.flatten() {
            let key = text_in(&item, KEY).ok_or(StoreError::Malformed(KEY))?;
            found.insert(key.to_owned(), item);
        }
        let left = output.unprocessed_keys.into_iter();
        Ok(left
            .flat_map(HashMap::into_values)
            .flat_map(|keys| keys.keys)
            .collect())
    }

    /// Changes the item with `key`. The inner error is the item, if any, that failed the condition.
    pub(super) async fn update(
        &self,
        attempts: &mut Attempts,
        key: &str,
        change: &Change,
        returned: ReturnValue,
    ) -> Result<Result<Item, Option<Item>>, StoreError> {
        let update = UpdateItemInput::builder().table_name(&self.table);
        let update = update
            .set_key(Some(keyed(key)))
            .update_expression(change.set)
            .condition_expression(change.when)
            .set_expression_attribute_names(Some(names(change.names)))
            .set_expression_attribute_values(change.values())
            .return_values(returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let answer = attempts.call(self, "dynamodb:UpdateItem", update.build());
        Ok(match answer.await? {
            Answer::Done(output) => Ok(output.attributes.unwrap_or_default()),
            Answer::Declined(UpdateItemError::ConditionalCheckFailedException(unmet), _) => {
                Err(unmet.item)
            }
            Answer::Declined(..) => Err(None),
        })
    }
}

const GET_ALL: &str = "dynamodb:BatchGetItem";

impl Change {
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let values = self.values.iter();
        let values = values.map(|(name, value)| ((*name).to_owned(), value.clone()));
        (!self.values.is_empty()).then(|| values.collect())
    }
}

/// The error for keys that DynamoDB left unprocessed.
fn unprocessed() -> StoreError {
    StoreError::Busy {
        action: GET_ALL,
        code: "UnprocessedKeys".to_owned(),
        request_id: UNKNOWN.to_owned(),
    }
}
