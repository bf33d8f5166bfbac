//! The usage of a metered item in a period.

use serde_json::Value;

use crate::{objects::meter, state::State, store::text};

/// The units that a meter counted for a subscription's customer in a period, rounded.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a meter's values are limited"
)]
pub(super) fn of(state: &State, held: &Value, item: &Value, (start, end): (u64, u64)) -> i64 {
    let meter = text(&item["price"]["recurring"], "meter");
    let signed = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    let customer = text(held, "customer");
    meter::usage(state, meter, customer, signed(start), signed(end)).round() as i64
}
