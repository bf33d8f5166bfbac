//! `expand[]=latest_charge`: replaces ids in a response by their objects.
//!
//! A few fields, such as a checkout session's line items, appear only when they are expanded.

use serde_json::Value;

use crate::store::{Store, text};

/// Replaces the ids at these paths by their objects; ignores a path that leads to no id.
pub(crate) fn expand(store: &Store, object: &mut Value, paths: &[String]) {
    for path in paths {
        let parts: Vec<&str> = path.split('.').collect();
        follow(store, object, &parts);
    }
}

fn follow(store: &Store, value: &mut Value, path: &[&str]) {
    if let Some(found) = value.as_str().and_then(|id| store.find(id)) {
        *value = found.clone();
    }
    if let Value::Array(items) = value {
        for item in items {
            follow(store, item, path);
        }
        return;
    }
    let id = text(value, "id").to_owned();
    let mut included = store.included(&id);
    if let Some((field, more)) = included.find(|(field, _)| leads_through(path, field)) {
        let place = field.split('.').fold(&mut *value, |at, part| &mut at[part]);
        *place = more.clone();
    }
    if let Some((first, rest)) = path.split_first()
        && let Some(field) = value.get_mut(*first)
    {
        follow(store, field, rest);
    }
}

/// Returns true when a path begins with a field, or with the path of one.
fn leads_through(path: &[&str], field: &str) -> bool {
    let mut rest = path.iter();
    field.split('.').all(|part| rest.next() == Some(&part))
}
