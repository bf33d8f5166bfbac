//! The line items of a session, and their cost.

use serde_json::{Value, json};

use super::{
    subscription,
    totals::{self, Known},
};
use crate::{
    error::Error,
    ids, money,
    objects::{price, product},
    params::Params,
    state::State,
    store::{number, text},
};

/// Stripe's name for this kind of object.
pub(super) const KIND: &str = "item";

/// The maximum number of lines.
const MOST: usize = 100;
/// More than any currency takes in one payment, and little enough that lines can be added up.
const LARGEST: i64 = 1 << 42;
/// The number of lines in an expanded session.
const SHOWN: usize = 10;

/// Reads `line_items`; returns them and the session's currency. The prices and products that only
/// the request describes go to `new`.
pub(super) fn read(
    state: &State,
    params: &mut Params,
    recurring: bool,
    new: &mut Vec<Value>,
) -> Result<(Vec<Value>, String), Error> {
    let wanted = match params.has("currency") {
        true => Some(money::currency(params)?),
        false => None,
    };
    let lines = params.groups("line_items")?;
    let lines = lines.filter(|lines| !lines.is_empty());
    let lines = lines.ok_or_else(|| params.missing("line_items"))?;
    if lines.len() > MOST {
        let message = format!("A session has at most {MOST} line items.");
        return Err(Error::invalid(&message).param("line_items"));
    }
    let lines: Result<Vec<(Value, Option<i64>)>, Error> = lines
        .into_iter()
        .map(|line| one(state, line, recurring, new))
        .collect();
    let lines = lines?;
    if recurring {
        let prices: Vec<&Value> = lines.iter().map(|(price, _)| price).collect();
        subscription::check(&prices)?;
    }
    let first = lines.first().map(|(price, _)| text(price, "currency"));
    let currency = wanted.as_deref().or(first).unwrap_or_default().to_owned();
    let items: Result<Vec<Value>, Error> = lines
        .iter()
        .map(|(price, quantity)| {
            let product = text(price, "product");
            let known = Known { state, new };
            expect_own_currency(price, &currency)?;
            let item = item(state, price, *quantity, &currency, known.find(product))?;
            item.ok_or_else(|| another_currency(wanted.is_some()))
        })
        .collect();
    Ok((items?, currency))
}

/// Rejects a recurring price in another currency than its own.
fn expect_own_currency(price: &Value, currency: &str) -> Result<(), Error> {
    if price["recurring"].is_null() || price["currency"] == *currency {
        return Ok(());
    }
    let message = "The sandbox starts a subscription in the own currency of its price.";
    Err(Error::invalid(message).param("currency"))
}

fn another_currency(wanted: bool) -> Error {
    let (message, param) = match wanted {
        true => (
            "A line item has no price in the session's currency.",
            "currency",
        ),
        false => ("All line items have to be in one currency.", "line_items"),
    };
    Error::invalid(message).param(param)
}

/// The sum of all lines.
pub(super) fn subtotal(items: &[Value]) -> i64 {
    items
        .iter()
        .map(|item| number(item, "amount_subtotal"))
        .sum()
}

/// Stripe's words for a recurring price in the other mode.
const RECURRING: &str = "You specified `payment` mode but passed a recurring price. Either switch \
    to `subscription` mode or use only one-time prices.";

/// Parameters that would change the cost of the line; the sandbox rejects them.
const NOT_MODELLED: &[&str] = &["adjustable_quantity", "dynamic_tax_rates", "tax_rates"];

/// The price and the quantity of a line.
fn one(
    state: &State,
    mut line: Params,
    recurring: bool,
    new: &mut Vec<Value>,
) -> Result<(Value, Option<i64>), Error> {
    if let Some(name) = NOT_MODELLED.iter().find(|name| line.has(name)) {
        let message = format!("The sandbox does not support a line item's {name}.");
        return Err(Error::invalid(&message).param(&line.name(name)));
    }
    let (price, data) = (line.text("price")?, line.nested("price_data")?);
    let name = line.name("price");
    let price = match (price, data) {
        (Some(id), None) => kept(state, &id, recurring, &name)?,
        (None, Some(data)) => described(state, data, recurring, new)?,
        _ => {
            let message = format!("A line item has either {name} or price_data.");
            return Err(Error::invalid(&message).param(&name));
        }
    };
    let quantity = quantity(&mut line, &price)?;
    line.finish()?;
    Ok((price, quantity))
}

