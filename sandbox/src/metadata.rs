//! Metadata: up to 50 pairs of the caller, merged by every update.

use serde_json::{Map, Value};

use crate::{error::Error, params::Params};

const PAIRS: usize = 50;
const KEY: usize = 40;
const VALUE: usize = 500;

/// Merges the request's `metadata` into the object's; an empty value removes its key.
///
/// An empty `metadata` removes everything. Returns `None` when the request has none.
pub(crate) fn merged(params: &mut Params, held: &Value) -> Result<Option<Value>, Error> {
    let given = match params.any("metadata") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(Some(Map::new().into())),
        Some(Value::Object(given)) => given,
        Some(Value::Array(items)) => indexed(items),
        Some(_) => return Err(refusal("metadata has to be a group of pairs.")),
    };
    let mut pairs = held.as_object().cloned().unwrap_or_default();
    for (key, value) in given {
        merge(&mut pairs, key, &value)?;
    }
    if pairs.len() > PAIRS {
        return Err(refusal(&format!("metadata holds at most {PAIRS} pairs.")));
    }
    Ok(Some(pairs.into()))
}

/// Turns a list back into keys: `0, 1, …` are ordinary metadata keys.
fn indexed(items: Vec<Value>) -> Map<String, Value> {
    let pairs = items.into_iter().enumerate();
    pairs
        .map(|(index, item)| (index.to_string(), item))
        .collect()
}

fn merge(pairs: &mut Map<String, Value>, key: String, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str() else {
        return Err(refusal("A metadata value has to be a string."));
    };
    if key.chars().count() > KEY {
        return Err(refusal(&format!(
            "A metadata key has at most {KEY} characters."
        )));
    }
    if text.chars().count() > VALUE {
        let message = format!("A metadata value has at most {VALUE} characters.");
        return Err(refusal(&message).param(&format!("metadata[{key}]")));
    }
    match text {
        "" => pairs.remove(&key),
        text => pairs.insert(key, text.into()),
    };
    Ok(())
}

fn refusal(message: &str) -> Error {
    Error::invalid(message).param("metadata")
}
