//! The items of a new subscription, and the changes of those of an old one.

use serde_json::{Value, json};

use super::{period::Interval, shape};
use crate::{error::Error, metadata, objects::price, params::Params, state::State, store::text};

/// The most items of a subscription.
const MOST: usize = 20;

/// A new item of a subscription.
#[derive(Debug, Clone)]
pub(crate) struct New {
    /// Its recurring price.
    pub(crate) price: Value,
    /// `None` for a metered price.
    pub(crate) quantity: Option<i64>,
    /// Its metadata.
    pub(crate) metadata: Value,
}

impl New {
    /// An item of this price; `quantity` counts for a licensed price alone.
    pub(crate) fn of(price: Value, quantity: Option<i64>) -> Self {
        let metered = price["recurring"]["usage_type"] == "metered";
        Self {
            price,
            quantity: (!metered).then(|| quantity.unwrap_or(1)),
            metadata: json!({}),
        }
    }
}

/// Reads `items` of a new subscription.
pub(crate) fn read(state: &mut State, params: &mut Params) -> Result<Vec<New>, Error> {
    let given = params.groups("items")?.unwrap_or_default();
    if given.is_empty() {
        return Err(params.missing("items"));
    }
    let mut items = Vec::new();
    for mut group in given {
        items.push(one(state, &mut group)?);
        group.finish()?;
    }
    fit(items.iter().map(|item| &item.price))?;
    Ok(items)
}

fn one(state: &mut State, group: &mut Params) -> Result<New, Error> {
    let Some(price) = price_of(state, group)? else {
        return Err(group.missing("price"));
    };
    let quantity = quantity(group, &price)?;
    let mut item = New::of(price, quantity);
    if let Some(metadata) = metadata::merged(group, &item.metadata)? {
        item.metadata = metadata;
    }
    Ok(item)
}

fn price_of(state: &mut State, group: &mut Params) -> Result<Option<Value>, Error> {
    let data = group.nested("price_data")?;
    let name = group.name("price");
    let given = match group.has("plan") {
        true => group.text("plan")?,
        false => group.text("price")?,
    };
    let price = match (given, data) {
        (Some(id), _) => state.store.get(price::KIND, &id, &name)?.clone(),
        (None, Some(data)) => return price::of_data(state, data).map(Some),
        (None, None) => return Ok(None),
    };
    let refused = |message: &str| Err(Error::invalid(message).param(&name));
    if price["type"] != "recurring" {
        return refused(
            "The price specified is set to `type=one_time` but this field only accepts prices \
             with `type=recurring`.",
        );
    }
    if price["active"] != true {
        return refused("The price specified is inactive. This field only accepts active prices.");
    }
    Ok(Some(price))
}

fn quantity(group: &mut Params, price: &Value) -> Result<Option<i64>, Error> {
    let name = group.name("quantity");
    let quantity = group.integer("quantity")?;
    if quantity.is_some_and(|quantity| quantity < 0) {
        let message = "quantity has to be at least 0.";
        let error = Error::invalid(message).code("parameter_invalid_integer");
        return Err(error.param(&name));
    }
    if quantity.is_some() && price["recurring"]["usage_type"] == "metered" {
        let message = "An item of a metered price has no quantity.";
        return Err(Error::invalid(message).param(&name));
    }
    Ok(quantity)
}

/// Rejects prices that cannot be on one subscription.
fn fit<'a>(prices: impl Iterator<Item = &'a Value>) -> Result<(), Error> {
    let prices: Vec<&Value> = prices.collect();
    let Some(first) = prices.first() else {
        let message = "A subscription has to have at least one item.";
        return Err(Error::invalid(message).param("items"));
    };
    let refused = |message: &str| Err(Error::invalid(message).param("items"));
    if prices.len() > MOST {
        return refused(&format!("A subscription has at most {MOST} items."));
    }
    if prices
        .iter()
        .any(|price| price["currency"] != first["currency"])
    {
        return refused("All prices of a subscription have to have the same currency.");
    }
    if prices
        .iter()
        .any(|price| Interval::of(price) != Interval::of(first))
    {
        return refused(
            "The sandbox does not support prices of several intervals on one subscription.",
        );
    }
    let mut ids: Vec<&str> = prices.iter().map(|price| text(price, "id")).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return refused("Two items of a subscription cannot have the same price.");
    }
    Ok(())
}

/// Reads `items` of an update; returns all items as they are after it.
pub(super) fn changed(
    state: &mut State,
    params: &mut Params,
    subscription: &Value,
) -> Result<Option<Vec<Value>>, Error> {
    let Some(groups) = params.groups("items")? else {
        return Ok(None);
    };
    let mut items = super::items_of(subscription);
    for mut group in groups {
        apply(state, &mut group, subscription, &mut items)?;
        group.finish()?;
    }
    fit(items.iter().map(|item| &item["price"]))?;
    Ok(Some(items))
}

fn apply(
    state: &mut State,
    group: &mut Params,
    subscription: &Value,
    items: &mut Vec<Value>,
) -> Result<(), Error> {
    let name = group.name("id");
    let Some(id) = group.text("id")? else {
        let new = one(state, group)?;
        let period = super::period_of(subscription);
        items.push(shape::item(text(subscription, "id"), &new, period));
        return Ok(());
    };
    let place = items.iter().position(|item| item["id"] == *id);
    let place = place.ok_or_else(|| Error::missing("subscription_item", &id, &name))?;
    group.accept(&["clear_usage"]);
    if group.flag("deleted")?.unwrap_or(false) {
        items.remove(place);
        return Ok(());
    }
    let item = &mut items[place];
    if let Some(price) = price_of(state, group)? {
        item["plan"] = shape::plan(&price);
        item["price"] = price;
    }
    if let Some(quantity) = quantity(group, &item["price"])? {
        item["quantity"] = quantity.into();
    }
    if shape::is_metered(item) {
        item["quantity"] = Value::Null;
    } else if item["quantity"].is_null() {
        item["quantity"] = 1.into();
    }
    if let Some(metadata) = metadata::merged(group, &item["metadata"])? {
        item["metadata"] = metadata;
    }
    Ok(())
}
