//! Objects inside the claims of a signed order, read field by field, so that an error can name the
//! path of the faulty one.

use std::collections::BTreeMap;

use super::order_claims::wrong;
use crate::{Error, strict_json::Value};

/// The most characters of an unknown field's name in an error.
const LONGEST_NAME: usize = 40;

/// The fields of an object. Reading one removes it, so that those left over are unknown.
pub(super) struct ClaimFields {
    path: String,
    values: BTreeMap<String, Value>,
}

impl ClaimFields {
    /// The fields of `value`, the claim at `path`. A field that is `null` counts as absent.
    pub(super) fn of(value: Value, path: String) -> Result<Self, Error> {
        let Value::Object(mut values) = value else {
            return Err(wrong(&path, "must be an object"));
        };
        values.retain(|_, value| *value != Value::Null);
        Ok(Self { path, values })
    }

    /// The error for the field `name`.
    pub(super) fn wrong(&self, name: &str, what: impl std::fmt::Display) -> Error {
        wrong(&format!("{}.{name}", self.path), what)
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<Self>, Error> {
        let path = format!("{}.{name}", self.path);
        let value = self.values.remove(name);
        value.map(|value| Self::of(value, path)).transpose()
    }

    pub(super) fn needed<T>(&self, name: &str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| self.wrong(name, "is missing"))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be text")),
        }
    }

    pub(super) fn whole(&mut self, name: &str, form: &str) -> Result<Option<i64>, Error> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Value::Whole(number)) => Ok(Some(number)),
            Some(_) => Err(self.wrong(name, form)),
        }
    }

    /// Checks that no field is left.
    pub(super) fn finish(self) -> Result<(), Error> {
        let Some(name) = self.values.keys().next() else {
            return Ok(());
        };
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let what = format!("`{}` has no field `{}`", self.path, name.escape_debug());
        Err(Error::invalid(format!("{what} in a signed order")))
    }
}
