//! DynamoDB's expressions, as far as the subjects use them: comparisons, `attribute_exists`,
//! `attribute_not_exists`, `AND`, `OR` and parentheses in conditions; `SET` of values in updates.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// An unsupported expression. The stand-in rejects it, so that no measurement relies on a guess.
#[derive(Debug)]
pub(crate) struct InvalidExpression(pub(crate) String);

/// A condition, with its names and values.
#[derive(Debug)]
pub(crate) struct Condition<'a> {
    words: Vec<&'a str>,
    at: usize,
    request: &'a Value,
}

impl<'a> Condition<'a> {
    /// Returns true when `item` meets the condition of `request`, or there is none.
    ///
    /// # Errors
    ///
    /// [`InvalidExpression`] when the condition is not supported.
    pub(crate) fn is_met(
        request: &'a Value,
        item: Option<&Map<String, Value>>,
    ) -> Result<bool, InvalidExpression> {
        let Some(text) = request["ConditionExpression"].as_str() else {
            return Ok(true);
        };
        let mut condition = Self {
            words: words(text),
            at: 0,
            request,
        };
        let is_met = condition.any_of(item)?;
        match condition.words.get(condition.at) {
            None => Ok(is_met),
            Some(word) => Err(InvalidExpression(format!("`{word}` in `{text}`"))),
        }
    }

    fn any_of(&mut self, item: Option<&Map<String, Value>>) -> Result<bool, InvalidExpression> {
        let mut is_met = self.all_of(item)?;
        while self.takes("OR") {
            is_met |= self.all_of(item)?;
        }
        Ok(is_met)
    }

    fn all_of(&mut self, item: Option<&Map<String, Value>>) -> Result<bool, InvalidExpression> {
        let mut is_met = self.one(item)?;
        while self.takes("AND") {
            is_met &= self.one(item)?;
        }
        Ok(is_met)
    }

    fn one(&mut self, item: Option<&Map<String, Value>>) -> Result<bool, InvalidExpression> {
        let word = self.next()?;
        match word {
            "(" => {
                let is_met = self.any_of(item)?;
                self.expect(")").map(|()| is_met)
            }
            "attribute_exists" | "attribute_not_exists" => {
                self.expect("(")?;
                let name = name(self.request, self.next()?);
                self.expect(")")?;
                let is_there = item.is_some_and(|item| item.contains_key(name));
                Ok(is_there == (word == "attribute_exists"))
            }
            left => {
                let comparison = self.next()?;
                let right = value(self.request, self.next()?)?;
                let left = item.and_then(|item| item.get(name(self.request, left)));
                let order = left.and_then(|left| compare(left, right));
                match comparison {
                    "=" => Ok(order == Some(Ordering::Equal)),
                    "<" => Ok(order == Some(Ordering::Less)),
                    "<=" => Ok(order.is_some_and(Ordering::is_le)),
                    ">" => Ok(order == Some(Ordering::Greater)),
                    ">=" => Ok(order.is_some_and(Ordering::is_ge)),
                    other => Err(InvalidExpression(format!("`{other}`"))),
                }
            }
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is_next);
        is_next
    }

    fn next(&mut self) -> Result<&'a str, InvalidExpression> {
        let word = self.words.get(self.at).copied();
        self.at += 1;
        word.ok_or_else(|| InvalidExpression("the end of a condition".to_owned()))
    }

    fn expect(&mut self, word: &str) -> Result<(), InvalidExpression> {
        match self.takes(word) {
            true => Ok(()),
            false => Err(InvalidExpression(format!("a condition without `{word}`"))),
        }
    }
}

/// Applies the `SET` of `request` to `item`.
///
/// # Errors
///
/// [`InvalidExpression`] when the update is not supported.
pub(crate) fn update(
    request: &Value,
    item: &mut Map<String, Value>,
) -> Result<(), InvalidExpression> {
    let text = request["UpdateExpression"].as_str().unwrap_or_default();
    let changes = text
        .strip_prefix("SET ")
        .ok_or_else(|| InvalidExpression(format!("`{text}`")))?;
    for change in changes.split(',') {
        match words(change)[..] {
            [left, "=", right] => {
                let right = value(request, right)?.clone();
                item.insert(name(request, left).to_owned(), right);
            }
            _ => return Err(InvalidExpression(format!("`{change}`"))),
        }
    }
    Ok(())
}

/// The name behind `#alias`; any other word is a name itself.
fn name<'a>(request: &'a Value, word: &'a str) -> &'a str {
    request["ExpressionAttributeNames"][word]
        .as_str()
        .unwrap_or(word)
}

fn value<'a>(request: &'a Value, word: &str) -> Result<&'a Value, InvalidExpression> {
    let value = request["ExpressionAttributeValues"].get(word);
    value.ok_or_else(|| InvalidExpression(format!("`{word}`, which has no value")))
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left["S"].as_str(), right["S"].as_str()) {
        return Some(left.cmp(right));
    }
    let number = |value: &Value| value["N"].as_str()?.parse::<f64>().ok();
    number(left)?.partial_cmp(&number(right)?)
}

fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        let mut rest = part;
        while !rest.is_empty() {
            let end = match rest.find(['(', ')', ',']) {
                Some(0) => 1,
                Some(end) => end,
                None => rest.len(),
            };
            let (word, after) = rest.split_at(end);
            words.push(word);
            rest = after;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_met(condition: &str, item: Option<Value>) -> Result<bool, InvalidExpression> {
        let request = json!({
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#v": "version"},
            "ExpressionAttributeValues": {":is": {"N": "9"}},
        });
        let item = item.map(|item| item.as_object().expect("an object").clone());
        Condition::is_met(&request, item.as_ref())
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_an_absent_item_equals_nothing() {
        let ten = json!({"version": {"N": "10"}});
        assert!(!is_met("#v < :is", Some(ten.clone())).unwrap());
        assert!(is_met("#v > :is", Some(ten)).unwrap());
        assert!(!is_met("#v = :is", None).unwrap());
    }

    #[test]
    fn either_side_of_an_or_and_both_sides_of_an_and_are_looked_at() {
        let nine = json!({"pk": {"S": "a"}, "version": {"N": "9"}});
        let condition = "attribute_not_exists(pk) OR (attribute_exists(pk) AND #v = :is)";
        assert!(is_met(condition, Some(nine)).unwrap());
        assert!(is_met(condition, None).unwrap());
        assert!(!is_met(condition, Some(json!({"pk": {"S": "a"}}))).unwrap());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(is_met("size(pk) > :is", None).is_err());
        assert!(is_met("#v BETWEEN :is", None).is_err());
        assert!(update(&json!({"UpdateExpression": "REMOVE a"}), &mut Map::new()).is_err());
    }
}
