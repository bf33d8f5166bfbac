//! The entries of a request: the prices that it names, and how many of each.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use utoipa::ToSchema;

use super::recurring_items::recurring;
use crate::{Error, request, stripe::Price};

/// The most entries of one request; each may cost a call to Stripe.
const MAX_ITEMS: usize = 50;
/// The highest quantity of one price.
const MAX_OF_ONE: u32 = 10_000;

/// A price and its quantity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The id of a Stripe price, `price_…`, or its lookup key.
    #[schema(min_length = 1, max_length = 200)]
    price: String,
    /// The quantity. Entries with the same price are added up. A metered price has none; any other
    /// requires it.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(minimum = 1, maximum = 10_000, nullable = false)]
    quantity: Option<u32>,
}

/// The requested quantity of one price.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// `None` where no entry names one.
    pub(super) quantity: Option<u32>,
    /// The index of the last request entry that names it.
    pub(super) index: usize,
}

/// The quantity of each price; repeated entries are added up.
pub(super) fn wanted(items: Vec<Item>) -> Result<BTreeMap<String, Wanted>, Error> {
    if !(1..=MAX_ITEMS).contains(&items.len()) {
        return Err(Error::invalid(format!(
            "`items` must hold 1 to {MAX_ITEMS} entries"
        )));
    }
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for (index, Item { price, quantity }) in items.into_iter().enumerate() {
        let length = price.chars().count();
        if !(1..=200).contains(&length) || price.chars().any(char::is_control) {
            let what = format!("`items[{index}].price` must be a price's id or lookup key");
            return Err(Error::invalid(what));
        }
        let one = wanted.entry(price).or_default();
        *one = Wanted {
            quantity: sum(one.quantity, quantity, index)?,
            index,
        };
    }
    Ok(wanted)
}

/// The sum of `quantity`, of the entry with `index`, and the earlier entries of the same price.
pub(super) fn sum(
    before: Option<u32>,
    quantity: Option<u32>,
    index: usize,
) -> Result<Option<u32>, Error> {
    let Some(quantity) = quantity else {
        return Ok(before);
    };
    let total = before.unwrap_or_default().saturating_add(quantity);
    if quantity == 0 || total > MAX_OF_ONE {
        let what = format!("`items[{index}].quantity` must be from 1 to {MAX_OF_ONE}");
        return Err(Error::invalid(what));
    }
    Ok(Some(total))
}

/// Checks that the entry has a quantity, unless `price` is metered.
pub(super) fn check_quantity(wanted: &Wanted, price: &Price) -> Result<(), Error> {
    let is_metered = recurring(price).is_some_and(|recurring| recurring.is_metered);
    let what = match (is_metered, wanted.quantity) {
        (true, Some(_)) => "must be absent: the price is metered",
        (false, None) => "is missing",
        _ => return Ok(()),
    };
    let index = wanted.index;
    Err(Error::invalid(format!("`items[{index}].quantity` {what}")))
}

/// The names of the prices.
pub(super) fn names(wanted: &BTreeMap<String, Wanted>) -> BTreeSet<&str> {
    wanted.keys().map(String::as_str).collect()
}
