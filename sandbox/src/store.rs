//! Objects by id, in the order of their creation.
//!
//! The store holds recently used objects as values, and all others as compressed JSON: a sandbox
//! that runs for days takes kilobytes for each payment. Reading an object unpacks it, and
//! [`Store::pack`] packs the objects that were not read lately.

mod slot;

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde_json::{Value, json};

use self::slot::{Packed, Slot, compress};
use crate::error::Error;

/// The approximate number of unpacked objects.
const UNPACKED: usize = 2_000;
/// The number of objects that are packed together. Larger groups are smaller, and slower to read.
const GROUP: usize = 16;

/// Every object of the account, of any kind.
#[derive(Debug, Default)]
pub(crate) struct Store {
    objects: HashMap<String, Slot>,
    order: HashMap<String, Vec<String>>,
    /// The ids of a customer's objects of one kind, oldest first, by the customer and the kind.
    of_customers: HashMap<(String, String), Vec<String>>,
    included: HashMap<String, Vec<(&'static str, Value)>>,
    /// The ids of the unpacked objects, each once; the longest unpacked first.
    unpacked: RefCell<VecDeque<String>>,
}

impl Store {
    /// Stores an object under its own `id` and `object`.
    pub(crate) fn insert(&mut self, object: Value) {
        let id = text(&object, "id").to_owned();
        let kind = text(&object, "object").to_owned();
        match self.objects.get_mut(&id) {
            Some(slot) => {
                if slot.peek()["deleted"] == true {
                    self.order.entry(kind).or_default().push(id.clone());
                }
                if !slot.is_unpacked() {
                    self.unpacked.get_mut().push_back(id);
                }
                *slot = Slot::of(object);
            }
            None => {
                if let Some(customer) = object["customer"].as_str() {
                    let key = (customer.to_owned(), kind.clone());
                    self.of_customers.entry(key).or_default().push(id.clone());
                }
                self.objects.insert(id.clone(), Slot::of(object));
                self.unpacked.get_mut().push_back(id.clone());
                self.order.entry(kind).or_default().push(id);
            }
        }
    }

    /// The object with this id, of any kind; a deleted object shows only its id.
    pub(crate) fn find(&self, id: &str) -> Option<&Value> {
        let slot = self.objects.get(id)?;
        if !slot.is_unpacked() {
            self.unpacked.borrow_mut().push_back(id.to_owned());
        }
        Some(slot.unpacked())
    }

    /// The object of this kind with this id; `param` contained the id.
    pub(crate) fn get(&self, kind: &str, id: &str, param: &str) -> Result<&Value, Error> {
        let found = self
            .find(id)
            .filter(|object| object["object"] == kind && object["deleted"] != true);
        found.ok_or_else(|| Error::missing(kind, id, param))
    }

    /// Stores a field that only an expanding request shows.
    pub(crate) fn include(&mut self, id: &str, field: &'static str, value: Value) {
        let fields = self.included.entry(id.to_owned()).or_default();
        fields.retain(|(known, _)| *known != field);
        fields.push((field, value));
    }

    /// The fields of this object that only an expanding request shows.
    pub(crate) fn included(&self, id: &str) -> impl Iterator<Item = (&'static str, &Value)> {
        let fields = self.included.get(id).into_iter().flatten();
        fields.map(|(field, value)| (*field, value))
    }

    /// Deletes an object; returns `id`, `object` and `deleted`.
    pub(crate) fn delete(&mut self, id: &str) -> Value {
        let kind = self
            .find(id)
            .map(|object| text(object, "object").to_owned());
        let kind = kind.unwrap_or_default();
        if let Some(ids) = self.order.get_mut(&kind) {
            ids.retain(|other| other != id);
        }
        let left = json!({ "id": id, "object": kind, "deleted": true });
        if let Some(slot) = self.objects.get_mut(id) {
            *slot = Slot::of(left.clone());
        }
        left
    }

