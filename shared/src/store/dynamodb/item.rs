//! Items: their keys and contents, and texts that are too large for one item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::StoreError;

/// One item of the table, or its key.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The partition key, and the only one.
pub(super) const KEY: &str = "pk";
/// The time after which DynamoDB may delete an item, in Unix seconds. It may lag by days.
pub(super) const EXPIRES_AT: &str = "expires_at";
/// The first index, and its partition key; an item without it is not in the index.
pub(super) const QUEUE: &str = "queue";
/// The second index, and its partition key: it holds all orders.
pub(super) const LIST: &str = "list";
/// The sort key of both, in Unix seconds.
pub(super) const DUE_AT: &str = "due_at";

/// The most bytes of a text in one item. DynamoDB's limit is 400 KB, names and numbers included.
pub(super) const LARGEST_TEXT: usize = 350_000;
/// The most bytes of a text for people.
const SHORT: usize = 1_000;

/// An item's kind; the first part of its key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Order,
    Intent,
    IdempotencyRecord,
    Event,
    Quarantine,
    Outbox,
    Cursor,
    Deadline,
    Refunds,
    RateLimit,
    Customer,
    Holder,
    Subscription,
    Billing,
    Slots,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Order => "order#",
            Self::Intent => "intent#",
            Self::IdempotencyRecord => "idempotency#",
            Self::Event => "event#",
            Self::Quarantine => "quarantine#",
            Self::Outbox => "outbox#",
            Self::Cursor => "cursor#",
            Self::Deadline => "deadline#",
            Self::Refunds => "refunds#",
            Self::RateLimit => "rate_limit#",
            Self::Customer => "customer#",
            Self::Holder => "holder#",
            Self::Subscription => "subscription#",
            Self::Billing => "billing#",
            Self::Slots => "slots#",
        }
    }

    /// The key of the item of this kind with `id`.
    pub(super) fn key(self, id: &str) -> String {
        format!("{}{id}", self.prefix())
    }

    /// The id in `key`, if that is of this kind.
    pub(super) fn id_in(self, key: &str) -> Option<&str> {
        key.strip_prefix(self.prefix())
    }
}

/// An item with `key` and nothing else: DynamoDB's form of a key.
pub(super) fn keyed(key: &str) -> Item {
    Item::from([(KEY.to_owned(), text(key))])
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// `#name` for every name, since many are words that DynamoDB reserves.
pub(super) fn names(names: &[&str]) -> HashMap<String, String> {
    let alias = |name: &&str| (format!("#{name}"), (*name).to_owned());
    names.iter().map(alias).collect()
}

/// Attributes to write.
pub(super) trait Write: Sized {
    fn with(self, name: &str, value: AttributeValue) -> Self;
}

impl Write for Item {
    fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.insert(name.to_owned(), value);
        self
    }
}

/// The text attribute `name`, where there is one.
pub(super) fn text_in<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The number attribute `name`, where there is one.
pub(super) fn number_in(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(super) fn need_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, StoreError> {
    text_in(item, name).ok_or(StoreError::Malformed(name))
}

pub(super) fn need_number(item: &Item, name: &'static str) -> Result<i64, StoreError> {
    number_in(item, name).ok_or(StoreError::Malformed(name))
}

/// True when `item` counts as deleted at `now`, though DynamoDB may still hold it.
pub(super) fn is_expired(item: &Item, now: i64) -> bool {
    number_in(item, EXPIRES_AT).is_some_and(|at| at < now)
}

/// `item` with `body`, and the parts of a body that is too large for one item.
///
/// Parts are items of their own, under the same key and a number. Write them in the same
/// transaction.
pub(super) fn with_body(item: Item, key: &str, body: &str) -> (Item, Vec<Item>) {
    if body.len() <= LARGEST_TEXT {
        return (item.with("body", text(body)), Vec::new());
    }
    let parts: Vec<Item> = split(body)
        .zip(part_keys(key))
        .map(|(part, key)| keyed(&key).with("body", text(part)))
        .collect();
    let count = i64::try_from(parts.len()).expect("a body in memory has few parts");
    (item.with("parts", number(count)), parts)
}

/// The keys of the parts of the body of the item with `key`.
pub(super) fn part_keys(key: &str) -> impl Iterator<Item = String> {
    (1..).map(move |n: u32| format!("{key}#{n}"))
}

/// The number of parts of `item`'s body; 0 for a body inside the item.
pub(super) fn part_count(item: &Item) -> usize {
    number_in(item, "parts").map_or(0, |count| usize::try_from(count).unwrap_or_default())
}

/// `text` in pieces of at most [`LARGEST_TEXT`] bytes, each of whole characters.
fn split(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (piece, rest) = text.split_at(text.floor_char_boundary(LARGEST_TEXT));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The beginning of a text for people.
pub(super) fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHORT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_is_split_between_characters_and_loses_nothing() {
        let body = "aé€😀".repeat(LARGEST_TEXT / 4);
        let (item, parts) = with_body(Item::new(), "outbox#1", &body);

        assert_eq!(part_count(&item), parts.len());
        assert!(!item.contains_key("body"));
        let together: String = parts.iter().map(|p| text_in(p, "body").unwrap()).collect();
        assert!(together == body);
        for (part, key) in parts.iter().zip(["outbox#1#1", "outbox#1#2", "outbox#1#3"]) {
            assert_eq!(text_in(part, KEY), Some(key));
            assert!(text_in(part, "body").unwrap().len() <= LARGEST_TEXT);
        }
    }

    #[test]
    fn a_body_that_fits_stays_in_its_item() {
        let (item, parts) = with_body(Item::new(), "outbox#1", &"a".repeat(LARGEST_TEXT));
        assert_eq!(text_in(&item, "body").map(str::len), Some(LARGEST_TEXT));
        assert!(parts.is_empty());
    }
}
