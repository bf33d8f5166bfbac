//! Fields that a shop adds to the page, and the payer's answers.

use serde_json::{Value, json};

use crate::{error::Error, params::Params, store::text};

/// The maximum number of fields.
const MOST: usize = 3;

/// Reads `custom_fields`.
pub(super) fn read(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let fields = params.groups("custom_fields")?.unwrap_or_default();
    if fields.len() > MOST {
        let message = format!("A session has at most {MOST} custom fields.");
        return Err(Error::invalid(&message).param("custom_fields"));
    }
    let mut keys: Vec<String> = Vec::new();
    let mut shapes = Vec::new();
    for given in fields {
        let name = given.name("key");
        let field = field(given)?;
        let key = text(&field, "key").to_owned();
        if keys.contains(&key) {
            let message = format!("The key '{key}' is used twice.");
            return Err(Error::invalid(&message).param(&name));
        }
        keys.push(key);
        shapes.push(field);
    }
    session["custom_fields"] = shapes.into();
    Ok(())
}

fn field(mut given: Params) -> Result<Value, Error> {
    let key = given.required("key")?;
    if key.len() > 200 || !key.chars().all(char::is_alphanumeric) {
        let message = "A key has at most 200 letters and digits.";
        return Err(Error::invalid(message).param(&given.name("key")));
    }
    let kind = given.choice("type", &["dropdown", "numeric", "text"])?;
    let kind = kind.ok_or_else(|| given.missing("type"))?;
    let label = given.nested("label")?;
    let label = label.ok_or_else(|| given.missing("label"))?;
    let optional = given.flag("optional")?.unwrap_or(false);
    let mut field = json!({
        "key": key,
        "label": named(label)?,
        "optional": optional,
        "type": kind,
    });
    let details = given.nested(&kind)?;
    field[&kind] = match kind.as_str() {
        "dropdown" => dropdown(details.ok_or_else(|| given.missing("dropdown"))?)?,
        _ => written(details.unwrap_or_default())?,
    };
    given.finish()?;
    Ok(field)
}

fn named(mut label: Params) -> Result<Value, Error> {
    label.choice("type", &["custom"])?;
    let custom = label.required("custom")?;
    label.finish()?;
    Ok(json!({ "custom": custom, "type": "custom" }))
}

fn written(mut details: Params) -> Result<Value, Error> {
    let field = json!({
        "default_value": details.text("default_value")?,
        "maximum_length": details.integer("maximum_length")?,
        "minimum_length": details.integer("minimum_length")?,
        "value": null,
    });
    details.finish()?;
    Ok(field)
}

fn dropdown(mut details: Params) -> Result<Value, Error> {
    let options = details.groups("options")?.unwrap_or_default();
    if options.is_empty() {
        return Err(details.missing("options"));
    }
    let mut shown = Vec::new();
    for mut option in options {
        let (label, value) = (option.required("label")?, option.required("value")?);
        option.finish()?;
        shown.push(json!({ "label": label, "value": value }));
    }
    let default = details.text("default_value")?;
    details.finish()?;
    Ok(json!({ "default_value": default, "options": shown, "value": null }))
}

/// Reads the payer's answers: `custom_fields[key]`.
pub(super) fn answer(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    for (key, value) in params.texts("custom_fields")? {
        let param = format!("custom_fields[{key}]");
        let fields = session["custom_fields"].as_array_mut();
        let field = fields.and_then(|fields| fields.iter_mut().find(|field| field["key"] == *key));
        let Some(field) = field else {
            let message = format!("This session has no field '{key}'.");
            return Err(Error::invalid(&message).param(&param));
        };
        if let Some(problem) = problem(field, &value) {
            let message = format!("The field '{key}' {problem}.");
            return Err(Error::invalid(&message).param(&param));
        }
        let kind = text(field, "type").to_owned();
        field[&kind]["value"] = value.into();
    }
    Ok(())
}

/// The reason why a field does not accept a value.
fn problem(field: &Value, value: &str) -> Option<String> {
    let kind = text(field, "type");
    let details = &field[kind];
    let length = value.chars().count() as u64;
    if kind == "dropdown" {
        let options = details["options"].as_array();
        let offered = options?.iter().any(|option| option["value"] == *value);
        return (!offered).then(|| "has no such option".to_owned());
    }
    if kind == "numeric" && !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("has to be digits".to_owned());
    }
    if let Some(most) = details["maximum_length"]
        .as_u64()
        .filter(|most| length > *most)
    {
        return Some(format!("has at most {most} characters"));
    }
    let least = details["minimum_length"]
        .as_u64()
        .filter(|least| length < *least);
    least.map(|least| format!("has at least {least} characters"))
}

/// The key of a field that the payer has to answer, and did not.
pub(super) fn unanswered(session: &Value) -> Option<String> {
    let open =
        |field: &&Value| field["optional"] != true && field[text(field, "type")]["value"].is_null();
    let fields = session["custom_fields"].as_array();
    let field = fields.into_iter().flatten().find(open);
    field.map(|field| text(field, "key").to_owned())
}
