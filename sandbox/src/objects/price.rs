//! Prices of products.

mod amount;
mod currencies;
mod recurring;
mod tiers;

use std::borrow::Cow;

pub(crate) use amount::of_quantity;
pub(crate) use currencies::in_currency;
pub(crate) use recurring::{read as recurring, recurrence};

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata, money,
    objects::{product, shipping_rate::TAX_BEHAVIORS, subscription},
    params::Params,
    route::{Call, Route},
    state::State,
    store::{Store, text},
};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "price";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/prices", create),
    Route::new("GET", "/v1/prices", list),
    Route::new("GET", "/v1/prices/{}", retrieve),
    Route::new("POST", "/v1/prices/{}", update),
];

/// A one-time price in Stripe's form.
pub(crate) fn shape(id: &str, product: &str, currency: &str, unit_amount: i64) -> Value {
    json!({
        "id": id,
        "object": KIND,
        "active": true,
        "billing_scheme": "per_unit",
        "created": now(),
        "currency": currency,
        "custom_unit_amount": null,
        "livemode": false,
        "lookup_key": null,
        "metadata": {},
        "nickname": null,
        "product": product,
        "recurring": null,
        "tax_behavior": "unspecified",
        "tiers_mode": null,
        "transform_quantity": null,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": unit_amount.to_string(),
    })
}

/// The cost of a quantity of a price, in minor units.
pub(crate) fn cost(store: &Store, price: &Value, quantity: i64) -> i64 {
    let cost = match price["billing_scheme"] == "tiered" {
        true => tiers::cost(store, price, quantity),
        false => of_quantity(price, quantity),
    };
    cost.unwrap_or(0)
}

pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let currency = money::currency(params)?;
    let mut price = shape(&ids::long("price_1"), "", &currency, 0);
    let tiers = tiers::read(params, &mut price)?;
    details(params, &mut price)?;
    recurring::read(state, params, &mut price)?;
    let product = params.text("product")?;
    let product_data = params.nested("product_data")?;
    let transfer = params.flag("transfer_lookup_key")?.unwrap_or(false);
    let options = currencies::read(params)?;
    call.params.finish()?;
    claim_lookup_key(state, &price, transfer)?;
    tiers::keep(&mut state.store, &price, tiers);
    currencies::keep(&mut state.store, &price, options);
    price["product"] = of_product(state, product, product_data)?.into();
    Ok(state.create("price.created", price))
}

/// Creates a price without tiers for the older form of prices.
pub(crate) fn per_interval(
    state: &mut State,
    product: &str,
    (currency, amount): (&str, i64),
    (interval, count): (&str, i64),
) -> Value {
    let mut price = shape(&ids::long("price_1"), product, currency, amount);
    price["recurring"] = recurrence(interval, count);
    price["type"] = "recurring".into();
    state.create("price.created", price)
}

/// Creates the price that `price_data` of a subscription's item describes; no list has it.
pub(crate) fn of_data(state: &mut State, mut data: Params) -> Result<Value, Error> {
    let currency = money::currency(&mut data)?;
    let mut price = shape(&ids::long("price_1"), "", &currency, 0);
    amount::read(&mut data, &mut price)?;
    tax_behavior(&mut data, &mut price)?;
    if !data.has("recurring") {
        return Err(data.missing("recurring"));
    }
    recurring::read(state, &mut data, &mut price)?;
    let product = data.required("product")?;
    let param = data.name("product");
    data.finish()?;
    state.store.get("product", &product, &param)?;
    price["product"] = product.into();
    price["active"] = false.into();
    Ok(state.create("price.created", price))
}

fn of_product(
    state: &mut State,
    product: Option<String>,
    product_data: Option<Params>,
) -> Result<String, Error> {
    if let Some(id) = product {
        state.store.get("product", &id, "product")?;
        return Ok(id);
    }
    let data = product_data.ok_or_else(|| Params::default().missing("product"))?;
    let product = product::make(state, data)?;
    Ok(text(&product, "id").to_owned())
}

/// Claims a lookup key for one price; takes it from another price only with `transfer`.
fn claim_lookup_key(state: &mut State, price: &Value, transfer: bool) -> Result<(), Error> {
    let same = |other: &Cow<'_, Value>| {
        !price["lookup_key"].is_null()
            && other["lookup_key"] == price["lookup_key"]
            && other["id"] != price["id"]
    };
    let Some(holder) = state
        .store
        .all(KIND)
        .find(same)
        .map(|other| text(&other, "id").to_owned())
    else {
        return Ok(());
    };
    if !transfer {
        let message = format!("The price '{holder}' has this lookup key.");
        return Err(Error::invalid(&message).param("lookup_key"));
    }
    changed(state, &holder, &json!({ "lookup_key": null }));
    Ok(())
}

fn details(params: &mut Params, price: &mut Value) -> Result<(), Error> {
    if let Some(active) = params.flag("active")? {
        price["active"] = active.into();
    }
    for field in ["lookup_key", "nickname"] {
        if let Some(value) = params.clearable(field)? {
            price[field] = value;
        }
    }
    tax_behavior(params, price)?;
    if let Some(metadata) = metadata::merged(params, &price["metadata"])? {
        price["metadata"] = metadata;
    }
    Ok(())
}

/// Reads `tax_behavior`, which cannot change once it is known.
pub(crate) fn tax_behavior(params: &mut Params, price: &mut Value) -> Result<(), Error> {
    let Some(behavior) = params.choice("tax_behavior", TAX_BEHAVIORS)? else {
        return Ok(());
    };
    if price["tax_behavior"] != "unspecified" && price["tax_behavior"] != *behavior {
        let message = "The tax_behavior of a price cannot change once it is set.";
        return Err(Error::invalid(message).param(&params.name("tax_behavior")));
    }
    price["tax_behavior"] = behavior.into();
    Ok(())
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

pub(crate) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut price = state.store.get(KIND, &call.id(), "id")?.clone();
    details(&mut call.params, &mut price)?;
    let transfer = call.params.flag("transfer_lookup_key")?.unwrap_or(false);
    let options = currencies::read(&mut call.params)?;
    call.params.finish()?;
    claim_lookup_key(state, &price, transfer)?;
    currencies::keep(&mut state.store, &price, options);
    Ok(changed(state, text(&price, "id"), &price))
}

/// Changes a price, also where subscriptions show it.
fn changed(state: &mut State, id: &str, patch: &Value) -> Value {
    let price = state.change_object("price.updated", id, patch);
    subscription::show_price(state, &price);
    price
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let active = call.params.flag("active")?.map(|active| active.to_string());
    let product = call.params.text("product")?;
    let currency = call.params.text("currency")?;
    let kind = call.params.text("type")?;
    let keys = call.params.list("lookup_keys")?;
    let recurring = recurring::Filter::read(&mut call.params)?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/prices", |price| {
        let named = |keys: &Vec<String>| keys.iter().any(|key| price["lookup_key"] == *key);
        is(&price["active"], active.as_ref())
            && is(&price["product"], product.as_ref())
            && is(&price["currency"], currency.as_ref())
            && is(&price["type"], kind.as_ref())
            && recurring.includes(price)
            && keys.as_ref().is_none_or(named)
    })
}
