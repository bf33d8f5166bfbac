//! Objects by id, in the order they were made.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::error::Error;

/// Every object of the account, whatever its kind.
#[derive(Debug, Default)]
pub(crate) struct Store {
    objects: HashMap<String, Value>,
    order: HashMap<String, Vec<String>>,
    included: HashMap<(String, &'static str), Value>,
}

impl Store {
    /// Keeps an object under its own `id` and `object`.
    pub(crate) fn insert(&mut self, object: Value) {
        let id = text(&object, "id").to_owned();
        let kind = text(&object, "object").to_owned();
        if self.objects.insert(id.clone(), object).is_none() {
            self.order.entry(kind).or_default().push(id);
        }
    }

    /// The object with this id, of any kind; what is left of it when it was deleted.
    pub(crate) fn find(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// The object of this kind with this id; `param` is what named it.
    pub(crate) fn get(&self, kind: &str, id: &str, param: &str) -> Result<&Value, Error> {
        let found = self
            .find(id)
            .filter(|object| object["object"] == kind && object["deleted"] != true);
        found.ok_or_else(|| Error::missing(kind, id, param))
    }

    /// Keeps a field that an object shows only when a request expands it.
    pub(crate) fn include(&mut self, id: &str, field: &'static str, value: Value) {
        self.included.insert((id.to_owned(), field), value);
    }

    /// The fields that this object shows only when a request expands them.
    pub(crate) fn included(&self, id: &str) -> impl Iterator<Item = (&'static str, &Value)> {
        let of = self.included.iter().filter(move |((of, _), _)| of == id);
        of.map(|((_, field), value)| (*field, value))
    }

    /// Deletes an object; what is left of it, and answered, says no more than that.
    pub(crate) fn delete(&mut self, id: &str) -> Value {
        let kind = self
            .find(id)
            .map(|object| text(object, "object").to_owned());
        let kind = kind.unwrap_or_default();
        if let Some(ids) = self.order.get_mut(&kind) {
            ids.retain(|other| other != id);
        }
        let left = json!({ "id": id, "object": kind, "deleted": true });
        self.objects.insert(id.to_owned(), left.clone());
        left
    }

    /// Writes the patch's fields into an object; answers what they were before.
    pub(crate) fn patch(&mut self, id: &str, patch: &Value) -> Value {
        let object = self.objects.get_mut(id);
        let fields = object.and_then(Value::as_object_mut);
        let (Some(fields), Some(patch)) = (fields, patch.as_object()) else {
            return Value::Null;
        };
        let mut previous = serde_json::Map::new();
        for (name, value) in patch {
            let before = fields
                .insert(name.clone(), value.clone())
                .unwrap_or_default();
            if before != *value {
                previous.insert(name.clone(), before);
            }
        }
        previous.into()
    }

    /// All objects of one kind, oldest first.
    pub(crate) fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Value> {
        let ids = self.order.get(kind).into_iter().flatten();
        ids.filter_map(|id| self.objects.get(id))
    }
}

/// A text field; empty when it is absent or `null`.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// A whole-number field; zero when it is absent or `null`.
pub(crate) fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_default()
}
