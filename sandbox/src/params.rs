//! Reads a request's parameters by name and type, and rejects unknown ones.

use serde_json::{Map, Value};

use crate::error::Error;

/// The parameters of one request, or of one group in it; reading a parameter removes it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Params {
    /// Empty at the top level, `card` or `payment_method_data[card]` below.
    group: String,
    fields: Map<String, Value>,
}

impl Params {
    /// Wraps a request's parameters; anything but an object counts as none.
    pub(crate) fn new(fields: Value) -> Self {
        Self::group(String::new(), fields)
    }

    /// The parameters that were not read yet.
    pub(crate) fn to_value(&self) -> Value {
        self.fields.clone().into()
    }

    fn group(group: String, fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self { group, fields }
    }

    /// A parameter's name as the caller wrote it.
    pub(crate) fn name(&self, name: &str) -> String {
        match self.group.as_str() {
            "" => name.to_owned(),
            group => format!("{group}[{name}]"),
        }
    }

    /// Any value.
    pub(crate) fn any(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name)
    }

    /// A text; an empty one is an error.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.any(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => {
                let message = format!("{} is empty; remove it or set a value.", self.name(name));
                Err(self.refusal("parameter_invalid_empty", &message, name))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(_) => Err(self.mistyped(name, "a string")),
        }
    }

    /// A required text.
    pub(crate) fn required(&mut self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A text that an empty value clears: `null` then.
    pub(crate) fn clearable(&mut self, name: &str) -> Result<Option<Value>, Error> {
        match self.fields.get(name) {
            Some(Value::String(text)) if text.is_empty() => {
                self.fields.remove(name);
                Ok(Some(Value::Null))
            }
            _ => Ok(self.text(name)?.map(Value::String)),
        }
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let message = format!(
                "{} has to be a whole number, not '{text}'.",
                self.name(name)
            );
            self.refusal("parameter_invalid_integer", &message, name)
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Error> {
        let flag = self.choice(name, &["true", "false"])?;
        Ok(flag.map(|flag| flag == "true"))
    }

    /// One of a few words.
    pub(crate) fn choice(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, Error> {
        match self.text(name)? {
            Some(word) if !words.contains(&word.as_str()) => {
                let name = self.name(name);
                let message = format!("{name} has to be one of {}.", words.join(", "));
                Err(Error::invalid(&message).param(&name))
            }
            word => Ok(word),
        }
    }

    /// True when the request has this parameter.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A text that stays unread.
    pub(crate) fn peek(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// True when a parameter has this text.
    pub(crate) fn says(&self, name: &str, text: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value == text)
    }

    /// True when a parameter is a group.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(Value::is_object)
    }

    /// A group of parameters: `name[…]`.
    pub(crate) fn nested(&mut self, name: &str) -> Result<Option<Self>, Error> {
        match self.any(name) {
            None | Some(Value::Null) => Ok(None),
            Some(fields @ Value::Object(_)) => Ok(Some(Self::group(self.name(name), fields))),
            Some(_) => Err(self.mistyped(name, "a group of parameters")),
        }
    }

    /// Groups of parameters: `name[0][…]`.
    pub(crate) fn groups(&mut self, name: &str) -> Result<Option<Vec<Self>>, Error> {
        let items = match self.any(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) if items.iter().all(Value::is_object) => items,
            Some(_) => return Err(self.mistyped(name, "a list of groups")),
        };
        let name = self.name(name);
        let groups = items.into_iter().enumerate();
        let groups = groups.map(|(place, item)| Self::group(format!("{name}[{place}]"), item));
        Ok(Some(groups.collect()))
    }

    /// Groups of parameters by key: `name[eur][…]`.
    pub(crate) fn keyed(&mut self, name: &str) -> Result<Vec<(String, Self)>, Error> {
        let Some(groups) = self.nested(name)? else {
            return Ok(Vec::new());
        };
        if !groups.fields.values().all(Value::is_object) {
            return Err(self.mistyped(name, "a group of groups"));
        }
        let name = groups.group;
        let groups = groups.fields.into_iter();
        let group = |(key, fields)| {
            let group = Self::group(format!("{name}[{key}]"), fields);
            (key, group)
        };
        Ok(groups.map(group).collect())
    }

    /// Texts by key: `name[key]=…`.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<(String, String)>, Error> {
        let mut group = self.nested(name)?.unwrap_or_default();
        let keys: Vec<String> = group.fields.keys().cloned().collect();
        let mut texts = Vec::new();
        for key in keys {
            let text = group.text(&key)?;
            texts.extend(text.map(|text| (key, text)));
        }
        Ok(texts)
    }

    /// Texts: `name[]=…` or `name[0]=…`.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(value) = self.any(name) else {
            return Ok(None);
        };
        let texts: Option<Vec<String>> = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect()
        });
        match texts {
            Some(texts) => Ok(Some(texts)),
            None => Err(self.mistyped(name, "a list")),
        }
    }

    /// Accepts parameters that have an effect at Stripe, and none here.
    pub(crate) fn accept(&mut self, names: &[&str]) {
        for name in names {
            self.fields.remove(*name);
        }
    }

    /// Rejects parameters that were not read.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.only(&[])
    }

    /// Rejects parameters other than these.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Error> {
        let unknown = |name: &&String| !names.contains(&name.as_str());
        let Some(name) = self.fields.keys().find(unknown) else {
            return Ok(());
        };
        let message = format!("Unknown parameter: {}.", self.name(name));
        Err(self.refusal("parameter_unknown", &message, name))
    }

    /// The error for a missing required parameter.
    pub(crate) fn missing(&self, name: &str) -> Error {
        let message = format!("Missing required parameter: {}.", self.name(name));
        self.refusal("parameter_missing", &message, name)
    }

    /// The error for a parameter of another type.
    pub(crate) fn mistyped(&self, name: &str, wanted: &str) -> Error {
        let name = self.name(name);
        Error::invalid(&format!("{name} has to be {wanted}.")).param(&name)
    }

    fn refusal(&self, code: &str, message: &str, name: &str) -> Error {
        Error::invalid(message).code(code).param(&self.name(name))
    }
}
