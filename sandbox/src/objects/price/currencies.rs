//! The amounts of a price in several currencies.

use serde_json::{Map, Value, json};

use super::{amount, tax_behavior};
use crate::{
    error::Error,
    money,
    params::Params,
    store::{Store, text},
};

/// The field that holds them, which only an expanding request shows.
const FIELD: &str = "currency_options";

/// Reads `currency_options`.
pub(super) fn read(params: &mut Params) -> Result<Map<String, Value>, Error> {
    let mut options = Map::new();
    for (currency, mut given) in money::by_currency(params, FIELD)? {
        let mut option = option(&json!({ "tax_behavior": "unspecified" }));
        amount::read(&mut given, &mut option)?;
        tax_behavior(&mut given, &mut option)?;
        given.finish()?;
        options.insert(currency, option);
    }
    Ok(options)
}

/// The fields of a price that each currency has its own of.
fn option(price: &Value) -> Value {
    json!({
        "custom_unit_amount": price["custom_unit_amount"],
        "tax_behavior": price["tax_behavior"],
        "unit_amount": price["unit_amount"],
        "unit_amount_decimal": price["unit_amount_decimal"],
    })
}

/// Stores a price's currencies: its own, those it had, and the given ones.
pub(super) fn keep(store: &mut Store, price: &Value, given: Map<String, Value>) {
    let held = held(store, price).and_then(Value::as_object).cloned();
    let mut options = held.unwrap_or_default();
    options.extend(given);
    options.insert(text(price, "currency").to_owned(), option(price));
    store.include(text(price, "id"), FIELD, options.into());
}

fn held<'a>(store: &'a Store, price: &Value) -> Option<&'a Value> {
    let mut included = store.included(text(price, "id"));
    included
        .find(|(field, _)| *field == FIELD)
        .map(|(_, options)| options)
}

/// A price as it is in this currency, if it has one.
pub(crate) fn in_currency(store: &Store, price: &Value, currency: &str) -> Option<Value> {
    let mut price = price.clone();
    if price["currency"] != *currency {
        let option = held(store, &price)?.get(currency)?.as_object()?.clone();
        price["currency"] = currency.into();
        price.as_object_mut()?.extend(option);
    }
    Some(price)
}
