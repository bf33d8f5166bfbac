//! Fields of the page's forms, with the values of the last attempt.

use serde_json::Value;

use crate::page::escape;

/// The values to show again after an error; never a card or account number.
#[derive(Default)]
pub(super) struct FormValues(Value);

/// Fields that are never shown again.
const SECRET: &[&str] = &[
    "number",
    "expiry",
    "cvc",
    "account_number",
    "routing_number",
    "iban",
];

impl FormValues {
    /// The values of a submitted form.
    pub(super) fn of(params: &Value) -> Self {
        let mut values = params.clone();
        if let Some(values) = values.as_object_mut() {
            values.retain(|name, _| !SECRET.contains(&name.as_str()));
        }
        Self(values)
    }

    /// The value of a field by its name: `shipping[address][city]`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let path = name.replace('[', "/").replace(']', "");
        self.0.pointer(&format!("/{path}"))?.as_str()
    }

    /// The value of a field, or else the one that the session has.
    pub(super) fn or<'a>(&'a self, name: &str, held: &'a Value) -> &'a str {
        self.get(name).or(held.as_str()).unwrap_or_default()
    }

    /// Returns true when the form with the entries that change the total was submitted.
    pub(super) fn is_update(&self) -> bool {
        self.get("step") == Some("update")
    }
}

/// The id of a field: its name without brackets.
fn id(name: &str) -> String {
    name.replace('[', "-").replace(']', "")
}

/// A labelled input.
pub(in crate::hosted) fn input(name: &str, label: &str, value: &str, more: &str) -> String {
    let (id, name, label, value) = (escape_id(name), escape(name), escape(label), escape(value));
    format!(
        "<label for=\"{id}\">{label}</label>\
         <input id=\"{id}\" name=\"{name}\" value=\"{value}\" {more}>"
    )
}

/// A labelled choice of values and their labels.
pub(in crate::hosted) fn select(
    name: &str,
    label: &str,
    chosen: &str,
    options: &[(&str, &str)],
) -> String {
    let option = |(value, shown): &(&str, &str)| {
        let selected = if *value == chosen { " selected" } else { "" };
        let (value, shown) = (escape(value), escape(shown));
        format!("<option value=\"{value}\"{selected}>{shown}</option>")
    };
    let options: String = options.iter().map(option).collect();
    let (id, name, label) = (escape_id(name), escape(name), escape(label));
    format!(
        "<label for=\"{id}\">{label}</label><select id=\"{id}\" name=\"{name}\">{options}</select>"
    )
}

/// A radio button or a checkbox with its label.
pub(in crate::hosted) fn tick(
    kind: &str,
    name: &str,
    value: &str,
    label: &str,
    ticked: bool,
) -> String {
    let checked = if ticked { " checked" } else { "" };
    let id = format!("{}-{}", escape_id(name), escape(value));
    let (name, value) = (escape(name), escape(value));
    format!(
        "<label class=\"choice\" for=\"{id}\"><input type=\"{kind}\" id=\"{id}\" \
         name=\"{name}\" value=\"{value}\"{checked}> {}</label>",
        escape(label)
    )
}

fn escape_id(name: &str) -> String {
    escape(&id(name)).into_owned()
}

/// A group of fields with a legend.
pub(in crate::hosted) fn fieldset(legend: &str, fields: &str) -> String {
    format!(
        "<fieldset><legend>{}</legend>{fields}</fieldset>",
        escape(legend)
    )
}

/// The error of the last attempt.
pub(in crate::hosted) fn alert(problem: Option<&str>) -> String {
    let problem = problem.map(|problem| {
        let problem = escape(problem);
        format!("<p class=\"bad\" role=\"alert\">{problem}</p>")
    });
    problem.unwrap_or_default()
}

/// A text of the shop's own, if it has one for this place.
pub(super) fn shop_text(session: &Value, place: &str) -> String {
    match session["custom_text"][place]["message"].as_str() {
        Some(message) => format!("<p class=\"soft\">{}</p>", escape(message)),
        None => String::new(),
    }
}
