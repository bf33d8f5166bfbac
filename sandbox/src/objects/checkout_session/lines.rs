//! The line items of a session, and their cost.

use serde_json::{Value, json};

use crate::{
    error::Error,
    ids, money,
    objects::{price, product},
    params::Params,
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
pub(super) const KIND: &str = "item";

/// The maximum number of lines.
const MOST: usize = 100;
/// The number of lines in an expanded session.
const SHOWN: usize = 10;

/// One checked line of a request.
pub(super) struct Line {
    price: Value,
    /// The product to create, when the request describes one.
    product: Option<Params>,
    quantity: i64,
}

/// Reads `line_items`.
pub(super) fn read(state: &State, params: &mut Params) -> Result<Vec<Line>, Error> {
    let lines = params.groups("line_items")?;
    let lines = lines.filter(|lines| !lines.is_empty());
    let lines = lines.ok_or_else(|| params.missing("line_items"))?;
    if lines.len() > MOST {
        let message = format!("A session has at most {MOST} line items.");
        return Err(Error::invalid(&message).param("line_items"));
    }
    lines.into_iter().map(|line| one(state, line)).collect()
}

/// Parameters that would change the cost of the line; the sandbox rejects them.
const NOT_MODELLED: &[&str] = &["adjustable_quantity", "dynamic_tax_rates", "tax_rates"];

fn one(state: &State, mut line: Params) -> Result<Line, Error> {
    if let Some(name) = NOT_MODELLED.iter().find(|name| line.has(name)) {
        let message = format!("The sandbox does not support a line item's {name}.");
        return Err(Error::invalid(&message).param(&line.name(name)));
    }
    let quantity = line.integer("quantity")?;
    let quantity = quantity.ok_or_else(|| line.missing("quantity"))?;
    if !(1..=999_999).contains(&quantity) {
        let name = line.name("quantity");
        let message = format!("{name} has to be between 1 and 999999.");
        let error = Error::invalid(&message).code("parameter_invalid_integer");
        return Err(error.param(&name));
    }
    let (price, data) = (line.text("price")?, line.nested("price_data")?);
    let name = line.name("price");
    let (price, product) = match (price, data) {
        (Some(id), None) => (kept(state, &id, &name)?, None),
        (None, Some(data)) => described(state, data)?,
        _ => {
            let message = format!("A line item has either {name} or price_data.");
            return Err(Error::invalid(&message).param(&name));
        }
    };
    line.finish()?;
    Ok(Line {
        price,
        product,
        quantity,
    })
}

/// An active one-time price of the account.
fn kept(state: &State, id: &str, param: &str) -> Result<Value, Error> {
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
    } else if !price["recurring"].is_null() {
        "This price is recurring; the payment mode accepts only one-time prices."
    } else {
        return Ok(price.clone());
    };
    Err(Error::invalid(refused).param(param))
}

/// A price from `price_data`, for this session only.
fn described(state: &State, mut data: Params) -> Result<(Value, Option<Params>), Error> {
    let currency = money::currency(&mut data)?;
    let amount = data.integer("unit_amount")?;
    let amount = amount.ok_or_else(|| data.missing("unit_amount"))?;
    if amount < 0 {
        let name = data.name("unit_amount");
        return Err(Error::invalid("unit_amount cannot be negative.").param(&name));
    }
    if data.has("recurring") {
        let message = "The payment mode accepts only one-time prices.";
        return Err(Error::invalid(message).param(&data.name("recurring")));
    }
    let (id, product) = (data.text("product")?, data.nested("product_data")?);
    let name = data.name("product");
    let missing = data.missing("product_data");
    data.accept(&["tax_behavior"]);
    data.finish()?;
    let mut price = price::shape(&ids::long("price_1"), "", &currency, amount);
    price["active"] = false.into();
    match (id, product) {
        (Some(id), None) => {
            state.store.get("product", &id, &name)?;
            price["product"] = id.into();
            Ok((price, None))
        }
        (None, Some(product)) => {
            product::check(product.clone())?;
            Ok((price, Some(product)))
        }
        _ => Err(missing),
    }
}

/// The sum and the common currency of all lines.
pub(super) fn total(lines: &[Line]) -> Result<(i64, String), Error> {
    let currency = lines.first().map(|line| text(&line.price, "currency"));
    let currency = currency.unwrap_or_default().to_owned();
    if lines.iter().any(|line| line.price["currency"] != *currency) {
        let message = "All line items have to be in one currency.";
        return Err(Error::invalid(message).param("line_items"));
    }
    let sum = lines.iter().try_fold(0_i64, |sum, line| {
        sum.checked_add(price::of_quantity(&line.price, line.quantity)?)
    });
    match sum {
        Some(0) => Ok((0, currency)),
        sum => {
            let total = money::chargeable(sum.unwrap_or(i64::MAX), &currency);
            Ok((total.map_err(of_the_total)?, currency))
        }
    }
}

/// Rewrites an error about an amount for the total, which is no parameter of a session.
fn of_the_total(error: Error) -> Error {
    let worded = |message: &Value| {
        let message = message.as_str().unwrap_or_default();
        Value::from(format!("The session's total: {message}"))
    };
    error.map("message", worded).without("param")
}

/// Creates the line items, with the prices and products that only the request describes.
pub(super) fn make(state: &mut State, lines: Vec<Line>) -> Result<Vec<Value>, Error> {
    lines.into_iter().map(|line| item(state, line)).collect()
}

fn item(state: &mut State, line: Line) -> Result<Value, Error> {
    let mut price = line.price;
    if let Some(product) = line.product {
        let product = product::make(state, product)?;
        price["product"] = product["id"].clone();
    }
    if state.store.find(text(&price, "id")).is_none() {
        price = state.create("price.created", price);
    }
    let product = state.store.find(text(&price, "product"));
    let amount = price::of_quantity(&price, line.quantity);
    Ok(json!({
        "id": ids::long("li_1"),
        "object": KIND,
        "adjustable_quantity": null,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product.map(|product| product["name"].clone()),
        "metadata": {},
        "price": price,
        "quantity": line.quantity,
    }))
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
