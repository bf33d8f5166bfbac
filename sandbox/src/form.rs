//! Decodes `a[b][0]=c`, the encoding of nested parameters in Stripe's clients.
//!
//! `serde_qs` does not fit. It makes a list of a repeated parameter, where Stripe takes the last
//! one. It rejects `a[2]=x` alone, though only the operation knows its type. It accepts `[a]` and
//! `a]` as names. Its errors give a position in the text, where Stripe's give the parameter.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::error::Error;

/// The most brackets in a name; Stripe's own parameters use far fewer.
const DEPTH: usize = 12;

/// Decodes a query string or a form body into one JSON object; every leaf is a string.
///
/// A level whose keys are exactly `0, 1, 2, …` becomes an array, and `a[]` appends to one.
pub(crate) fn decode(text: &str) -> Result<Value, Error> {
    let mut root = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unescape(name)?, unescape(value)?);
        insert(&mut root, &path(&name)?, value, &name)?;
    }
    Ok(arrays(Value::Object(root)))
}

fn unescape(text: &str) -> Result<String, Error> {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::invalid("a parameter is not valid UTF-8 once decoded"))
}

/// `a[b][]` as `["a", "b", ""]`.
fn path(name: &str) -> Result<Vec<&str>, Error> {
    let broken = || Error::invalid("a parameter name has unbalanced brackets").param(name);
    let (head, groups) = name.split_at(name.find('[').unwrap_or(name.len()));
    let groups = match groups
        .strip_prefix('[')
        .map(|inner| inner.strip_suffix(']'))
    {
        None => Vec::new(),
        Some(None) => return Err(broken()),
        Some(Some(inner)) => inner.split("][").collect(),
    };
    let parts: Vec<&str> = std::iter::once(head).chain(groups).collect();
    let balanced = parts.iter().all(|part| !part.contains(['[', ']']));
    if head.is_empty() || !balanced || parts.len() > DEPTH {
        return Err(broken());
    }
    Ok(parts)
}

fn insert(
    level: &mut Map<String, Value>,
    path: &[&str],
    value: String,
    name: &str,
) -> Result<(), Error> {
    let (first, rest) = path.split_first().expect("a path has at least its head");
    let key = match *first {
        "" => level.len().to_string(),
        key => key.to_owned(),
    };
    if rest.is_empty() {
        level.insert(key, Value::String(value));
        return Ok(());
    }
    let next = level.entry(key).or_insert_with(|| Map::new().into());
    let next = next.as_object_mut().ok_or_else(|| {
        Error::invalid("a parameter is both a single value and a group").param(name)
    })?;
    insert(next, rest, value, name)
}

fn arrays(value: Value) -> Value {
    let Value::Object(level) = value else {
        return value;
    };
    let mut level: Map<String, Value> = level.into_iter().map(|(k, v)| (k, arrays(v))).collect();
    let indexes: Vec<String> = (0..level.len()).map(|index| index.to_string()).collect();
    if level.is_empty() || !indexes.iter().all(|index| level.contains_key(index)) {
        return Value::Object(level);
    }
    indexes
        .iter()
        .filter_map(|index| level.remove(index))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::decode;

    #[test]
    fn brackets_become_objects_and_arrays() {
        let decoded = decode("items[0][price]=p1&items[1][price]=p2&metadata[a%20b]=1+2").unwrap();
        let expected = json!({
            "items": [{ "price": "p1" }, { "price": "p2" }],
            "metadata": { "a b": "1 2" },
        });
        assert_eq!(decoded, expected);
    }

    #[test]
    fn empty_brackets_append() {
        let decoded = decode("expand[]=a&expand[]=b").unwrap();
        assert_eq!(decoded, json!({ "expand": ["a", "b"] }));
        assert_eq!(decoded, decode("expand[1]=b&expand[0]=a").unwrap());
    }

    #[test]
    fn arrays_longer_than_ten_keep_their_order() {
        let form: Vec<String> = (0..12).map(|n| format!("a[{n}]={n}")).collect();
        let decoded = decode(&form.join("&")).unwrap();
        assert_eq!(decoded["a"][11], "11");
        assert_eq!(decoded["a"][2], "2");
    }

    #[test]
    fn an_empty_value_is_kept() {
        assert_eq!(decode("a=&b").unwrap(), json!({ "a": "", "b": "" }));
    }

    #[test]
    fn malformed_names_are_refused() {
        for form in [
            "a[b=1",
            "a]b=1",
            "[a]=1",
            "a[b]c=1",
            "a[[b]]=1",
            "a=1&a[b]=2",
            "a=%ff",
        ] {
            assert!(decode(form).is_err(), "{form} was accepted");
        }
    }
}
