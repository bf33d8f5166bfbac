//! `expand[]=latest_charge`: replaces ids in a response by their objects.
//!
//! A few fields, such as a checkout session's line items, appear only when they are expanded.

use serde_json::Value;

use crate::store::Store;

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
    let id = value["id"].as_str().unwrap_or_default();
    let hidden = path.first().and_then(|first| {
        let mut included = store.included(id);
        included.find(|(field, _)| field == first)
    });
    if let Some((field, more)) = hidden {
        value[field] = more.clone();
    }
    if let Some((first, rest)) = path.split_first()
        && let Some(field) = value.get_mut(*first)
    {
        follow(store, field, rest);
    }
}