    /// Writes the patch's fields into an object; returns their old values.
    pub(crate) fn patch(&mut self, id: &str, patch: &Value) -> Value {
        if self.find(id).is_none() {
            return Value::Null;
        }
        let object = self.objects.get_mut(id).map(Slot::unpacked_mut);
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

    /// The ids of all objects of one kind, oldest first.
    pub(crate) fn ids(&self, kind: &str) -> &[String] {
        self.order.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The ids of the objects of one kind that were created for a customer, oldest first.
    pub(crate) fn ids_of_customer(&self, customer: &str, kind: &str) -> &[String] {
        let key = (customer.to_owned(), kind.to_owned());
        self.of_customers.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The object with this id; a packed object stays packed.
    pub(crate) fn peek(&self, id: &str) -> Option<Cow<'_, Value>> {
        self.objects.get(id).map(Slot::peek)
    }

    /// All objects of one kind, oldest first.
    pub(crate) fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = Cow<'_, Value>> {
        self.ids(kind).iter().filter_map(|id| self.peek(id))
    }

    /// Packs the objects that were unpacked longest ago, one group at a time.
    pub(crate) fn pack(&mut self) {
        while self.unpacked.get_mut().len() >= UNPACKED + GROUP {
            let oldest: Vec<String> = self.unpacked.get_mut().drain(..GROUP).collect();
            let mut json = String::new();
            let slots = oldest.iter().map(|id| self.objects.get(id));
            let ranges: Vec<_> = slots
                .map(|slot| slot.and_then(|slot| slot.write(&mut json)))
                .collect();
            let group = compress(&json);
            for (id, range) in oldest.iter().zip(ranges) {
                let group = Arc::clone(&group);
                if let Some(slot) = self.objects.get_mut(id) {
                    slot.pack(range.map(|range| Packed { group, range }));
                }
            }
        }
    }
}

/// A text field; empty when it is absent or `null`.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// An integer field; zero when it is absent or `null`.
pub(crate) fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(number: usize) -> Value {
        json!({ "id": format!("pi_{number}"), "object": "payment_intent", "amount": number })
    }

    /// A store with more objects than it keeps unpacked.
    fn packed() -> Store {
        let mut store = Store::default();
        for number in 0..UNPACKED + GROUP {
            store.insert(object(number));
        }
        store.pack();
        store
    }

    fn is_unpacked(store: &Store, id: &str) -> bool {
        store.objects[id].is_unpacked()
    }

    #[test]
    fn what_was_packed_is_read_as_it_was() {
        let store = packed();
        assert!(!is_unpacked(&store, "pi_3") && is_unpacked(&store, "pi_16"));

        assert_eq!(store.peek("pi_3").as_deref(), Some(&object(3)));
        assert!(!is_unpacked(&store, "pi_3"), "peek does not unpack");
        assert_eq!(store.find("pi_3"), Some(&object(3)));
        assert!(is_unpacked(&store, "pi_3"));
        let all: Vec<Value> = store.all("payment_intent").map(Cow::into_owned).collect();
        assert_eq!(all.len(), UNPACKED + GROUP);
        assert_eq!((&all[3], &all[9]), (&object(3), &object(9)));
    }

    #[test]
    fn a_change_of_what_was_packed_is_kept_when_it_is_packed_again() {
        let mut store = packed();
        let before = store.patch("pi_3", &json!({ "amount": 77 }));
        assert_eq!(before, json!({ "amount": 3 }));
        for number in 0..UNPACKED + GROUP {
            let other = object(number + 100_000);
            store.insert(other);
        }
        store.pack();

        assert!(!is_unpacked(&store, "pi_3"));
        assert_eq!(store.find("pi_3").unwrap()["amount"], 77);
        let held = store.objects.values().filter(|slot| slot.is_unpacked());
        let (held, listed) = (held.count(), store.unpacked.borrow().len());
        assert_eq!(held, listed, "each unpacked one is listed once");
        assert!((UNPACKED..UNPACKED + GROUP).contains(&held), "{held}");
    }

    #[test]
    fn what_was_packed_can_be_replaced_and_deleted() {
        let mut store = packed();
        store.insert(json!({ "id": "pi_1", "object": "payment_intent", "amount": 5 }));
        store.delete("pi_2");
        store.pack();

        assert_eq!(store.find("pi_1").unwrap()["amount"], 5);
        assert_eq!(store.find("pi_2").unwrap()["deleted"], true);
        assert_eq!(store.ids("payment_intent").len(), UNPACKED + GROUP - 1);
        assert_eq!(store.delete("pi_none")["deleted"], true);
        assert!(store.find("pi_none").is_none());
        store.insert(object(2));
        assert_eq!(store.ids("payment_intent").last().unwrap(), "pi_2");
    }
}
