//! One object of the store: as a value, as compressed JSON, or both.

use std::{borrow::Cow, cell::OnceCell, fmt::Write as _, ops::Range, sync::Arc};

use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec};
use serde_json::Value;

/// Fast, and still several times smaller: objects are mostly names and nulls.
const LEVEL: u8 = 1;

/// An object in at least one of two forms.
#[derive(Debug)]
pub(super) struct Slot {
    unpacked: OnceCell<Box<Value>>,
    /// Absent while the object differs from the packed form.
    packed: Option<Packed>,
}

/// The JSON of an object within its group.
#[derive(Debug)]
pub(super) struct Packed {
    /// Compressed together, because the objects of a payment repeat each other.
    pub(super) group: Arc<[u8]>,
    pub(super) range: Range<u32>,
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

    /// The object; it stays unpacked for the next read.
    pub(super) fn unpacked(&self) -> &Value {
        self.unpacked.get_or_init(|| Box::new(self.read()))
    }

    /// The object for a change.
    pub(super) fn unpacked_mut(&mut self) -> &mut Value {
        let object = self.unpacked.take();
        let object = object.unwrap_or_else(|| Box::new(self.read()));
        self.packed = None;
        self.unpacked = OnceCell::from(object);
        self.unpacked.get_mut().expect("it was put there")
    }

    /// The object; a packed object stays packed.
    pub(super) fn peek(&self) -> Cow<'_, Value> {
        match self.unpacked.get() {
            Some(object) => Cow::Borrowed(object),
            None => Cow::Owned(self.read()),
        }
    }

    /// Keeps only the packed form: a new one, or the current one if it is up to date.
    pub(super) fn pack(&mut self, packed: Option<Packed>) {
        self.packed = packed.or_else(|| self.packed.take());
        self.unpacked.take();
    }

    fn read(&self) -> Value {
        let packed = self.packed.as_ref().expect("it has one of two forms");
        let json = decompress_to_vec(&packed.group).expect("it was compressed here");
        let (start, end) = (packed.range.start as usize, packed.range.end as usize);
        serde_json::from_slice(&json[start..end]).expect("it was packed from JSON")
    }

    /// Appends the object's JSON to its group, unless its packed form is up to date.
    pub(super) fn write(&self, json: &mut String) -> Option<Range<u32>> {
        let object = self.unpacked.get().filter(|_| self.packed.is_none())?;
        let start = json.len();
        // `Display` is compiled in serde_json, which is optimized even when this crate is not.
        write!(json, "{object}").expect("a string takes every text");
        let place = |at: usize| u32::try_from(at).expect("a group is far below 4 GB");
        Some(place(start)..place(json.len()))
    }
}

/// Compresses the JSON of a group.
pub(super) fn compress(json: &str) -> Arc<[u8]> {
    compress_to_vec(json.as_bytes(), LEVEL).into()
}
