//! Shipping rates: what a shop charges for delivery.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata, money,
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "shipping_rate";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/shipping_rates", create),
    Route::new("GET", "/v1/shipping_rates", list),
    Route::new("GET", "/v1/shipping_rates/{}", retrieve),
    Route::new("POST", "/v1/shipping_rates/{}", update),
];

/// The values of `tax_behavior`.
pub(crate) const TAX_BEHAVIORS: &[&str] = &["exclusive", "inclusive", "unspecified"];

/// The most characters of a name.
const NAME: usize = 100;

/// Reads a new rate; `shipping_rate_data` of a session has the same parameters.
pub(crate) fn read(mut params: Params) -> Result<Value, Error> {
    let name = params.required("display_name")?;
    if name.chars().count() > NAME {
        let message = format!("display_name has at most {NAME} characters.");
        return Err(Error::invalid(&message).param(&params.name("display_name")));
    }
    params.choice("type", &["fixed_amount"])?;
    let fixed = params.nested("fixed_amount")?;
    let fixed = fixed.ok_or_else(|| params.missing("fixed_amount"))?;
    let behavior = params.choice("tax_behavior", TAX_BEHAVIORS)?;
    let mut rate = json!({
        "id": ids::long("shr_1"),
        "object": KIND,
        "active": true,
        "created": now(),
        "delivery_estimate": delivery_estimate(&mut params)?,
        "display_name": name,
        "fixed_amount": fixed_amount(fixed)?,
        "livemode": false,
        "metadata": {},
        "tax_behavior": behavior.unwrap_or_else(|| "unspecified".to_owned()),
        "tax_code": params.text("tax_code")?,
        "type": "fixed_amount",
    });
    if let Some(metadata) = metadata::merged(&mut params, &rate["metadata"])? {
        rate["metadata"] = metadata;
    }
    params.finish()?;
    Ok(rate)
}

fn fixed_amount(mut given: Params) -> Result<Value, Error> {
    let currency = money::currency(&mut given)?;
    let mut fixed = json!({ "amount": amount(&mut given)?, "currency": currency });
    if given.has("currency_options") {
        fixed["currency_options"] = json!({});
        currency_options(&mut given, &mut fixed)?;
    }
    given.finish()?;
    Ok(fixed)
}

fn amount(given: &mut Params) -> Result<i64, Error> {
    let amount = given.integer("amount")?;
    let amount = amount.ok_or_else(|| given.missing("amount"))?;
    if amount < 0 {
        let error = Error::invalid("amount cannot be negative.");
        let error = error.code("parameter_invalid_integer");
        return Err(error.param(&given.name("amount")));
    }
    Ok(amount)
}

fn currency_options(given: &mut Params, fixed: &mut Value) -> Result<(), Error> {
    for (currency, mut option) in money::by_currency(given, "currency_options")? {
        let behavior = option.choice("tax_behavior", TAX_BEHAVIORS)?;
        fixed["currency_options"][&currency] = json!({
            "amount": amount(&mut option)?,
            "tax_behavior": behavior.unwrap_or_else(|| "unspecified".to_owned()),
        });
        option.finish()?;
    }
    Ok(())
}

/// The earliest and the latest delivery, either of them optional.
fn delivery_estimate(params: &mut Params) -> Result<Value, Error> {
    let Some(mut given) = params.nested("delivery_estimate")? else {
        return Ok(Value::Null);
    };
    let estimate = json!({
        "maximum": bound(&mut given, "maximum")?,
        "minimum": bound(&mut given, "minimum")?,
    });
    given.finish()?;
    Ok(estimate)
}

fn bound(given: &mut Params, name: &str) -> Result<Value, Error> {
    const UNITS: &[&str] = &["business_day", "day", "hour", "month", "week"];
    let Some(mut bound) = given.nested(name)? else {
        return Ok(Value::Null);
    };
    let unit = bound.choice("unit", UNITS)?;
    let unit = unit.ok_or_else(|| bound.missing("unit"))?;
    let value = bound.integer("value")?;
    let value = value.ok_or_else(|| bound.missing("value"))?;
    if value < 1 {
        let message = "A delivery estimate is at least 1.";
        return Err(Error::invalid(message).param(&bound.name("value")));
    }
    bound.finish()?;
    Ok(json!({ "unit": unit, "value": value }))
}

/// A rate's amount and tax behaviour in a currency, if it has one.
pub(crate) fn in_currency<'a>(rate: &'a Value, currency: &str) -> Option<(i64, &'a str)> {
    let fixed = &rate["fixed_amount"];
    if fixed["currency"] == *currency {
        return Some((fixed["amount"].as_i64()?, text(rate, "tax_behavior")));
    }
    let option = &fixed["currency_options"][currency];
    Some((option["amount"].as_i64()?, text(option, "tax_behavior")))
}

/// Creates a shipping rate.
pub(crate) fn create(state: &mut State, call: Call) -> Result<Value, Error> {
    let rate = read(call.params)?;
    state.store.insert(rate.clone());
    Ok(rate)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Changes a shipping rate: `active=false` archives it.
pub(crate) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut rate = state.store.get(KIND, &call.id(), "id")?.clone();
    let params = &mut call.params;
    if let Some(active) = params.flag("active")? {
        rate["active"] = active.into();
    }
    if let Some(behavior) = params.choice("tax_behavior", TAX_BEHAVIORS)? {
        rate["tax_behavior"] = behavior.into();
    }
    if let Some(mut fixed) = params.nested("fixed_amount")? {
        currency_options(&mut fixed, &mut rate["fixed_amount"])?;
        fixed.finish()?;
    }
    if let Some(metadata) = metadata::merged(params, &rate["metadata"])? {
        rate["metadata"] = metadata;
    }
    call.params.finish()?;
    Ok(state.update(text(&rate, "id"), &rate))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let active = call.params.flag("active")?.map(|active| active.to_string());
    let currency = call.params.text("currency")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/shipping_rates", |rate| {
        is(&rate["active"], active.as_ref())
            && is(&rate["fixed_amount"]["currency"], currency.as_ref())
    })
}