/// The required quantity of a line; a metered price has none.
fn quantity(line: &mut Params, price: &Value) -> Result<Option<i64>, Error> {
    let (name, quantity) = (line.name("quantity"), line.integer("quantity")?);
    if price["recurring"]["usage_type"] == "metered" {
        return match quantity {
            None => Ok(None),
            Some(_) => {
                let message = "Quantity should not be specified where usage_type is `metered`. \
                    Remove quantity from the line item.";
                Err(Error::invalid(message).param(&name))
            }
        };
    }
    let quantity = quantity.ok_or_else(|| line.missing("quantity"))?;
    if !(1..=999_999).contains(&quantity) {
        let message = format!("{name} has to be between 1 and 999999.");
        let error = Error::invalid(&message).code("parameter_invalid_integer");
        return Err(error.param(&name));
    }
    Ok(Some(quantity))
}

/// An active price of the account; a recurring one only for a subscription.
fn kept(state: &State, id: &str, recurring: bool, param: &str) -> Result<Value, Error> {
    let price = state.store.get(price::KIND, id, param)?;
    let product = state.store.find(text(price, "product"));
    if product.is_none_or(|product| product["active"] != true) {
        let message =
            "The product of this price is inactive; a session accepts only active products.";
        let error = Error::invalid(message).code("product_inactive");
        return Err(error.param(param));
    }
    let refused = if price["active"] != true {
        "This price is inactive; a session accepts only active prices."
    } else if !price["custom_unit_amount"].is_null() {
        "The sandbox does not support prices that the payer chooses."
    } else if !price["recurring"].is_null() && !recurring {
        RECURRING
    } else {
        return Ok(price.clone());
    };
    Err(Error::invalid(refused).param(param))
}

/// A price from `price_data`, for this session only.
fn described(
    state: &State,
    mut data: Params,
    recurring: bool,
    new: &mut Vec<Value>,
) -> Result<Value, Error> {
    let currency = money::currency(&mut data)?;
    let amount = data.integer("unit_amount")?;
    let amount = amount.ok_or_else(|| data.missing("unit_amount"))?;
    if amount < 0 {
        let name = data.name("unit_amount");
        return Err(Error::invalid("unit_amount cannot be negative.").param(&name));
    }
    if data.has("recurring") && !recurring {
        return Err(Error::invalid(RECURRING).param(&data.name("recurring")));
    }
    let mut price = price::shape(&ids::long("price_1"), "", &currency, amount);
    price::recurring(state, &mut data, &mut price)?;
    price["active"] = false.into();
    price::tax_behavior(&mut data, &mut price)?;
    price["product"] = product_of(state, &mut data, new)?;
    data.finish()?;
    new.push(price.clone());
    Ok(price)
}

fn product_of(state: &State, data: &mut Params, new: &mut Vec<Value>) -> Result<Value, Error> {
    let (id, product) = (data.text("product")?, data.nested("product_data")?);
    match (id, product) {
        (Some(id), None) => {
            state.store.get("product", &id, &data.name("product"))?;
            Ok(id.into())
        }
        (None, Some(product)) => {
            let product = product::read(state, product)?;
            let id = product["id"].clone();
            new.push(product);
            Ok(id)
        }
        _ => Err(data.missing("product_data")),
    }
}

/// A line item; `None` when its price is not in this currency.
fn item(
    state: &State,
    price: &Value,
    quantity: Option<i64>,
    currency: &str,
    product: Option<&Value>,
) -> Result<Option<Value>, Error> {
    let Some(offered) = price::in_currency(&state.store, price, currency) else {
        return Ok(None);
    };
    let amount = match price["recurring"].is_null() {
        true => price::of_quantity(&offered, quantity.unwrap_or(0)).unwrap_or(i64::MAX),
        false => price::cost(&state.store, price, quantity.unwrap_or(0)),
    };
    if amount > LARGEST {
        money::chargeable(amount, currency).map_err(totals::of_the_total)?;
    }
    Ok(Some(json!({
        "id": ids::long("li_1"),
        "object": KIND,
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": currency,
        "description": product.map(|product| product["name"].clone()),
        "metadata": {},
        "price": price,
        "quantity": quantity,
    })))
}

/// The list in an expanded session.
pub(super) fn first_page(session: &str, items: &[Value]) -> Value {
    json!({
        "object": "list",
        "data": items.iter().take(SHOWN).collect::<Vec<_>>(),
        "has_more": items.len() > SHOWN,
        "url": format!("/v1/checkout/sessions/{session}/line_items"),
    })
}
