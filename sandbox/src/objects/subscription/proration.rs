//! Parts of a period, to the second.

use serde_json::Value;

use super::shape;
use crate::{
    clock, money,
    objects::{
        invoice::{self, Line},
        price,
    },
    state::State,
    store::{number, text},
};

/// The lines of a change at `at`: credits for what is not used any more, then charges for what is
/// new until the end of the period.
pub(super) fn lines(
    state: &State,
    before: &[Value],
    after: &[Value],
    (start, end): (u64, u64),
    at: u64,
) -> Vec<Value> {
    let part = Part { start, end, at };
    let mut lines = Vec::new();
    for old in before.iter().filter(|item| !shape::is_metered(item)) {
        let new = after.iter().find(|new| new["id"] == old["id"]);
        if new.is_none_or(|new| differs(old, new)) {
            lines.push(part.credit(state, old));
        }
        lines.extend(
            new.filter(|new| differs(old, new))
                .and_then(|new| part.charge(state, new)),
        );
    }
    for new in after {
        if !before.iter().any(|old| old["id"] == new["id"]) {
            lines.extend(part.charge(state, new));
        }
    }
    lines
}

/// Credits for the rest of the period of all items.
pub(super) fn credits(
    state: &State,
    items: &[Value],
    (start, end): (u64, u64),
    at: u64,
) -> Vec<Value> {
    let part = Part { start, end, at };
    let items = items.iter().filter(|item| !shape::is_metered(item));
    items.map(|item| part.credit(state, item)).collect()
}

/// The charges of a first period that is shorter than a whole one.
pub(super) fn charges(
    state: &State,
    items: &[Value],
    (start, end): (u64, u64),
    at: u64,
) -> Vec<Value> {
    let part = Part { start, end, at };
    items
        .iter()
        .filter_map(|item| part.charge(state, item))
        .collect()
}

fn differs(old: &Value, new: &Value) -> bool {
    old["price"]["id"] != new["price"]["id"] || old["quantity"] != new["quantity"]
}

/// The part of a period that is left at a time.
struct Part {
    start: u64,
    end: u64,
    at: u64,
}

impl Part {
    fn credit(&self, state: &State, item: &Value) -> Value {
        self.line(state, item, "Unused time on", -1)
    }

    fn charge(&self, state: &State, item: &Value) -> Option<Value> {
        let line = || self.line(state, item, "Remaining time on", 1);
        (!shape::is_metered(item)).then(line)
    }

    fn line(&self, state: &State, item: &Value, words: &str, sign: i64) -> Value {
        let quantity = number(item, "quantity");
        let name = invoice::product_name(state, item);
        let name = match quantity {
            1 => name,
            quantity => format!("{quantity} × {name}"),
        };
        let line = Line {
            amount: sign * self.of(state, item, quantity),
            item,
            description: format!("{words} {name} after {}", clock::date(self.at)),
            period: (self.at, self.end),
            proration: true,
        };
        line.shape()
    }

    fn of(&self, state: &State, item: &Value, quantity: i64) -> i64 {
        let cost = price::cost(&state.store, &item["price"], quantity);
        let length = self.end.saturating_sub(self.start);
        let left = self.end.saturating_sub(self.at).min(length);
        let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
        let currency = text(&item["price"], "currency");
        money::share(cost, seconds(left), seconds(length), currency)
    }
}
