//! One object of the store: as it is, as compressed JSON, or both.

use std::{borrow::Cow, cell::OnceCell};

use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec};
use serde_json::Value;

/// Fast, and three times smaller: objects are mostly names and nulls.
const LEVEL: u8 = 1;

/// An object, held in at least one of two forms.
#[derive(Debug)]
pub(super) struct Slot {
    unpacked: OnceCell<Box<Value>>,
    /// Absent while the object differs from what was packed.
    packed: Option<Box<[u8]>>,
}

impl Slot {
    /// An object that was not packed yet.
    pub(super) fn of(object: Value) -> Self {
        Self {
            unpacked: OnceCell::from(Box::new(object)),
            packed: None,
        }
    }

    pub(super) fn is_unpacked(&self) -> bool {
        self.unpacked.get().is_some()
    }

    /// The object; unpacked for whoever reads it next.
    pub(super) fn unpacked(&self) -> &Value {
        self.unpacked.get_or_init(|| Box::new(self.read()))
    }

    /// The object, to be changed.
    pub(super) fn unpacked_mut(&mut self) -> &mut Value {
        let object = self.unpacked.take();
        let object = object.unwrap_or_else(|| Box::new(self.read()));
        self.packed = None;
        self.unpacked = OnceCell::from(object);
        self.unpacked.get_mut().expect("it was put there")
    }

    /// The object; a packed one stays packed.
    pub(super) fn peek(&self) -> Cow<'_, Value> {
        match self.unpacked.get() {
            Some(object) => Cow::Borrowed(object),
            None => Cow::Owned(self.read()),
        }
    }

    /// Keeps the packed form alone.
    pub(super) fn pack(&mut self) {
        if let Some(object) = self.unpacked.take()
            && self.packed.is_none()
        {
            let json = object.to_string();
            let packed = compress_to_vec(json.as_bytes(), LEVEL);
            self.packed = Some(packed.into_boxed_slice());
        }
    }

    fn read(&self) -> Value {
        let packed = self.packed.as_deref().unwrap_or_default();
        let json = decompress_to_vec(packed).unwrap_or_default();
        serde_json::from_slice(&json).expect("it was packed from JSON")
    }
}
