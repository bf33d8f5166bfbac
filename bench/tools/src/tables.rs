//! Tables in memory, with DynamoDB's responses.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::expression::{Condition, InvalidExpression, update};

/// One item, in DynamoDB's JSON.
pub type Item = Map<String, Value>;

/// All tables. The first item creates a table; its key is the attribute `pk`, or `id`.
#[derive(Debug, Default)]
pub struct Tables(HashMap<(String, String), Item>);

impl Tables {
    /// Executes the operation with this name; returns a status and JSON.
    pub fn answer(&mut self, operation: &str, request: &Value) -> (u16, Value) {
        let answer = match operation {
            "GetItem" => Ok(self.get(request)),
            "BatchGetItem" => Ok(self.get_all(request)),
            "PutItem" | "UpdateItem" => self.write_one(request),
            "TransactWriteItems" => self.write_all(request),
            other => Err(InvalidExpression(format!("the operation {other}"))),
        };
        answer.unwrap_or_else(|InvalidExpression(what)| {
            let message = format!("this stand-in does not know {what}");
            (400, failure("ValidationException", &message))
        })
    }

    /// Puts `item`, without a condition.
    pub fn put(&mut self, table: &str, item: Item) {
        let key = key_of(&item);
        self.0.insert((table.to_owned(), key), item);
    }

    /// All items of `table`.
    pub fn items(&self, table: &str) -> impl Iterator<Item = &Item> {
        let items = self.0.iter().filter(move |((name, _), _)| name == table);
        items.map(|(_, item)| item)
    }

    fn find(&self, table: &Value, key: &Value) -> Option<&Item> {
        self.0.get(&place(table, key))
    }

    fn get(&self, request: &Value) -> (u16, Value) {
        match self.find(&request["TableName"], &request["Key"]) {
            Some(item) => (200, json!({ "Item": item })),
            None => (200, json!({})),
        }
    }

    fn get_all(&self, request: &Value) -> (u16, Value) {
        let mut responses = Map::new();
        for (table, wanted) in request["RequestItems"].as_object().into_iter().flatten() {
            let keys = wanted["Keys"].as_array().into_iter().flatten();
            let found = keys.filter_map(|key| self.find(&Value::from(table.as_str()), key));
            responses.insert(table.clone(), found.cloned().collect::<Vec<_>>().into());
        }
        let answer = json!({ "Responses": responses, "UnprocessedKeys": {} });
        (200, answer)
    }

    fn write_one(&mut self, request: &Value) -> Result<(u16, Value), InvalidExpression> {
        let place = place_of(request);
        let before = self.0.get(&place);
        if Condition::is_met(request, before)? {
            return self.write(request).map(|()| (200, json!({})));
        }
        let mut answer = failure(
            "ConditionalCheckFailedException",
            "the condition is not met",
        );
        if request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" {
            answer["Item"] = json!(before);
        }
        Ok((400, answer))
    }

    fn write_all(&mut self, request: &Value) -> Result<(u16, Value), InvalidExpression> {
        let parts: Vec<&Value> = request["TransactItems"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|part| part.as_object()?.values().next())
            .collect();
        let mut reasons = Vec::new();
        for part in &parts {
            let is_met = Condition::is_met(part, self.0.get(&place_of(part)))?;
            let code = if is_met {
                "None"
            } else {
                "ConditionalCheckFailed"
            };
            reasons.push(json!({ "Code": code }));
        }
        if reasons.iter().any(|reason| reason["Code"] != "None") {
            let mut answer = failure("TransactionCanceledException", "a condition is not met");
            answer["CancellationReasons"] = reasons.into();
            return Ok((400, answer));
        }
        for part in parts {
            self.write(part)?;
        }
        Ok((200, json!({})))
    }

    /// Applies one write request, or one part of a transaction.
    fn write(&mut self, request: &Value) -> Result<(), InvalidExpression> {
        let place = place_of(request);
        if let Some(item) = request["Item"].as_object() {
            self.0.insert(place, item.clone());
            return Ok(());
        }
        let key = request["Key"].as_object().cloned().unwrap_or_default();
        if request.get("UpdateExpression").is_some() {
            return update(request, self.0.entry(place).or_insert(key));
        }
        Err(InvalidExpression(
            "a write that puts and updates nothing".to_owned(),
        ))
    }
}

/// The place of a write's item.
fn place_of(request: &Value) -> (String, String) {
    let item = request.get("Item").unwrap_or(&request["Key"]);
    place(&request["TableName"], item)
}

fn place(table: &Value, item: &Value) -> (String, String) {
    let key = item.as_object().map(key_of).unwrap_or_default();
    (table.as_str().unwrap_or_default().to_owned(), key)
}

fn key_of(item: &Item) -> String {
    let key = item.get("pk").or_else(|| item.get("id"));
    let key = key.and_then(|key| key["S"].as_str());
    key.unwrap_or_default().to_owned()
}

fn failure(code: &str, message: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str) -> Value {
        json!({
            "TableName": "t",
            "Item": {"pk": {"S": key}},
            "ConditionExpression": "attribute_not_exists(pk)",
        })
    }

    #[test]
    fn an_item_is_put_once_where_it_must_be_absent() {
        let mut tables = Tables::default();
        assert_eq!(tables.answer("PutItem", &put("a")).0, 200);
        let (status, answer) = tables.answer("PutItem", &put("a"));
        assert_eq!(status, 400);
        assert!(
            answer["__type"]
                .as_str()
                .unwrap()
                .ends_with("#ConditionalCheckFailedException")
        );
    }

    #[test]
    fn a_transaction_writes_all_or_nothing() {
        let mut tables = Tables::default();
        tables.answer("PutItem", &put("a"));
        let transaction = json!({"TransactItems": [{"Put": put("b")}, {"Put": put("a")}]});
        let (status, answer) = tables.answer("TransactWriteItems", &transaction);
        assert_eq!(status, 400);
        let codes = json!([{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]);
        assert_eq!(answer["CancellationReasons"], codes);
        assert_eq!(tables.items("t").count(), 1);
    }

    #[test]
    fn several_items_are_read_at_once() {
        let mut tables = Tables::default();
        tables.answer("PutItem", &put("a"));
        let keys = json!([{"pk": {"S": "a"}}, {"pk": {"S": "b"}}]);
        let request = json!({"RequestItems": {"t": {"Keys": keys}}});
        let (_, answer) = tables.answer("BatchGetItem", &request);
        assert_eq!(answer["Responses"]["t"], json!([{"pk": {"S": "a"}}]));
    }
}
