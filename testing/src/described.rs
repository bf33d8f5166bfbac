//! Checks a notification against its schema in `openapi.json`: each message that a test's endpoint
//! receives.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Map, Value};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../openapi.json")).expect("openapi.json is JSON")
});

/// Keywords that a value need not be checked by.
const NOTES: [&str; 4] = ["default", "description", "format", "minimum"];

/// Checks that `message` is as `openapi.json` describes its type, and has no other field.
///
/// # Errors
///
/// The place and the fault.
pub fn check_notification(message: &Value) -> Result<(), String> {
    let kind = message["type"].as_str().unwrap_or_default();
    let name = match kind.starts_with("stripe.") {
        true => "stripe.*",
        false => kind,
    };
    let webhook = &DOCUMENT["webhooks"][name];
    let schema = &webhook["post"]["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_null() {
        return Err(format!("`{kind}` is not described"));
    }
    check(schema, message, kind)
}

/// Checks `value`, at `place`, by `schema`, and that all of its fields are described.
fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    check_open(schema, value, place)?;
    let mut fields = BTreeSet::new();
    let (Value::Object(object), true) = (value, describe(schema, &mut fields)) else {
        return Ok(());
    };
    match object.keys().find(|name| !fields.contains(name.as_str())) {
        Some(name) => Err(format!("{place}: `{name}` is not described")),
        None => Ok(()),
    }
}

/// Adds the fields that `schema` names; returns true when there are no others.
fn describe<'a>(schema: &'a Value, fields: &mut BTreeSet<&'a str>) -> bool {
    let schema = resolved(schema);
    let parts = ["allOf", "oneOf"].map(|of| schema[of].as_array().into_iter().flatten());
    let mut is_closed = false;
    for part in parts.into_iter().flatten() {
        is_closed |= describe(part, fields);
    }
    let Some(properties) = schema["properties"].as_object() else {
        return is_closed;
    };
    fields.extend(properties.keys().map(String::as_str));
    true
}

fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str().and_then(|to| to.strip_prefix('#')) {
        Some(pointer) => DOCUMENT
            .pointer(pointer)
            .expect("a reference leads somewhere"),
        None => schema,
    }
}

/// Checks `value` by each keyword; it may have fields that `schema` does not name.
fn check_open(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let schema = resolved(schema);
    let keywords = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in keywords
        .iter()
        .filter(|(name, _)| !NOTES.contains(&&***name))
    {
        let fits = match keyword.as_str() {
            "type" => is_any_of(rule, |kind| is_of(kind, value)),
            "enum" => is_any_of(rule, |one| one == value),
            // The one pattern is the beginning of a text.
            "pattern" => text(value).starts_with(&text(rule)[1..].replace('\\', "")),
            "required" => is_each_of(rule, |name| value.get(text(name)).is_some()),
            "oneOf" => is_any_of(rule, |one| check(one, value, place).is_ok()),
            "allOf" => {
                for one in rule.as_array().into_iter().flatten() {
                    check_open(one, value, place)?;
                }
                true
            }
            "properties" => {
                check_fields(rule.as_object().expect("properties"), value, place)?;
                true
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, item, &format!("{place}[{at}]"))?;
                }
                true
            }
            "additionalProperties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    check(rule, field, &format!("{place}.{name}"))?;
                }
                true
            }
            "propertyNames" => true,
            other => panic!("{place}: `{other}` is not checked"),
        };
        if !fits {
            return Err(format!("{place}: {value} does not fit `{keyword}`: {rule}"));
        }
    }
    Ok(())
}

fn check_fields(rules: &Map<String, Value>, value: &Value, place: &str) -> Result<(), String> {
    for (name, rule) in rules {
        if let Some(field) = value.get(name) {
            check(rule, field, &format!("{place}.{name}"))?;
        }
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// True when `fits` holds for `rule`, or for one of its elements.
fn is_any_of(rule: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    match rule.as_array() {
        Some(all) => all.iter().any(fits),
        None => fits(rule),
    }
}

fn is_each_of(rule: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    rule.as_array().into_iter().flatten().all(fits)
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match text(kind) {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type `{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message() -> Value {
        let data = json!({ "customer": "ada", "version": 1, "entitlements": ["pro"],
            "active": true });
        json!({ "type": "entitlements.changed", "timestamp": 1, "data": data })
    }

    #[test]
    fn a_message_as_described_fits() {
        assert_eq!(check_notification(&message()), Ok(()));
    }

    #[test]
    fn a_wrong_missing_or_undescribed_field_is_named() {
        for (field, value, fault) in [
            ("version", json!("1"), "does not fit `type`"),
            ("version", Value::Null, "does not fit `type`"),
            ("entitlements", json!([1]), "entitlements[0]"),
            ("extra", json!(1), "`extra` is not described"),
        ] {
            let mut message = message();
            message["data"][field] = value;
            let error = check_notification(&message).unwrap_err();
            assert!(error.contains(fault), "{error}");
        }
        let mut without = message();
        without["data"].as_object_mut().unwrap().remove("active");
        let error = check_notification(&without).unwrap_err();
        assert!(error.contains("`required`"), "{error}");
    }

    #[test]
    fn a_type_that_is_not_described_is_refused() {
        let message = json!({ "type": "order.lost", "timestamp": 1, "data": {} });
        assert!(check_notification(&message).is_err());
    }
}
